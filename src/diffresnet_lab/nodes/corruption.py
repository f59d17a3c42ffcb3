"""Corruption of a graph, its features and its labels, to measure robustness."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
import scipy.sparse
import torch
from jaxtyping import Int

from diffresnet.errors import InputError
from diffresnet.graphs.node_data import NodeData

from .splits import NodeSplit

Seed = int | Sequence[int] | np.random.SeedSequence


@dataclass(frozen=True)
class Corruption:
    """Shares of edges, features and labels that are corrupted, each between 0 and 1.

    Parameters
    ----------
    edge_rewiring : float
        Share of the edges, see `rewire_edges`.
    feature_noise : float
        Share of the words, see `flip_features`.
    label_noise : float
        Share of the training labels, and of the validation labels: who has wrong labels has them
        among both. See `flip_labels`. Labels of other nodes stay true.
    """

    edge_rewiring: float = 0.0
    feature_noise: float = 0.0
    label_noise: float = 0.0

    def apply(self, data: NodeData, split: NodeSplit, seed: int | Sequence[int]) -> NodeData:
        """Return the corrupted graph, as a model gets it; the split stays as it is."""
        words, edges, train, validation = np.random.SeedSequence(seed).spawn(4)
        labels = data.labels.cpu().numpy()
        labels = flip_labels(labels, split.train, self.label_noise, train)
        labels = flip_labels(labels, split.validation, self.label_noise, validation)
        return replace(
            data,
            adjacency=rewire_edges(data.adjacency, self.edge_rewiring, edges),
            features=flip_features(data.features, self.feature_noise, words),
            labels=torch.from_numpy(labels).to(data.device),
        )


def rewire_edges(
    adjacency: scipy.sparse.csr_array, share: float, seed: Seed
) -> scipy.sparse.csr_array:
    """Remove a share of the edges, and join as many pairs that no edge joined.

    The edges that go are drawn uniformly, so are the new ones among all pairs of different nodes
    that were not joined (so that none comes back). Degrees are not kept, and the graph may come
    apart; it stays symmetric, binary, without self-loops, and has as many edges as before.

    Parameters
    ----------
    adjacency : (n, n)
        Symmetric, of ones, without self-loops.
    share : float
        Of the edges; their number is rounded to the nearest integer, halves up.

    Raises
    ------
    InputError
        If the share is not between 0 and 1, or fewer pairs are unjoined than edges are removed.

    Examples
    --------
    >>> path = scipy.sparse.csr_array(np.eye(4, k=1) + np.eye(4, k=-1))
    >>> rewire_edges(path, 1.0, seed=0).toarray().astype(int).tolist()
    [[0, 0, 1, 1], [0, 0, 0, 1], [1, 0, 0, 0], [1, 1, 0, 0]]
    """
    rng = np.random.default_rng(seed)
    n = adjacency.shape[0]
    upper = scipy.sparse.triu(adjacency, 1).tocoo()
    first = np.arange(n) * (np.arange(n) - 1) // 2  # number of the pair (0, j)
    pairs = np.sort(first[upper.col] + upper.row)
    count = _count(share, len(pairs))
    unjoined = n * (n - 1) // 2 - len(pairs)
    if count > unjoined:
        raise InputError(
            f"{count} edges cannot be rewired: only {unjoined} pairs of nodes are not joined"
        )
    kept = np.delete(pairs, rng.choice(len(pairs), count, replace=False))
    rank = rng.choice(unjoined, count, replace=False)
    one_row = np.zeros_like(pairs), np.array([0]), np.zeros_like(rank)
    joined = np.concatenate([kept, _absent(pairs, *one_row, rank)])
    j = np.searchsorted(first, joined, "right") - 1
    i, j = (end.astype(adjacency.indices.dtype) for end in (joined - first[j], j))
    ends = np.concatenate([i, j]), np.concatenate([j, i])
    ones = np.ones(2 * len(joined), adjacency.dtype)
    return scipy.sparse.coo_array((ones, ends), shape=(n, n)).tocsr()


def flip_features(
    features: scipy.sparse.csr_array, share: float, seed: Seed
) -> scipy.sparse.csr_array:
    """Move a share of the words of all nodes, each to a place of its row that held no word.

    A word is a stored entry. Those that move are drawn uniformly among all words of all nodes; the
    new places of a row are distinct and drawn uniformly among its absent words. So two entries of
    a binary row flip, a 1 to 0 and a 0 to 1, and a node keeps its number of words and its values.
    A row with more words to move than absent ones moves as many as it has places for.

    Parameters
    ----------
    features : (n, f)
        Not negative; all words of a row of the same value.
    share : float
        Of the words; their number is rounded to the nearest integer, halves up.

    Raises
    ------
    InputError
        If the share is not between 0 and 1.

    Examples
    --------
    >>> bag = scipy.sparse.csr_array(np.array([[1.0, 1.0, 0.0, 0.0], [0.0, 0.0, 0.5, 0.0]]))
    >>> flip_features(bag, 1.0, seed=0).toarray().tolist()
    [[0.0, 0.0, 1.0, 1.0], [0.5, 0.0, 0.0, 0.0]]
    """
    rng = np.random.default_rng(seed)
    n, width = features.shape
    bag = scipy.sparse.csr_array(features, copy=True)
    bag.sort_indices()
    row = np.repeat(np.arange(n), np.diff(bag.indptr))
    moved = rng.choice(bag.nnz, _count(share, bag.nnz), replace=False)
    moved = moved[np.argsort(row[moved], kind="stable")]
    places = width - np.diff(bag.indptr).astype(np.int64)
    before = np.arange(len(moved)) - np.searchsorted(row[moved], row[moved])
    moved = moved[before < places[row[moved]]]
    rank = _distinct(rng, row[moved], places)
    columns = bag.indices.astype(np.int64)
    bag.indices[moved] = _absent(columns, row, bag.indptr, row[moved], rank)
    bag.has_sorted_indices = False
    bag.sort_indices()
    return bag


def flip_labels(
    labels: Int[np.ndarray, " n"], rows: Int[np.ndarray, " k"], share: float, seed: Seed
) -> Int[np.ndarray, " n"]:
    """Replace the labels of a share of some rows, each by another class drawn uniformly.

    Parameters
    ----------
    labels : (n,) classes, -1 where there is none.
    rows : (k,) distinct rows that have labels.
    share : float
        Of these rows; their number is rounded to the nearest integer, halves up.

    Raises
    ------
    InputError
        If the share is not between 0 and 1, a row has no label, or there is only one class.

    Examples
    --------
    >>> flip_labels(np.array([0, 1, 2, 0, -1]), np.array([0, 1, 2]), 0.5, seed=1).tolist()
    [2, 2, 2, 0, -1]
    """
    rng = np.random.default_rng(seed)
    classes = np.unique(labels[labels >= 0])
    if (labels[rows] < 0).any():
        raise InputError("only a node that has a label can get a wrong one")
    flipped = rng.choice(rows, _count(share, len(rows)), replace=False)
    if len(flipped) and len(classes) < 2:
        raise InputError("a wrong label needs a second class")
    noisy = labels.copy()
    code = np.searchsorted(classes, labels[flipped])
    other = code + rng.integers(1, max(len(classes), 2), len(flipped))
    noisy[flipped] = classes[other % len(classes)]
    return noisy


def _count(share: float, total: int) -> int:
    """Round a share of a number half up in decimals: 0.29 of 50 is 14.5, and gives 15."""
    if not 0.0 <= share <= 1.0:
        raise InputError(f"a corrupted share is between 0 and 1, not {share}")
    return math.floor(Fraction(repr(float(share))) * total + Fraction(1, 2))


def _absent(
    places: Int[np.ndarray, " p"],
    row: Int[np.ndarray, " p"],
    start: Int[np.ndarray, " r"],
    query_row: Int[np.ndarray, " q"],
    rank: Int[np.ndarray, " q"],
) -> Int[np.ndarray, " q"]:
    """Return the place of a rank, from 0 on, among the free places of a row, for every query.

    Parameters
    ----------
    places, row : (p,)
        Taken places and the row of each, ascending by row, then place.
    start : (r,)
        Where each row begins among them.
    query_row, rank : (q,)
    """
    # Free places before each taken one: those of rank r lie past all that have r or fewer.
    free = places - (np.arange(len(places)) - start[row])
    span = 1 + max(free.max(initial=0), rank.max(initial=0))
    taken = np.searchsorted(row * span + free, query_row * span + rank, "right")
    return rank + taken - start[query_row]


def _distinct(
    rng: np.random.Generator, row: Int[np.ndarray, " q"], places: Int[np.ndarray, " r"]
) -> Int[np.ndarray, " q"]:
    """Draw a uniform rank below `places[row]` for each, no two alike in a row; rows ascending.

    Clashes are drawn again until there are none.
    """
    rank = np.zeros(len(row), dtype=np.int64)
    span = places.max(initial=0)
    clashing = unsettled = np.arange(len(row))
    while len(clashing):
        rank[clashing] = rng.integers(places[row[clashing]])
        _, first = np.unique(row[unsettled] * span + rank[unsettled], return_index=True)
        clashing = np.delete(unsettled, first)
        unsettled = unsettled[np.isin(row[unsettled], row[clashing])]
    return rank
