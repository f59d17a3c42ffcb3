"""Graphs with features and labels, read from .npz files without trust in the file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import scipy.sparse
from scipy.sparse import csgraph

from ..errors import InputError
from .atomic import Pathlike
from .npz import load_npz

WIDEST = 2**31 - 1
"""Columns that a matrix may have: more is damage, and would fill the memory of what uses it."""


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
    """

    name: str
    adjacency: scipy.sparse.csr_array = field(repr=False)
    features: scipy.sparse.csr_array | None = field(default=None, repr=False)
    labels: np.ndarray | None = field(default=None, repr=False)

    def __len__(self) -> int:
        return int(self.adjacency.shape[0])

    @property
    def edges(self) -> int:
        """Pairs of different nodes that an edge joins, in either direction."""
        return int(_undirected(self.adjacency).nnz // 2)

    def largest_component(self) -> GraphData:
        """The graph that the benchmarks are run on: undirected, weights 1, in one piece.

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
        both = _undirected(self.adjacency)
        _, component = csgraph.connected_components(both, directed=False)
        kept = np.flatnonzero(component == np.bincount(component).argmax())
        return GraphData(
            self.name,
            both[kept][:, kept],
            None if self.features is None else self.features[kept],
            None if self.labels is None else self.labels[kept],
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
    arrays = load_npz(path)
    where = repr(str(path))
    if "adj_data" not in arrays:
        raise InputError(
            f"{where} holds no graph: a graph file has the arrays adj_data, adj_indices, "
            f"adj_indptr and adj_shape (CSR)"
        )
    adjacency = _csr(arrays, "adj", np.float64, where)
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
    return GraphData(Path(path).stem, adjacency, features, _labels(arrays, n, where))


def _undirected(adjacency: scipy.sparse.csr_array) -> scipy.sparse.csr_array:
    """A or A^T, as ones, without self-loops."""
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
        return _csr(arrays, "attr", np.float32, where)
    if "attr_matrix" not in arrays:
        return None
    dense = arrays["attr_matrix"]
    if dense.ndim != 2:
        raise InputError(
            f"array 'attr_matrix' of {where} must be (n, d), but its shape is {dense.shape}"
        )
    return scipy.sparse.csr_array(_numbers(dense, "attr_matrix", np.float32, where))


def _labels(arrays: Mapping[str, np.ndarray], n: int, where: str) -> np.ndarray | None:
    labels = arrays.get("labels")
    if labels is None:
        return None
    if labels.shape != (n,):
        raise InputError(
            f"array 'labels' of {where} must hold a label for each of the {n} nodes (-1 for "
            f"none), but its shape is {labels.shape}"
        )
    if labels.dtype.kind not in "iu":
        raise InputError(f"the labels of {where} must be integers, not {labels.dtype}")
    if labels.min() < -1 or labels.max() > np.iinfo(np.int64).max:
        raise InputError(f"the labels of {where} must be -1 (unlabelled) or classes from 0 on")
    return labels.astype(np.int64)


def _csr(
    arrays: Mapping[str, np.ndarray], prefix: str, dtype: type[np.floating], where: str
) -> scipy.sparse.csr_array:
    """The matrix of the arrays PREFIX_data, _indices, _indptr and _shape, every index checked."""
    for part in ("data", "indices", "indptr", "shape"):
        key = f"{prefix}_{part}"
        if key not in arrays:
            raise InputError(f"{where} has no array {key!r}; a CSR matrix needs all four")
        if arrays[key].ndim != 1:
            raise InputError(f"array {key!r} of {where} must have one dimension")
        if part != "data" and arrays[key].dtype.kind not in "iu":
            raise InputError(f"array {key!r} of {where} must be integers, not {arrays[key].dtype}")
    data = _numbers(arrays[f"{prefix}_data"], f"{prefix}_data", dtype, where)
    indices, indptr = arrays[f"{prefix}_indices"], arrays[f"{prefix}_indptr"]
    shape = tuple(int(size) for size in arrays[f"{prefix}_shape"])
    if len(shape) != 2 or min(shape) < 0 or max(shape) > WIDEST:
        raise InputError(f"array '{prefix}_shape' of {where} gives no shape of a matrix: {shape}")
    if len(indptr) != shape[0] + 1:
        raise InputError(
            f"array '{prefix}_indptr' of {where} has {len(indptr)} entries; the {shape[0]} rows "
            f"of '{prefix}_shape' need {shape[0] + 1}"
        )
    if len(indices) != len(data):
        raise InputError(
            f"{where} has {len(data)} values but {len(indices)} column indices in '{prefix}_*'"
        )
    # In 64 bits with a sign: differences of unsigned numbers would wrap round.
    indptr = indptr.astype(np.int64)
    if indptr[0] != 0 or indptr[-1] != len(data) or (np.diff(indptr) < 0).any():
        raise InputError(
            f"array '{prefix}_indptr' of {where} must rise from 0 to {len(data)}, the number of "
            f"values"
        )
    if len(indices) and (indices.min() < 0 or indices.max() >= shape[1]):
        raise InputError(
            f"array '{prefix}_indices' of {where} has indices outside 0 to {shape[1] - 1}"
        )
    index = np.int32 if len(data) <= WIDEST else np.int64
    matrix = scipy.sparse.csr_array(
        (data, indices.astype(index), indptr.astype(index)), shape=shape
    )
    matrix.sum_duplicates()
    return matrix


def _numbers(array: np.ndarray, key: str, dtype: type[np.floating], where: str) -> np.ndarray:
    if array.dtype.kind not in "fiub":
        raise InputError(f"array {key!r} of {where} must be real numbers, not {array.dtype}")
    with np.errstate(over="ignore"):  # reported as infinite
        numbers = array.astype(dtype)
    if not np.isfinite(numbers).all():
        raise InputError(
            f"array {key!r} of {where} has values that are NaN, infinite or too large; mend them"
        )
    return numbers
