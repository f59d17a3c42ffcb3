"""From whatever a caller holds as a graph to its Laplacian."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse
import torch
from jaxtyping import Float
from torch import Tensor

from ..errors import InputError
from ..uncompiled import uncompiled
from .dense import DenseLaplacian
from .laplacian import Laplacian
from .sparse import SparseLaplacian


@uncompiled
def as_laplacian(
    graph: Any,
    edge_weight: Float[Tensor, " e"] | None = None,
    *,
    num_nodes: int | None = None,
    device: torch.device | str | None = None,
    dtype: torch.dtype = torch.float32,
) -> Laplacian:
    """Build the Laplacian of a graph that is given in any of the usual forms.

    Parameters
    ----------
    graph
        A scipy sparse matrix or a torch sparse tensor (n, n); a dense array or floating tensor
        (n, n) or (b, n, n); an integer `edge_index` (2, e), whose edge j -> i in column
        (j, i) lets j pull i; or a `Laplacian`, which is only moved.
    edge_weight : (e,)
        With `edge_index`; ones if not given.
    num_nodes : int
        With `edge_index`; one more than the largest index if not given.

    Raises
    ------
    InputError
        If it is none of these, is not square, or has weights that are negative or not finite.
    """
    is_tensor = isinstance(graph, Tensor)
    is_sparse = is_tensor and graph.layout != torch.strided
    is_edges = is_tensor and not is_sparse and not graph.is_floating_point()
    if edge_weight is not None and not is_edges:
        raise InputError("edge_weight goes with an edge_index; other graphs hold their weights")
    if isinstance(graph, Laplacian):
        return graph.to(device, dtype)
    device = device or (graph.device if is_tensor else "cpu")
    if scipy.sparse.issparse(graph):
        return SparseLaplacian(graph, dtype=dtype, device=device)
    if is_sparse:
        return SparseLaplacian(_from_torch(graph), dtype=dtype, device=device)
    if is_edges:
        return SparseLaplacian(
            _from_edges(graph, edge_weight, num_nodes), dtype=dtype, device=device
        )
    if isinstance(graph, np.ndarray):
        graph = torch.from_numpy(graph if graph.flags.writeable else graph.copy())
    if isinstance(graph, Tensor):
        return DenseLaplacian(graph.to(device, dtype))
    raise InputError(
        f"a graph must be a sparse matrix, a dense array, an edge_index or a Laplacian, "
        f"not {type(graph).__name__}"
    )


def _from_torch(graph: Tensor) -> scipy.sparse.csr_array:
    _refuse_gradient(graph)
    if graph.ndim != 2:
        raise InputError("a sparse graph must have two dimensions; give a batch of graphs dense")
    coo = graph.detach().to_sparse_coo().coalesce().cpu()
    rows, columns = coo.indices().numpy()
    return scipy.sparse.coo_array(
        (coo.values().double().numpy(), (rows, columns)), shape=tuple(graph.shape)
    ).tocsr()


def _from_edges(
    edge_index: Tensor, edge_weight: Tensor | None, num_nodes: int | None
) -> scipy.sparse.csr_array:
    if edge_index.ndim != 2 or edge_index.shape[0] != 2:
        raise InputError(f"edge_index must be (2, e), this one is {tuple(edge_index.shape)}")
    source, target = edge_index.cpu().numpy().astype(np.int64)
    n = num_nodes if num_nodes is not None else int(edge_index.max()) + 1 if source.size else 0
    if source.size and (edge_index.min() < 0 or edge_index.max() >= n):
        raise InputError(f"edge_index names points outside 0 to {n - 1}")
    if edge_weight is None:
        weight = np.ones(source.size)
    else:
        _refuse_gradient(edge_weight)
        if tuple(edge_weight.shape) != (source.size,):
            raise InputError(
                f"edge_weight must be ({source.size},), one a column of edge_index, "
                f"this one is {tuple(edge_weight.shape)}"
            )
        weight = edge_weight.detach().double().cpu().numpy()
    return scipy.sparse.coo_array((weight, (target, source)), shape=(n, n)).tocsr()


def _refuse_gradient(weights: Tensor) -> None:
    if weights.requires_grad:
        raise InputError(
            "sparse graph weights are held fixed; detach them, or give a dense graph to learn them"
        )
