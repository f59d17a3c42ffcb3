"""Nearest neighbours, behind one function."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from jaxtyping import Float, Int
from torch import Tensor

from ..errors import InputError
from .approximate import faiss_search, pynndescent_search
from .clustered import clustered_search, measured_recall
from .exact import exact_search

Method = Literal["auto", "exact", "clustered", "faiss", "pynndescent"]

# Below this many points the exact search takes a few seconds at most.
EXACT_LIMIT = 20_000
RECALL = 0.98
RECALL_AUTO = 0.95


@dataclass(frozen=True)
class Neighbours:
    """The k nearest others of each point, nearest first.

    Attributes
    ----------
    indices : (n, k) int64
    distances : (n, k) float
    method : str
        The search that found them.
    recall : float
        Share of the true neighbours among them: 1 for an exact search, else measured on a
        sample of points.
    """

    indices: Int[Tensor, "n k"]
    distances: Float[Tensor, "n k"]
    method: str
    recall: float


def nearest_neighbours(
    x: Tensor,
    k: int,
    *,
    metric: Literal["euclidean", "cosine"] = "euclidean",
    method: Method = "auto",
    queries: Tensor | None = None,
) -> Neighbours:
    """The k nearest points of x to each point of x (never itself), or to each query.

    Parameters
    ----------
    x : (n, d) dense or sparse CSR tensor
    k : int
        More than there are points is taken as all of them.
    metric : {"euclidean", "cosine"}
        The cosine distance is the Euclidean one between rows of unit length.
    method : {"auto", "exact", "clustered", "faiss", "pynndescent"}
        "auto" is exact up to 20,000 points. Above it is "clustered" for a recall of 0.95, or as
        much as a tenth of all pairs gives; asked for by name, that search goes for 0.98 at any
        cost. Exact is exact up to rounding, in chunks of 128 MiB of scores. The others
        approximate, and measure their recall.
    queries : (m, d) tensor
        New points; exact search.

    Returns
    -------
    Neighbours
    """
    if k < 1:
        raise InputError(f"the number of neighbours must be at least 1, not {k}")
    if metric == "cosine":
        x = unit_rows(x)
        queries = None if queries is None else unit_rows(queries)
    if queries is not None:
        indices, distances = exact_search(x, min(k, x.shape[0]), queries=queries)
        return Neighbours(indices, distances, "exact", 1.0)
    k = min(k, x.shape[0] - 1)
    if k < 1:
        return Neighbours(
            torch.empty(x.shape[0], 0, dtype=torch.int64, device=x.device),
            torch.empty(x.shape[0], 0, dtype=x.dtype, device=x.device),
            "exact",
            1.0,
        )
    sparse = x.layout != torch.strided
    if method == "auto":
        if not sparse and x.shape[0] > EXACT_LIMIT:
            return Neighbours(*clustered_search(x, k, recall=RECALL_AUTO, capped=True))
        method = "exact"
    if sparse and method != "exact":
        raise InputError(f"{method!r} needs dense points; use method='exact' or project them first")
    if method == "exact":
        return Neighbours(*exact_search(x, k), "exact", 1.0)
    if method == "clustered":
        return Neighbours(*clustered_search(x, k, recall=RECALL))
    if method not in ("faiss", "pynndescent"):
        raise InputError(f"unknown neighbour search {method!r}")
    search = faiss_search if method == "faiss" else pynndescent_search
    indices, distances = search(x, k)
    return Neighbours(indices, distances, method, measured_recall(x, indices))


def unit_rows(x: Tensor) -> Tensor:
    """Rows divided by their length; zero rows stay zero."""
    if x.layout == torch.strided:
        return torch.nn.functional.normalize(x, dim=1)
    rows = torch.repeat_interleave(
        torch.arange(x.shape[0], device=x.device), x.crow_indices().diff()
    )
    square = torch.zeros(x.shape[0], dtype=x.dtype, device=x.device)
    square.index_add_(0, rows, x.values() ** 2)
    length = square.sqrt().clamp_min(torch.finfo(x.dtype).tiny)
    return torch.sparse_csr_tensor(
        x.crow_indices(), x.col_indices(), x.values() / length[rows], x.shape
    )
