"""The nearest-neighbour searches by name: a new one is a file of its own and its class here."""

from __future__ import annotations

import torch
from torch import Tensor

from ..errors import InputError
from .clustered import ClusteredIndex
from .exact import ExactIndex
from .faiss_index import FaissIndex
from .index import NeighbourIndex
from .pynndescent_index import PynndescentIndex

BACKENDS: dict[str, type[NeighbourIndex]] = {
    index.method: index for index in (ExactIndex, ClusteredIndex, FaissIndex, PynndescentIndex)
}
SEARCHES = ("auto", *BACKENDS)
"""What `method=` takes: "auto" chooses "exact" or "clustered" by the number of points."""

# Below this many points the exact search takes a few seconds at most.
EXACT_LIMIT = 20_000
RECALL_AUTO = 0.95


def build_index(
    x: Tensor, k: int, method: str = "auto", recall: float = RECALL_AUTO
) -> NeighbourIndex:
    """Build the index of points in which k neighbours are to be found.

    Parameters
    ----------
    recall : that "auto" goes for above `EXACT_LIMIT` points.

    Raises
    ------
    InputError
        If there is no such method, or its library is missing, or the points are sparse and it
        takes none.
    """
    sparse = x.layout != torch.strided
    if method == "auto":
        if not sparse and x.shape[0] > EXACT_LIMIT:
            return ClusteredIndex.build(x, k, recall=recall, capped=True)
        return ExactIndex(x)
    if method not in BACKENDS:
        raise InputError(
            f"unknown neighbour search {method!r}; there are {', '.join(SEARCHES)}", "method"
        )
    backend = BACKENDS[method]
    if sparse and not backend.takes_sparse:
        raise InputError(f"{method!r} needs dense points; use 'exact' or project them", "method")
    return backend.build(x, k)
