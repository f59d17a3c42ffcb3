"""What a nearest-neighbour search returns, and what every search can do."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from importlib import import_module
from typing import Any, ClassVar

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from ..errors import InputError


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
    """Points that are searched for the nearest to each other and to new rows.

    Indices are int64 and distances of the points' dtype, both on the points' device, nearest
    first. The caller has scaled the rows for the cosine metric, and k is at least 1 and no more
    than there are points to find.

    Attributes
    ----------
    method : str
        The name by which users choose it.
    library : str or None
        What it imports, as `import_library` does; also the name of the extra that installs it.
    takes_sparse : bool
        Whether points and rows may be sparse CSR.
    rows_together : int
        New rows that are best searched for at once, by one thread; answers do not depend on it.
    """

    method: ClassVar[str]
    library: ClassVar[str | None] = None
    takes_sparse: ClassVar[bool] = False
    rows_together: ClassVar[int] = 1024

    @classmethod
    @abstractmethod
    def build(cls, x: Float[Tensor, "n d"], k: int) -> NeighbourIndex:
        """Build the index of points in which k neighbours are to be found."""

    @abstractmethod
    def neighbours(self, k: int) -> Neighbours:
        """Find the k nearest others of every point, and the recall of that."""

    @abstractmethod
    def query(
        self, rows: Float[Tensor, "m d"], k: int, within: Float[Tensor, " m"] | None = None
    ) -> Neighbours:
        """Find the k points that are nearest to every row; recall is 1 if exact, else NaN.

        Points farther away than `within` need not be found; a place that is left free is at an
        infinite distance.
        """

    @classmethod
    def import_library(cls) -> Any:
        """Import the optional library, or say how to install it."""
        assert cls.library is not None
        try:
            return import_module(cls.library)
        except ImportError:
            raise InputError(
                f"method={cls.method!r} needs it installed: pip install 'diffresnet[{cls.library}]'"
            ) from None


def host_array(x: Float[Tensor, "n d"]) -> Float[np.ndarray, "n d"]:
    """Return rows as the float32 array that other libraries search."""
    return np.ascontiguousarray(x.detach().cpu().numpy(), dtype=np.float32)


def without_self(
    indices: Int[Tensor, "n k1"], distances: Float[Tensor, "n k1"]
) -> tuple[Int[Tensor, "n k"], Float[Tensor, "n k"]]:
    """Drop each point from its own list, or the last entry where it is missing."""
    n, k1 = indices.shape
    itself = indices == torch.arange(n, device=indices.device)[:, None]
    itself[~itself.any(1), -1] = True
    return indices[~itself].view(n, k1 - 1), distances[~itself].view(n, k1 - 1)
