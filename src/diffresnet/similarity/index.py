"""What a nearest-neighbour search returns, and what every search can do."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor


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
        sample of points; NaN for new rows of a search that is not exact.
    """

    indices: Int[Tensor, "n k"]
    distances: Float[Tensor, "n k"]
    method: str
    recall: float


class NeighbourIndex(ABC):
    """Points that are searched; made by a backend from points (n, d) and a number of neighbours."""

    method: str

    @abstractmethod
    def neighbours(self, k: int) -> Neighbours:
        """Find the k nearest others of every point."""

    @abstractmethod
    def query(self, rows: Float[Tensor, "m d"], k: int) -> Neighbours:
        """Find the k points that are nearest to every row."""


def without_self(
    indices: Int[Tensor, "n k1"], distances: Float[Tensor, "n k1"]
) -> tuple[Int[Tensor, "n k"], Float[Tensor, "n k"]]:
    """Drop each point from its own list, or the last entry where it is missing."""
    n, k1 = indices.shape
    itself = indices == torch.arange(n, device=indices.device)[:, None]
    itself[~itself.any(1), -1] = True
    return indices[~itself].view(n, k1 - 1), distances[~itself].view(n, k1 - 1)
