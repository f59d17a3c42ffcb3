"""Nearest neighbours by nearest-neighbour descent; pynndescent is optional."""

from __future__ import annotations

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from .exact import measured_recall
from .index import NeighbourIndex, Neighbours, host_array, without_self


class PynndescentIndex(NeighbourIndex):
    """Nearest-neighbour descent (Dong, Charikar, Li 2011)."""

    method = library = "pynndescent"

    def __init__(self, x: Float[Tensor, "n d"], k: int) -> None:
        pynndescent = self.import_library()
        self.x, self._k = x, min(k + 1, x.shape[0])
        self._index = pynndescent.NNDescent(host_array(x), n_neighbors=self._k, random_state=0)

    @classmethod
    def build(cls, x: Float[Tensor, "n d"], k: int) -> PynndescentIndex:
        return cls(x, k)

    def neighbours(self, k: int) -> Neighbours:
        indices, distances = self._index.neighbor_graph
        indices, distances = without_self(
            *self._tensors(indices[:, : k + 1], distances[:, : k + 1])
        )
        return Neighbours(indices, distances, self.method, measured_recall(self.x, indices))

    def query(
        self, rows: Float[Tensor, "m d"], k: int, within: Float[Tensor, " m"] | None = None
    ) -> Neighbours:
        indices, distances = self._tensors(*self._index.query(host_array(rows), k=k))
        return Neighbours(indices, distances, self.method, float("nan"))

    def _tensors(self, indices: np.ndarray, distances: np.ndarray) -> tuple[Tensor, Tensor]:
        if (indices < 0).any():
            raise ArithmeticError("pynndescent found too few neighbours; use method='exact'")
        return (
            torch.from_numpy(indices.astype(np.int64)).to(self.x.device),
            torch.from_numpy(distances).to(self.x.device, self.x.dtype),
        )
