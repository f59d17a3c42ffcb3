"""The exact geometry in use, beside every pair of points measured."""

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
    """D and L with every pair measured by differences, in chunks."""
    diameter, distance = 0.0, float("inf")
    for rows, own in zip(points.split(CHUNK), subsets.split(CHUNK), strict=True):
        for columns, other in zip(points.split(CHUNK), subsets.split(CHUNK), strict=True):
            d = torch.cdist(rows, columns, compute_mode="donot_use_mm_for_euclid_dist")
            same = own[:, None] == other[None, :]
            diameter = max(diameter, float(torch.where(same, d, 0.0).max()))
            distance = min(distance, float(torch.where(same, torch.inf, d).min()))
    return diameter, distance


def geometry_rows(points: int, seed: int) -> list[dict[str, Any]]:
    """Both ways on XOR, on the digits, and on four clouds of many points in the plane and in 64
    dimensions: how far they differ, and how many times longer every pair takes.

    Parameters
    ----------
    points : in the clouds.
    """
    rng = np.random.default_rng(seed)
    own = rng.integers(0, 4, points)
    discs, digits = xor(seed=seed), digits_cases()[0]
    sets = {
        "XOR": (discs.points, discs.subsets),
        "digits": (digits.points, digits.subsets),
        "clouds in the plane": (rng.normal(size=(4, 2))[own] + _small(rng, points, 2), own),
        "clouds in 64 dimensions": (rng.normal(size=(4, 64))[own] + _small(rng, points, 64), own),
    }
    rows = []
    for name, (x, labels) in sets.items():
        moved, named = torch.from_numpy(x), torch.from_numpy(labels)
        (diameter, distance), slow = _timed(partial(every_pair, moved, named))
        found, fast = _timed(partial(subset_geometry, moved, named))
        rows.append(
            {
                "set": name,
                "points": len(x),
                "dimensions": x.shape[1],
                "diameter": found.diameter,
                "distance": found.distance,
                "relative_difference": max(
                    abs(found.diameter / diameter - 1.0), abs(found.distance / distance - 1.0)
                ),
                "seconds": fast,
                "seconds_every_pair": slow,
                "times_faster": slow / fast,
            }
        )
    return rows


def _small(rng: np.random.Generator, n: int, d: int) -> Float[np.ndarray, "n d"]:
    return 0.2 * rng.normal(size=(n, d))


def _timed(run: Callable[[], Any], repeats: int = 3) -> tuple[Any, float]:
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        found = run()
        seconds.append(time.perf_counter() - start)
    return found, min(seconds)
