"""Graphs with features and labels, read from .npz files without trust in the file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import scipy.sparse
from jaxtyping import Int
from scipy.sparse import csgraph

from ..errors import InputError, Note
from ..files.atomic import Pathlike
from ..files.csr import csr_of_arrays, finite_numbers
from ..files.npz import load_npz
from ..labels import class_numbers


@dataclass(frozen=True)
class NodeSplit:
    """Indices of nodes, each ascending, no node in two of them.

    Attributes
    ----------
    train, validation, test : (k,) each
    """

    train: Int[np.ndarray, " k"]
    validation: Int[np.ndarray, " l"]
    test: Int[np.ndarray, " t"]

    def among(self, kept: Int[np.ndarray, " m"]) -> NodeSplit:
        """Restrict the split to some nodes, ascending, counted anew from 0."""
        return NodeSplit(
            *(
                np.flatnonzero(np.isin(kept, part, assume_unique=True))
                for part in (self.train, self.validation, self.test)
            )
        )


@dataclass(frozen=True)
class GraphData:
    """A graph, and what its nodes are like.

    Attributes
    ----------
    name : str
    adjacency : (n, n) scipy csr_array
        Entry (i, j) is the weight of the edge from i to j: finite, >= 0, float64.
    features : (n, d) scipy csr_array, float32 and finite, or None
    labels : (n,) int64, -1 for unlabelled nodes, or None
    split : NodeSplit or None
        The split that the graph is distributed with.
    ids : (n,) array or None
        What the nodes are called where they come from.
    class_names : tuple of str, or None
        Names of the classes 0, 1, ...
    notes : tuple of Note
        What a user should know about how the graph was read, one line each.
    files : tuple of Path
        Where it was read from.
    """

    name: str
    adjacency: scipy.sparse.csr_array = field(repr=False)
    features: scipy.sparse.csr_array | None = field(default=None, repr=False)
    labels: np.ndarray | None = field(default=None, repr=False)
    split: NodeSplit | None = field(default=None, repr=False)
    ids: np.ndarray | None = field(default=None, repr=False)
    class_names: tuple[str, ...] | None = field(default=None, repr=False)
    notes: tuple[Note, ...] = field(default=(), repr=False)
    files: tuple[Path, ...] = field(default=(), repr=False)

    def __len__(self) -> int:
        return int(self.adjacency.shape[0])

    @property
    def edges(self) -> int:
        """Pairs of different nodes that an edge joins, in either direction."""
        return int(_undirected(self.adjacency).nnz // 2)

    def largest_component(self) -> GraphData:
        """Return the graph that benchmarks are run on: undirected, weights 1, in one piece.

        Nodes i and j are joined if there is an edge from i to j or from j to i; self-loops are
        dropped; then the largest connected component is kept, its nodes in the order they had.
        That is the protocol of Shchur et al., "Pitfalls of Graph Neural Network Evaluation"
        (arXiv 1811.05868).

        Examples
        --------
        >>> edges = scipy.sparse.csr_array(([1.0, 2.0], ([0, 3], [3, 3])), shape=(4, 4))
        >>> part = GraphData("pair", edges, labels=np.array([5, 6, 7, 8])).largest_component()
        >>> part.adjacency.toarray().tolist(), part.labels.tolist()
        ([[0.0, 1.0], [1.0, 0.0]], [5, 8])
        """
        whole = self.undirected()
        _, component = csgraph.connected_components(whole.adjacency, directed=False)
        return whole._restricted(np.flatnonzero(component == np.bincount(component).argmax()))

    def undirected(self) -> GraphData:
        """Join nodes i and j by weight 1 where an edge runs either way; drop self-loops.

        That is how the fixed Planetoid split is run: on all nodes, isolated ones included.
        """
        return replace(self, adjacency=_undirected(self.adjacency))

    def _restricted(self, kept: np.ndarray) -> GraphData:
        """Return the graph on some nodes, in ascending order."""
        return replace(
            self,
            adjacency=self.adjacency[kept][:, kept],
            features=None if self.features is None else self.features[kept],
            labels=None if self.labels is None else self.labels[kept],
            split=None if self.split is None else self.split.among(kept),
            ids=None if self.ids is None else self.ids[kept],
        )


def read_graph(path: Pathlike) -> GraphData:
    """Read a graph from a .npz file, as the graph benchmarks are distributed.

    The file holds the adjacency in CSR as `adj_data`, `adj_indices`, `adj_indptr` and
    `adj_shape`; perhaps features, as `attr_data`, ... likewise or dense as `attr_matrix`; and
    perhaps `labels`, integers with -1 for unlabelled nodes. Other arrays are left alone.

    Raises
    ------
    InputError
        If the file is not as said above, or is damaged; the message is one line.
    """
    return graph_of_arrays(load_npz(path), path)


def graph_of_arrays(arrays: Mapping[str, np.ndarray], path: Pathlike) -> GraphData:
    """Make the graph of a .npz file whose arrays have been read; see `read_graph`."""
    where = repr(str(path))
    if "adj_data" not in arrays:
        raise InputError(
            f"{where} holds no graph: a graph file has the arrays adj_data, adj_indices, "
            f"adj_indptr and adj_shape (CSR)"
        )
    adjacency = csr_of_arrays(arrays, "adj", np.float64, where)
    n, columns = adjacency.shape
    if n != columns:
        raise InputError(f"the graph of {where} must be square, but it is {n} x {columns}")
    if n == 0:
        raise InputError(f"the graph of {where} has no nodes")
    if (adjacency.data < 0).any():
        raise InputError(f"the graph of {where} has negative weights; they must be 0 or more")
    features = _features(arrays, where)
    if features is not None and features.shape[0] != n:
        raise InputError(
            f"{where} has {n} nodes but {features.shape[0]} rows of features; each node needs one"
        )
    labels = _labels(arrays, n, where)
    return GraphData(Path(path).stem, adjacency, features, labels, files=(Path(path),))


def _undirected(adjacency: scipy.sparse.csr_array) -> scipy.sparse.csr_array:
    """Return A or A^T, as ones, without self-loops."""
    coo = adjacency.tocoo()
    joined = (coo.data != 0) & (coo.row != coo.col)
    i, j = coo.row[joined], coo.col[joined]
    both = scipy.sparse.coo_array(
        (np.ones(2 * len(i)), (np.concatenate([i, j]), np.concatenate([j, i]))), shape=coo.shape
    ).tocsr()
    both.data[:] = 1.0  # where both directions were there, they have been added
    return both


def _features(arrays: Mapping[str, np.ndarray], where: str) -> scipy.sparse.csr_array | None:
    if "attr_data" in arrays:
        features = csr_of_arrays(arrays, "attr", np.float32, where)
    elif "attr_matrix" in arrays:
        dense = arrays["attr_matrix"]
        if dense.ndim != 2:
            raise InputError(
                f"array 'attr_matrix' of {where} must be (n, d), but its shape is {dense.shape}"
            )
        numbers = finite_numbers(dense, "attr_matrix", np.float32, where)
        features = scipy.sparse.csr_array(numbers)
    else:
        return None
    return features if features.shape[1] else None


def _labels(arrays: Mapping[str, np.ndarray], n: int, where: str) -> np.ndarray | None:
    labels = arrays.get("labels")
    if labels is None:
        return None
    if labels.shape != (n,):
        raise InputError(
            f"array 'labels' of {where} must hold a label for each of the {n} nodes (-1 for "
            f"none), but its shape is {labels.shape}"
        )
    return class_numbers(labels, f"the labels of {where}")
