"""Class prototypes, and how far rows are from the nearest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

# No row counts as farther than this: the half squared distance of opposite directions.
FARTHEST = 2.0
# Rows that are compared with the prototypes at once.
CHUNK = 2048


@dataclass(frozen=True)
class Centre:
    """The place that rows are compared from, and the scale of their distances.

    Attributes
    ----------
    mean : (d,) of all points.
    spread : typical squared distance of a point from it; of directions it is 1.
    unit : whether directions from `mean` are compared.
    """

    mean: Float[np.ndarray, " d"]
    spread: float
    unit: bool

    @classmethod
    def of(
        cls, x: Float[np.ndarray, "n d"], unit: bool, mean: Float[np.ndarray, " d"] | None = None
    ) -> Centre:
        """Find the centre of points; of a sample of them if their mean is given."""
        if mean is None:
            mean = x.mean(axis=0, dtype=np.float64).astype(np.float32)
        if unit:
            return cls(mean, 1.0, unit)
        parts = [_square(x[s : s + CHUNK] - mean) for s in range(0, len(x), CHUNK)]
        # The median, so that a few rows far out do not bring all others together.
        spread = float(np.median(np.concatenate(parts)))
        return cls(mean, spread if spread > 0 else 1.0, unit)

    def centred(self, x: Float[np.ndarray, "m d"]) -> Float[np.ndarray, "m d"]:
        """Return rows from the mean, or their directions from it."""
        z = x - self.mean
        return _unit(z) if self.unit else z


@dataclass(frozen=True)
class Prototypes:
    """Class means, and how far rows are from them.

    Attributes
    ----------
    centre : Centre
    means : (c, d) of the labelled points of each class, centred.
    """

    centre: Centre
    means: Float[np.ndarray, "c d"]

    @classmethod
    def of(
        cls, centre: Centre, x: Float[np.ndarray, "l d"], codes: Int[np.ndarray, " l"]
    ) -> Prototypes:
        """Average the labelled points of each class that has any."""
        _, index = np.unique(codes, return_inverse=True)
        total = np.zeros((index.max() + 1, x.shape[1]))
        np.add.at(total, index, centre.centred(x))
        means = _unit(total) if centre.unit else total / np.bincount(index)[:, None]
        return cls(centre, means.astype(np.float32))

    def distance(self, x: Float[np.ndarray, "m d"]) -> Float[np.ndarray, " m"]:
        """Return half the squared distance to the nearest prototype over the spread.

        For directions this is 1 less the cosine.
        """
        own = _square(self.means)
        parts = []
        for start in range(0, len(x), CHUNK):
            z = self.centre.centred(x[start : start + CHUNK])
            nearest = (own - 2.0 * z @ self.means.T).min(axis=1) + _square(z)
            parts.append(np.clip(nearest / (2.0 * self.centre.spread), 0.0, FARTHEST))
        return np.concatenate(parts) if parts else np.empty(0, dtype=np.float32)


def prototypes_of(
    centre: Centre,
    x: Float[np.ndarray, "l d"],
    codes: Int[np.ndarray, " l"],
    seen: Bool[np.ndarray, "s l"],
) -> list[Prototypes]:
    """Return the prototypes by each subset of the labels."""
    return [Prototypes.of(centre, x[some], codes[some]) for some in seen]


def distances(
    prototypes: Sequence[Prototypes], x: Float[np.ndarray, "m d"]
) -> Float[np.ndarray, "m s"]:
    """Return the distance of rows to the nearest of each of several prototypes."""
    out = np.empty((len(x), len(prototypes)), dtype=np.float32)
    for column, each in enumerate(prototypes):
        out[:, column] = each.distance(x)
    return out


def _unit(z: np.ndarray) -> np.ndarray:
    length = np.sqrt(_square(z))[:, None]
    return np.asarray(z / np.where(length > 0, length, 1.0))


def _square(z: np.ndarray) -> np.ndarray:
    return np.asarray(np.einsum("md,md->m", z, z))
