"""Estimate of the homophily of a graph from the labels of some nodes."""

from __future__ import annotations

import numpy as np
import scipy.sparse
from jaxtyping import Float, Int

from ...similarity.weights import normalized

PRIOR_EDGES = 10.0
"""Edges between labelled nodes that the propagation of labels counts for."""
FOLDS = 10
STEPS, TELEPORT = 10, 0.1
"""Longest walk, and the probability that a walk ends at each step."""


def estimate_homophily(adjacency: scipy.sparse.csr_array, labels: Int[np.ndarray, " n"]) -> float:
    """Estimate the adjusted homophily of a graph from the labels of some nodes.

    With all labels it is `adjusted_homophily`. Few labels seldom stand at both ends of an edge, so
    that this is shrunk, as if there were `PRIOR_EDGES` more edges, to `propagation_skill`, which
    is large where longer walks lead to nodes of the same class.

    Parameters
    ----------
    adjacency : (n, n)
        Symmetric, of ones, without self-loops.
    labels : (n,)
        Classes from 0 on, -1 where there is none.

    Returns
    -------
    float
        1 where edges join like nodes alone, 0 where they join nodes at random, below 0 where they
        avoid like nodes; NaN where the labels say nothing.
    """
    measured, edges = adjusted_homophily(adjacency, labels), labelled_edges(adjacency, labels)
    if edges >= 100 * PRIOR_EDGES or (labels >= 0).all():
        return measured  # the rest would count for 1% or less
    prior = propagation_skill(adjacency, labels)
    if np.isnan(measured):
        return prior
    if np.isnan(prior):
        return measured if edges >= PRIOR_EDGES else float("nan")
    return (edges * measured + PRIOR_EDGES * prior) / (edges + PRIOR_EDGES)


def homophily_error(adjacency: scipy.sparse.csr_array, labels: Int[np.ndarray, " n"]) -> float:
    """Return the standard error that `estimate_homophily` has where edges are random.

    Of k guesses among c classes the share that is right, on the scale of 0 by chance and 1, has a
    variance of 1 / (k (c - 1)); here k are the edges, and the labels that are held out.
    """
    edges, known = labelled_edges(adjacency, labels), labels[labels >= 0]
    classes = len(np.unique(known))
    if classes < 2:
        return float("nan")
    variance = (edges + PRIOR_EDGES**2 / len(known)) / (edges + PRIOR_EDGES) ** 2
    return float((variance / (classes - 1)) ** 0.5)


def labelled_edges(adjacency: scipy.sparse.csr_array, labels: Int[np.ndarray, " n"]) -> int:
    """Count the edges between labelled nodes."""
    known = (labels >= 0).astype(np.float64)
    return round(float(known @ (adjacency @ known)) / 2)


def adjusted_homophily(adjacency: scipy.sparse.csr_array, labels: Int[np.ndarray, " n"]) -> float:
    """Return (h - q) / (1 - q), h the share of edges within classes and q what chance would have.

    Chance is q = sum_k p_k^2, with p_k the share of class k in the degrees of labelled nodes.
    Edges with an unlabelled end are left out of h. Unlike h it is 0 for edges at random however
    many classes there are and however unequal they are (Platonov et al. 2022, arXiv 2209.06177).

    Returns
    -------
    float
        NaN without an edge between labelled nodes, or with one class alone.

    Examples
    --------
    >>> square = scipy.sparse.csr_array(np.roll(np.eye(4), 1, 0) + np.roll(np.eye(4), -1, 0))
    >>> adjusted_homophily(square, np.array([0, 1, 0, 1]))
    -1.0
    """
    one_hot = _one_hot(labels)
    pairs = one_hot.T @ (adjacency @ one_hot)  # (c, c) edges between labelled nodes, both ways
    degrees = one_hot.T @ adjacency.sum(axis=1)
    if not pairs.sum():
        return float("nan")
    chance = float(((degrees / degrees.sum()) ** 2).sum())
    if chance >= 1.0:
        return float("nan")
    return float((np.trace(pairs) / pairs.sum() - chance) / (1.0 - chance))


def propagation_skill(adjacency: scipy.sparse.csr_array, labels: Int[np.ndarray, " n"]) -> float:
    """Return how well labels that are held out are predicted by propagating the others.

    Labels are divided into folds. Those of the other folds are propagated along walks as in
    personalised PageRank, but of odd length, as an edge is: where two classes attract one another
    walks of even length come back to the same class. Each class is divided by its mass (class mass
    normalisation, Zhu et al. 2003). The mean recall over classes r becomes (r - 1/c) / (1 - 1/c):
    0 by chance, 1 if all are right.

    Returns
    -------
    float
        NaN where fewer than two classes have two labels, or no walk joins any two labels.
    """
    rows = np.flatnonzero(labels >= 0)
    fold = stratified_folds(labels[rows], FOLDS)
    one_hot = _one_hot(labels)
    count = one_hot.sum(axis=0)
    classes = one_hot.shape[1]
    judged = count >= 2
    if judged.sum() < 2:
        return float("nan")
    folds = int(fold.max()) + 1
    start = np.repeat(one_hot[:, None], folds, axis=1)
    start[rows, fold] = 0.0
    start = start.reshape(len(labels), -1)  # (n, folds c)
    walk = normalized(adjacency, "symmetric").astype(np.float32)
    scores, walked = np.zeros_like(start), start
    for step in range(1, STEPS + 1):
        walked = (1.0 - TELEPORT) * (walk @ walked)
        if step % 2:
            scores += walked
    mass = np.maximum(scores.sum(axis=0), np.finfo(np.float32).tiny)
    held_out = (scores / mass).reshape(len(labels), folds, classes)[rows, fold]  # (k, c)
    if not held_out[:, judged].any():
        return float("nan")
    held_out[:, ~judged] = -1.0
    # A node that no walk reaches, or two classes alike, is a guess: each gets its share.
    likeliest = held_out == held_out.max(axis=1, keepdims=True)
    right = (likeliest / likeliest.sum(axis=1, keepdims=True))[np.arange(len(rows)), labels[rows]]
    recall = (one_hot[rows].T @ right)[judged] / count[judged]
    chance = 1.0 / judged.sum()
    return float((recall.mean() - chance) / (1.0 - chance))


def stratified_folds(codes: Int[np.ndarray, " k"], folds: int) -> Int[np.ndarray, " k"]:
    """Return the fold of each label: as many of each class in all, as far as it goes.

    There are no more folds than labels of the largest class. The division is the same each time.
    """
    order = np.random.default_rng(0).permutation(len(codes))
    order = order[np.argsort(codes[order], kind="stable")]
    count = np.bincount(codes)
    rank = np.arange(len(codes)) - np.repeat(np.cumsum(count) - count, count)
    # The classes begin at different folds, so that small ones do not all go to the first.
    fold = np.empty(len(codes), dtype=np.int64)
    fold[order] = (rank + codes[order]) % min(folds, int(count.max()))
    return fold


def _one_hot(labels: Int[np.ndarray, " n"]) -> Float[np.ndarray, "n c"]:
    """Return one column a class; the rows of unlabelled nodes are 0."""
    one_hot = np.zeros((len(labels), int(labels.max(initial=0)) + 1), dtype=np.float32)
    rows = np.flatnonzero(labels >= 0)
    one_hot[rows, labels[rows]] = 1.0
    return one_hot
