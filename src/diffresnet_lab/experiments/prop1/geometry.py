"""The exact geometry in use, beside a measurement of every pair of points."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from ...data.synthetic import xor
from ...theory.geometry import subset_geometry
from .cases import digits_cases

CHUNK = 1024


def every_pair(points: Float[Tensor, "n d"], subsets: Int[Tensor, " n"]) -> tuple[float, float]:
    """Measure D and L over every pair by differences, in chunks."""
    diameter, distance = 0.0, float("inf")
    for rows, labels in zip(points.split(CHUNK), subsets.split(CHUNK), strict=True):
        for columns, other in zip(points.split(CHUNK), subsets.split(CHUNK), strict=True):
            d = torch.cdist(rows, columns, compute_mode="donot_use_mm_for_euclid_dist")
            same = labels[:, None] == other[None, :]
            diameter = max(diameter, float(torch.where(same, d, 0.0).max()))
            distance = min(distance, float(torch.where(same, torch.inf, d).min()))
    return diameter, distance


def geometry_rows(points: int, seed: int) -> list[dict[str, Any]]:
    """Compare both ways on XOR, on digits, and on four clouds in the plane and in 64 dimensions.

    Parameters
    ----------
    points : in the clouds.
    """
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 4, points)
    discs, digits = xor(seed=seed), digits_cases()[0]
    sets = {
        "XOR": (discs.points, discs.subsets),
        "digits": (digits.points, digits.subsets),
        "clouds in the plane": (_clouds(rng, labels, 2), labels),
        "clouds in 64 dimensions": (_clouds(rng, labels, 64), labels),
    }
    rows = []
    for name, (x, subsets) in sets.items():
        moved, named = torch.from_numpy(x), torch.from_numpy(subsets)
        (diameter, distance), slow = _timed(partial(every_pair, moved, named))
        geometry, fast = _timed(partial(subset_geometry, moved, named))
        rows.append(
            {
                "set": name,
                "points": len(x),
                "dimensions": x.shape[1],
                "diameter": geometry.diameter,
                "distance": geometry.distance,
                "relative_difference": max(
                    abs(geometry.diameter / diameter - 1.0), abs(geometry.distance / distance - 1.0)
                ),
                "seconds": fast,
                "seconds_every_pair": slow,
                "times_faster": slow / fast,
            }
        )
    return rows


def _clouds(
    rng: np.random.Generator, labels: Int[np.ndarray, " n"], d: int
) -> Float[np.ndarray, "n d"]:
    return rng.normal(size=(4, d))[labels] + 0.2 * rng.normal(size=(len(labels), d))


def _timed(run: Callable[[], Any], repeats: int = 3) -> tuple[Any, float]:
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        result = run()
        seconds.append(time.perf_counter() - start)
    return result, min(seconds)
