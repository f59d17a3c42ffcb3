"""Nearest neighbours by nearest-neighbour descent; pynndescent is optional."""

from __future__ import annotations

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from ..errors import InputError
from .exact import measured_recall
from .index import NeighbourIndex, Neighbours, without_self


class PynndescentIndex(NeighbourIndex):
    """Nearest-neighbour descent (Dong, Charikar, Li 2011)."""

    method = "pynndescent"

    def __init__(self, x: Float[Tensor, "n d"], k: int) -> None:
        try:
            import pynndescent
        except ImportError:
            raise InputError(
                "method='pynndescent' needs it installed: pip install 'diffresnet[pynndescent]'"
            ) from None
        self.x, self._k = x, min(k + 1, x.shape[0])
        self._index = pynndescent.NNDescent(_host(x), n_neighbors=self._k, random_state=0)

    def neighbours(self, k: int) -> Neighbours:
        indices, distances = self._index.neighbor_graph
        indices, distances = without_self(
            *self._tensors(indices[:, : k + 1], distances[:, : k + 1])
        )
        return Neighbours(indices, distances, self.method, measured_recall(self.x, indices))

    def query(self, rows: Float[Tensor, "m d"], k: int) -> Neighbours:
        indices, distances = self._tensors(*self._index.query(_host(rows), k=k))
        return Neighbours(indices, distances, self.method, float("nan"))

    def _tensors(self, indices: np.ndarray, distances: np.ndarray) -> tuple[Tensor, Tensor]:
        if (indices < 0).any():
            raise ArithmeticError("pynndescent found too few neighbours; use method='exact'")
        return (
            torch.from_numpy(indices.astype(np.int64)).to(self.x.device),
            torch.from_numpy(distances).to(self.x.device, self.x.dtype),
        )


def _host(x: Tensor) -> np.ndarray:
    return np.ascontiguousarray(x.detach().cpu().numpy(), dtype=np.float32)
