"""Sets in any dimension whose classes are unions of convex subsets."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from scipy.spatial.distance import pdist

POINTS = 80
"""Points of each subset."""


@dataclass(frozen=True)
class Blobs:
    """Points of convex subsets, several to a class."""

    name: str
    points: Float[np.ndarray, "n d"]
    subsets: Int[np.ndarray, " n"]
    classes: Int[np.ndarray, " n"]


def xor_balls(dim: int, rng: np.random.Generator) -> Blobs:
    """Draw balls of radius 0.75 about the corners of a square of side 2; two opposite a class."""
    centres = np.zeros((4, dim))
    centres[:, :2] = [(0.0, 0.0), (2.0, 2.0), (2.0, 0.0), (0.0, 2.0)]
    subsets = np.repeat(np.arange(4), POINTS)
    x = centres[subsets] + 0.75 * in_unit_ball(len(subsets), dim, rng)
    return Blobs("XOR", x, subsets, subsets // 2)


def random_blobs(dim: int, rng: np.random.Generator, count: int = 6, classes: int = 3) -> Blobs:
    """Draw ellipsoids with random axes of 0.3 to 0.75 about random centres at least 2 apart."""
    centres = np.zeros((0, dim))
    side = 2.0
    while len(centres) < count:
        # The cube grows until all have found a place in it.
        side *= 1.01
        trial = np.vstack([centres, side * rng.random((1, dim))])
        centres = trial if len(trial) == 1 or pdist(trial).min() >= 2.0 else centres
    subsets = np.repeat(np.arange(count), POINTS)
    x = in_unit_ball(len(subsets), dim, rng)
    turns = np.linalg.qr(rng.standard_normal((count, dim, dim)))[0]
    axes = turns * rng.uniform(0.3, 0.75, (count, 1, dim))
    x = centres[subsets] + np.einsum("nij,nj->ni", axes[subsets], x)
    return Blobs("random blobs", x, subsets, subsets % classes)


def in_unit_ball(count: int, dim: int, rng: np.random.Generator) -> Float[np.ndarray, "n d"]:
    """Draw points evenly from the unit ball."""
    x = rng.standard_normal((count, dim))
    return rng.random((count, 1)) ** (1.0 / dim) * x / np.linalg.norm(x, axis=1, keepdims=True)
