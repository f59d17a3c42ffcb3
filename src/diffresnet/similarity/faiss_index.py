"""Nearest neighbours by faiss's HNSW index; faiss is optional."""

from __future__ import annotations

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from .exact import measured_recall
from .index import NeighbourIndex, Neighbours, host_array, without_self


class FaissIndex(NeighbourIndex):
    """Hierarchical navigable small worlds (Malkov, Yashunin 2018, arXiv 1603.09320)."""

    method = library = "faiss"

    def __init__(self, x: Float[Tensor, "n d"], k: int) -> None:
        faiss = self.import_library()
        self.x = x
        self._index = faiss.IndexHNSWFlat(x.shape[1], 24)
        self._index.hnsw.efConstruction = 80
        self._index.hnsw.efSearch = max(80, 4 * k)
        self._index.add(host_array(x))

    @classmethod
    def build(cls, x: Float[Tensor, "n d"], k: int) -> FaissIndex:
        return cls(x, k)

    def neighbours(self, k: int) -> Neighbours:
        indices, distances = without_self(*self._search(self.x, k + 1))
        return Neighbours(indices, distances, self.method, measured_recall(self.x, indices))

    def query(
        self, rows: Float[Tensor, "m d"], k: int, within: Float[Tensor, " m"] | None = None
    ) -> Neighbours:
        indices, distances = self._search(rows, k)
        return Neighbours(indices, distances, self.method, float("nan"))

    def _search(self, rows: Tensor, k: int) -> tuple[Tensor, Tensor]:
        square, indices = self._index.search(host_array(rows), k)
        if (indices < 0).any():
            raise ArithmeticError("faiss found too few neighbours; use method='exact'")
        distances = np.sqrt(np.maximum(square, 0.0))
        return (
            torch.from_numpy(indices).to(rows.device),
            torch.from_numpy(distances).to(rows.device, rows.dtype),
        )
