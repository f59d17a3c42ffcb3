"""Points of two classes, each a union of bounded subsets."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int

from ...theory.geometry import SubsetGeometry, subset_geometry

SHAPES: tuple[tuple[int, float, float, float, float, float], ...] = (
    (0, 0.9, 3.9, 0.85, 0.60, 20.0),
    (0, 4.95, 3.5, 1.30, 0.62, -14.0),
    (0, 3.1, 0.65, 0.80, 0.62, 0.0),
    (1, 0.6, 1.55, 0.62, 0.85, 15.0),
    (1, 3.0, 2.35, 0.55, 0.42, 30.0),
    (1, 6.35, 1.3, 0.80, 0.95, -35.0),
)
"""Class, centre, half axes and turn in degrees of each subset."""


@dataclass(frozen=True)
class Fig2Plan:
    """Sizes of a run: points in each subset."""

    points: int


@dataclass(frozen=True)
class StructuredSet:
    """Two classes, each a union of bounded subsets.

    Attributes
    ----------
    points : (n, 2)
    classes, subsets : (n,)
    """

    points: Float[np.ndarray, "n 2"]
    classes: Int[np.ndarray, " n"]
    subsets: Int[np.ndarray, " n"]

    def geometry(self) -> SubsetGeometry:
        """Measure D and L."""
        return subset_geometry(torch.from_numpy(self.points), torch.from_numpy(self.subsets))


def structured_set(seed: int = 42, points: int = 45) -> StructuredSet:
    """Draw points evenly in six ellipses.

    Parameters
    ----------
    points : in each ellipse.
    """
    rng = np.random.default_rng(seed)
    drawn = []
    for _, x, y, a, b, degrees in SHAPES:
        angle, radius = 2.0 * np.pi * rng.random(points), np.sqrt(rng.random(points))
        turn = np.deg2rad(degrees)
        across = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
        inside = radius[:, None] * np.stack([a * np.cos(angle), b * np.sin(angle)], axis=1)
        drawn.append(np.array([x, y]) + inside @ across.T)
    subsets = np.repeat(np.arange(len(SHAPES)), points)
    classes = np.array([shape[0] for shape in SHAPES])[subsets]
    return StructuredSet(np.concatenate(drawn), classes, subsets)


def farthest_pair(data: StructuredSet, subset: int) -> tuple[int, int]:
    """Return the two points of a subset that are farthest apart."""
    members = np.flatnonzero(data.subsets == subset)
    apart = _between(data.points[members], data.points[members])
    i, j = np.unravel_index(apart.argmax(), apart.shape)
    return int(members[i]), int(members[j])


def nearest_pair(data: StructuredSet, first: int, second: int) -> tuple[int, int]:
    """Return the points of two subsets that are nearest to each other."""
    a, b = (np.flatnonzero(data.subsets == s) for s in (first, second))
    gaps = _between(data.points[a], data.points[b])
    i, j = np.unravel_index(gaps.argmin(), gaps.shape)
    return int(a[i]), int(b[j])


def _between(x: Float[np.ndarray, "n 2"], y: Float[np.ndarray, "m 2"]) -> Float[np.ndarray, "n m"]:
    return np.asarray(np.linalg.norm(x[:, None] - y[None, :], axis=2))
