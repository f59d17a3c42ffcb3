"""From what a user holds to the points of a graph."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse
import torch
from scipy.sparse import csgraph
from sklearn.decomposition import TruncatedSVD

from ..errors import InputError

# Sparse features are projected to at most this many dimensions.
PROJECTED = 128
# Rows that are hashed at once.
HASHED = 2048


def as_host_array(X: Any) -> Any:
    """Tensors as arrays; half precision as float32, which is what everything is computed in."""
    if isinstance(X, torch.Tensor):
        x = X.detach().cpu()
        if x.layout != torch.strided:
            coo = x.to_sparse_coo().coalesce()
            rows, columns = coo.indices().numpy()
            values = coo.values().float().numpy()
            return scipy.sparse.csr_array((values, (rows, columns)), shape=tuple(x.shape))
        X = x.float().numpy() if x.dtype in (torch.float16, torch.bfloat16) else x.numpy()
    if getattr(X, "dtype", None) == np.float16:
        X = X.astype(np.float32)
    return X


def sparse_projection(X: Any, seed: int) -> np.ndarray | None:
    """(d, p) directions that sparse features are projected on, by a truncated SVD.

    None where there are few columns: those are small enough to be dense.
    """
    dimensions = min(PROJECTED, X.shape[0] - 1)
    if X.shape[1] <= max(PROJECTED, dimensions):
        return None
    svd = TruncatedSVD(dimensions, random_state=seed).fit(X)
    return np.ascontiguousarray(svd.components_.T, dtype=np.float32)


def distinct_rows(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """One row of each group of equal rows, and the group of every row.

    Equal rows are one point of the graph: many copies would otherwise be each other's only
    neighbours. Points stand in the order of their hashes, so that nothing depends on the order of
    the rows.
    """
    rows = np.ascontiguousarray(x, dtype=np.float32) + 0.0  # -0 becomes 0
    bits = rows.view(np.uint32)
    # An exact integer hash: one number a row is sorted faster than whole rows.
    odd = np.random.default_rng(0).integers(2**63, size=bits.shape[1], dtype=np.uint64) * 2 + 1
    key = np.empty(len(rows), dtype=np.uint64)
    for start in range(0, len(rows), HASHED):
        part = slice(start, start + HASHED)
        key[part] = (bits[part].astype(np.uint64) * odd).sum(axis=1, dtype=np.uint64)
    _, first, group = np.unique(key, return_index=True, return_inverse=True)
    if len(first) < len(rows) and not np.array_equal(rows[first][group], rows):
        # Two different rows of one hash: compare the rows themselves.
        whole = rows.view(np.dtype((np.void, 4 * rows.shape[1])))[:, 0]
        _, first, group = np.unique(whole, return_index=True, return_inverse=True)
    return first, group


def locality_order(graph: scipy.sparse.csr_array) -> np.ndarray:
    """An order of the points in which neighbours stand close together in memory.

    Products with the graph are bound by memory, and twice as fast so.
    """
    return csgraph.reverse_cuthill_mckee(scipy.sparse.csr_matrix(graph), symmetric_mode=True)


def labelled_points(
    group: np.ndarray, codes: np.ndarray, n_classes: int, weight: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    """Points that a labelled row stands at, their labels, and their weight.

    Parameters
    ----------
    group, codes, weight : point, class and weight of each labelled row.

    Returns
    -------
    points : (l,)
    labels : (l, n_classes) distributions: copies of a point share its label by their weights.
    weight : (l,), or None where every weight is 1.
    """
    points, at = np.unique(group, return_inverse=True)
    mass = np.zeros((len(points), n_classes))
    np.add.at(mass, (at, codes), 1.0 if weight is None else weight)
    total = mass.sum(axis=1)
    plain = weight is None and len(points) == len(group)
    return points, mass / total[:, None], None if plain else total


def check_graph(graph: Any, n: int | None) -> scipy.sparse.csr_array:
    """A given similarity graph as a symmetric float32 matrix without self-loops."""
    if isinstance(graph, torch.Tensor):
        graph = as_host_array(graph)
    if not scipy.sparse.issparse(graph):
        raise InputError(
            "graph must be a sparse (n, n) matrix of weights, as scipy or torch has it"
        )
    w = scipy.sparse.csr_array(graph).astype(np.float32)
    if w.shape[0] != w.shape[1] or (n is not None and w.shape[0] != n):
        rows = "square" if n is None else f"{n} x {n}, one row a point"
        raise InputError(f"the graph must be {rows}; this one is {w.shape[0]} x {w.shape[1]}")
    if w.nnz and (not np.isfinite(w.data).all() or w.data.min() < 0):
        raise InputError("the graph has weights that are negative, NaN or infinite")
    w = scipy.sparse.csr_array((w + w.T) / 2)
    w.setdiag(0.0)
    w.eliminate_zeros()
    return w


def reached_from(graph: scipy.sparse.csr_array, rows: np.ndarray) -> np.ndarray:
    """Which points have a path to one of `rows`."""
    _, component = csgraph.connected_components(graph, directed=False)
    return np.isin(component, component[rows])
