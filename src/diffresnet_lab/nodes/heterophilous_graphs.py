"""Graphs whose edges join unlike nodes: block models, hubs, grids, and rewired graphs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import scipy.sparse
from jaxtyping import Float, Int

from diffresnet.errors import InputError
from diffresnet.graphs.graph import GraphData

Compatibility = Float[np.ndarray, "c c"]
"""Row a holds the probabilities of the class that an edge from a node of class a leads to."""


def uniform_compatibility(classes: int, homophily: float) -> Compatibility:
    """Return a share of edges within classes, and the rest spread over all others alike."""
    others = (1.0 - homophily) / (classes - 1)
    return np.full((classes, classes), others) + (homophily - others) * np.eye(classes)


def cyclic_compatibility(classes: int, homophily: float) -> Compatibility:
    """Return a share of edges within classes, and the rest between class a and a + 1."""
    eye = np.eye(classes)
    next_class = (np.roll(eye, 1, axis=0) + np.roll(eye, 1, axis=1)) / 2
    return homophily * eye + (1.0 - homophily) * next_class


def block_graph(
    compatibility: Compatibility,
    nodes: int = 1500,
    degree: float = 8.0,
    *,
    feature_signal: float = 0.5,
    seed: int = 0,
) -> GraphData:
    """Draw a stochastic block model with words: classes decide on edges, and on words.

    Parameters
    ----------
    compatibility : (c, c)
    degree : float
        Mean degree, before repeated edges are merged.
    feature_signal : float
        Share of the words of a node that are drawn from the words of its class; the rest are drawn
        from all.

    Examples
    --------
    >>> graph = block_graph(uniform_compatibility(3, 0.0), 300)
    >>> ends = graph.adjacency.tocoo()
    >>> bool((graph.labels[ends.row] == graph.labels[ends.col]).any())
    False
    """
    rng = np.random.default_rng(seed)
    classes = len(compatibility)
    labels = rng.permutation(np.arange(nodes) % classes)
    adjacency = _draw_edges(labels, np.ones(nodes), compatibility, round(nodes * degree / 2), rng)
    words = _draw_words(labels, classes, feature_signal, rng)
    return GraphData("blocks", adjacency, words, labels)


def hub_graph(
    nodes: int = 1000,
    classes: int = 5,
    degree: float = 30.0,
    *,
    feature_signal: float = 0.1,
    seed: int = 0,
) -> GraphData:
    """Draw a graph like one of web pages: dense, with hubs, weak words and no homophily.

    Degrees have a heavy tail, and the classes are quantiles of a noisy popularity, as where pages
    are sorted by their traffic. Which class links to which is drawn at random.
    """
    rng = np.random.default_rng(seed)
    popularity = rng.normal(size=nodes)
    rank = np.argsort(np.argsort(popularity + rng.normal(size=nodes)))
    labels = rank * classes // nodes
    mixed = rng.dirichlet(np.ones(classes), classes)
    adjacency = _draw_edges(
        labels, np.exp(1.2 * popularity), (mixed + mixed.T) / 2, round(nodes * degree / 2), rng
    )
    words = _draw_words(labels, classes, feature_signal, rng)
    return GraphData("hubs", adjacency, words, labels)


def grid_graph(
    side: int = 60, *, share: float = 0.2, unknown: float = 0.5, seed: int = 0
) -> GraphData:
    """Draw marked cells of a grid, whose features count the marked neighbours.

    Each cell is joined to its eight neighbours and is marked on its own, so that edges are neither
    homophilous nor heterophilous. The feature is the count, one of nine words, or a tenth word
    where it is unknown.
    """
    rng = np.random.default_rng(seed)
    labels = (rng.random(side * side) < share).astype(np.int64)
    line = scipy.sparse.diags_array(
        [np.ones(side - 1), np.ones(side), np.ones(side - 1)], offsets=[-1, 0, 1]
    )
    adjacency = scipy.sparse.csr_array(scipy.sparse.kron(line, line))
    adjacency = scipy.sparse.csr_array(adjacency - scipy.sparse.eye_array(side * side))
    adjacency.eliminate_zeros()
    counts = (adjacency @ labels).astype(np.int64)
    word = np.where(rng.random(side * side) < unknown, 9, counts)
    features = scipy.sparse.eye_array(10, format="csr", dtype=np.float32)[word]
    return GraphData("grid", adjacency, scipy.sparse.csr_array(features), labels)


def rewire_to_other_classes(
    graph: GraphData, share: float, *, cyclic: bool = False, seed: int = 0
) -> GraphData:
    """Lead a share of the edges from one of their ends to a node of another class.

    Features and labels stay. An edge that runs within a class is as likely to go as any other, so
    that homophily falls to (1 - share) of what it was.

    Parameters
    ----------
    share : float
        Of the edges.
    cyclic : bool
        Whether the other class is the next one, instead of any.

    Raises
    ------
    InputError
        If the share is not between 0 and 1, or a node has no label.
    """
    if not 0.0 <= share <= 1.0:
        raise InputError(f"a share is between 0 and 1, not {share}")
    if graph.labels is None or (graph.labels < 0).any():
        raise InputError("only where all nodes have labels can edges lead to other classes")
    rng = np.random.default_rng(seed)
    upper = scipy.sparse.triu(graph.undirected().adjacency, 1).tocoo()
    keep = rng.random(upper.nnz) >= share
    classes = int(graph.labels.max()) + 1
    moved = np.where(rng.random(upper.nnz) < 0.5, upper.row, upper.col)[~keep]
    compatibility = (cyclic_compatibility if cyclic else uniform_compatibility)(classes, 0.0)
    ends = _draw_ends(graph.labels, np.ones(len(graph)), compatibility, moved, rng)
    first = np.concatenate([upper.row[keep], moved])
    second = np.concatenate([upper.col[keep], ends])
    adjacency = _joined(first, second, len(graph))
    return replace(graph, name=f"{graph.name}, {share:.0%} rewired", adjacency=adjacency)


def _draw_edges(
    labels: Int[np.ndarray, " n"],
    weights: Float[np.ndarray, " n"],
    compatibility: Compatibility,
    count: int,
    rng: np.random.Generator,
) -> scipy.sparse.csr_array:
    """Draw edges, both ends in proportion to the weights of nodes."""
    first = rng.choice(len(labels), count, p=weights / weights.sum())
    second = _draw_ends(labels, weights, compatibility, first, rng)
    return _joined(first, second, len(labels))


def _draw_ends(
    labels: Int[np.ndarray, " n"],
    weights: Float[np.ndarray, " n"],
    compatibility: Compatibility,
    first: Int[np.ndarray, " e"],
    rng: np.random.Generator,
) -> Int[np.ndarray, " e"]:
    """Draw the other end of each edge: its class, then a node of that class by weight."""
    uniform = rng.random(len(first))[:, None]
    wanted = (uniform > compatibility.cumsum(axis=1)[labels[first]]).sum(axis=1)
    wanted = np.minimum(wanted, len(compatibility) - 1)
    second = np.empty_like(first)
    for code in range(len(compatibility)):
        among = np.flatnonzero(labels == code)
        chance = weights[among] / weights[among].sum()
        edges = np.flatnonzero(wanted == code)
        second[edges] = rng.choice(among, len(edges), p=chance)
    return second


def _joined(
    first: Int[np.ndarray, " e"], second: Int[np.ndarray, " e"], n: int
) -> scipy.sparse.csr_array:
    """Return the undirected graph of edges, with ones, without repetitions and self-loops."""
    edges = scipy.sparse.csr_array((np.ones(len(first)), (first, second)), shape=(n, n))
    return GraphData("", edges).undirected().adjacency


def _draw_words(
    labels: Int[np.ndarray, " n"], classes: int, signal: float, rng: np.random.Generator
) -> scipy.sparse.csr_array:
    """Draw twenty words a node out of a hundred; a share of them from those of its class."""
    each, vocabulary = 20, 100
    n, own = len(labels), vocabulary // classes
    any_word = rng.integers(vocabulary, size=(n, each))
    own_word = labels[:, None] * own + rng.integers(own, size=(n, each))
    words = np.where(rng.random((n, each)) < signal, own_word, any_word)
    bag = scipy.sparse.csr_array(
        (np.ones(words.size, np.float32), (np.repeat(np.arange(n), each), words.ravel())),
        shape=(n, vocabulary),
    )
    bag.data[:] = 1.0
    return bag
