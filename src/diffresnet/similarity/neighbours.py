"""Nearest neighbours, behind one function."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from ..errors import InputError
from .backends import RECALL_AUTO, build_index
from .index import NeighbourIndex, Neighbours

METRICS = ("euclidean", "cosine")


def nearest_neighbours(
    x: Tensor,
    k: int,
    *,
    metric: str = "euclidean",
    method: str = "auto",
    queries: Float[Tensor, "m d"] | None = None,
) -> Neighbours:
    """Find the k nearest others of each point, or the k points nearest to each query.

    Parameters
    ----------
    x : (n, d) tensor, dense or sparse CSR
    k : int
        More than there are points is taken as all of them.
    metric : {"euclidean", "cosine"}
        The cosine distance is the Euclidean one between rows of unit length.
    method : str, one of `SEARCHES`
        "auto" is exact up to 20,000 points. Above it is "clustered" for a recall of 0.95, or as
        much as a tenth of all pairs gives; asked for by name, that search goes for 0.98 at any
        cost. "exact" is so up to rounding, in chunks of 16 MiB of scores. A search that is not
        exact measures its recall.
    queries : (m, d) tensor

    Returns
    -------
    Neighbours
    """
    if k < 1:
        raise InputError(f"the number of neighbours must be at least 1, not {k}")
    return NeighbourSearch(x, k, metric, method).nearest(queries)


class NeighbourSearch:
    """Points whose k nearest neighbours are searched, for themselves and for new rows.

    Parameters are those of `nearest_neighbours`, and the recall that "auto" goes for above 20,000
    points. The index is built once.
    """

    def __init__(
        self,
        x: Tensor,
        k: int,
        metric: str = "euclidean",
        method: str = "auto",
        recall: float = RECALL_AUTO,
    ) -> None:
        if metric not in METRICS:
            raise InputError(f"metric must be {' or '.join(METRICS)}, not {metric!r}", "metric")
        self.k, self.metric = k, metric
        self.x = unit_rows(x.detach()) if metric == "cosine" else x.detach()
        self.method, self.recall = method, recall
        self._index: NeighbourIndex | None = None

    def nearest(
        self,
        queries: Float[Tensor, "m d"] | None = None,
        within: Float[Tensor, " m"] | None = None,
    ) -> Neighbours:
        """Find the neighbours of the points, each without itself, or of new rows.

        Parameters
        ----------
        within : distances of new rows beyond which none need be found, as `NeighbourIndex.query`.
        """
        if queries is not None and queries.shape[1:] != self.x.shape[1:]:
            raise InputError(
                f"the rows must have the {self.x.shape[1]} columns of the points, not "
                f"{tuple(queries.shape[1:])}"
            )
        k = min(self.k, self.x.shape[0] - (queries is None))
        if k < 1:
            empty = torch.empty(self.x.shape[0], 0, device=self.x.device)
            return Neighbours(empty.long(), empty.to(self.x.dtype), "exact", 1.0)
        index = self.index()
        if queries is None:
            return index.neighbours(k)
        queries = queries.detach()
        return index.query(unit_rows(queries) if self.metric == "cosine" else queries, k, within)

    def index(self) -> NeighbourIndex:
        """Return the index, built at the first call."""
        if self._index is None:
            others = min(self.k, self.x.shape[0] - 1)
            self._index = build_index(self.x, others, self.method, self.recall)
        return self._index


def unit_rows(x: Tensor) -> Tensor:
    """Divide rows by their length; zero rows stay zero."""
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
