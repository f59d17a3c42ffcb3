"""Class prototypes, and how far rows are from the nearest."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

# No row counts as farther than this: the half squared distance of opposite directions.
FARTHEST = 2.0
# Rows that are compared with the prototypes at once.
CHUNK = 2048


@dataclass(frozen=True)
class Prototypes:
    """Class means, and how far rows are from them.

    Attributes
    ----------
    mean : (d,) of all points.
    spread : typical squared distance of a point from it; of directions it is 1.
    means : (c, d) of the labelled points of each class, centred.
    unit : whether directions from `mean` are compared.
    """

    mean: Float[np.ndarray, " d"]
    spread: float
    means: Float[np.ndarray, "c d"]
    unit: bool

    @classmethod
    def of(
        cls,
        x: Float[np.ndarray, "n d"],
        at: Int[np.ndarray, " l"],
        codes: Int[np.ndarray, " l"],
        unit: bool,
    ) -> Prototypes:
        """Average the labelled points of each class that has any."""
        mean = x.mean(axis=0, dtype=np.float64).astype(np.float32)
        z = _centred(x[at], mean, unit)
        _, index = np.unique(codes, return_inverse=True)
        total = np.zeros((index.max() + 1, x.shape[1]))
        np.add.at(total, index, z)
        means = _unit(total) if unit else total / np.bincount(index)[:, None]
        spread = 1.0
        if not unit:
            parts = [_square(x[s : s + CHUNK] - mean) for s in range(0, len(x), CHUNK)]
            # The median, so that a few rows far out do not bring all others together.
            spread = float(np.median(np.concatenate(parts)))
        return cls(mean, spread if spread > 0 else 1.0, means.astype(np.float32), unit)

    def distance(self, x: Float[np.ndarray, "m d"]) -> Float[np.ndarray, " m"]:
        """Return half the squared distance to the nearest prototype over the spread.

        For directions this is 1 less the cosine.
        """
        own = _square(self.means)
        parts = []
        for start in range(0, len(x), CHUNK):
            z = _centred(x[start : start + CHUNK], self.mean, self.unit)
            nearest = (own - 2.0 * z @ self.means.T).min(axis=1) + _square(z)
            parts.append(np.clip(nearest / (2.0 * self.spread), 0.0, FARTHEST))
        return np.concatenate(parts) if parts else np.empty(0, dtype=np.float32)


def _centred(x: np.ndarray, mean: np.ndarray, unit: bool) -> np.ndarray:
    z = x - mean
    return _unit(z) if unit else z


def _unit(z: np.ndarray) -> np.ndarray:
    length = np.sqrt(_square(z))[:, None]
    return np.asarray(z / np.where(length > 0, length, 1.0))


def _square(z: np.ndarray) -> np.ndarray:
    return np.asarray(np.einsum("md,md->m", z, z))
