"""A given graph, checked once."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse
import torch

from ..errors import InputError


def check_adjacency(
    graph: Any, n: int | None = None, dtype: type[np.floating] = np.float64
) -> scipy.sparse.csr_array:
    """Return a given graph as a square matrix of finite weights, 0 or more.

    Parameters
    ----------
    graph : scipy sparse matrix or torch sparse tensor
    n : int, optional
        How many points it is to have.

    Raises
    ------
    InputError
        If it is not sparse, not square, of another size, or has a negative or infinite weight.
    """
    if isinstance(graph, torch.Tensor) and graph.layout != torch.strided:
        coo = graph.detach().cpu().to_sparse_coo().coalesce()
        rows, columns = coo.indices().numpy()
        values = coo.values().double().numpy()
        graph = scipy.sparse.csr_array((values, (rows, columns)), shape=tuple(graph.shape))
    if not scipy.sparse.issparse(graph):
        raise InputError("graph must be a sparse (n, n) matrix of weights, as scipy or torch has")
    w = scipy.sparse.csr_array(graph).astype(dtype)
    if w.shape[0] != w.shape[1] or (n is not None and w.shape[0] != n):
        size = "square" if n is None else f"{n} x {n}, one row a point"
        raise InputError(f"the graph must be {size}; this one is {w.shape[0]} x {w.shape[1]}")
    return check_weights(w)


def check_weights(w: Any) -> scipy.sparse.csr_array:
    """Return sparse weights as CSR; raise `InputError` if one is negative, NaN or infinite."""
    w = scipy.sparse.csr_array(w)
    if w.nnz and (not np.isfinite(w.data).all() or w.data.min() < 0):
        raise InputError("the graph has weights that are negative, NaN or infinite")
    return w


def symmetric_weights(graph: Any, n: int | None = None) -> scipy.sparse.csr_array:
    """Return a given graph as (W + W^T) / 2 in float32, without self-loops."""
    w = check_adjacency(graph, n, np.float32)
    w = scipy.sparse.csr_array((w + w.T) / 2)
    w.setdiag(0.0)
    w.eliminate_zeros()
    return w
