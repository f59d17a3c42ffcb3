"""Diameter D, distance L: `subset_geometry` beside plain brute force in chunks.

    python benchmarks/geometry.py [--points 20000] [--subsets 10]

The brute force holds no n x n matrix either: it measures every pair of points once by differences
(torch.cdist) and masks by subset. Both find the same D and L; points are drawn in the
plane, in space and in 64 dimensions, as separate clouds, as clouds that overlap, and as they are
late in a flow, where each subset is nearly a point.
"""

from __future__ import annotations

import argparse

import numpy as np
import torch

from common import medians, publish
from diffresnet_lab.theory.geometry import subset_geometry

CHUNK = 1024
CLOUDS = {"apart": (4.0, 0.5), "overlapping": (1.0, 1.0), "late in a flow": (1.0, 1e-9)}
"""How far the centres of the subsets spread, and how far the points of a subset."""


def brute_force(points: torch.Tensor, subsets: torch.Tensor) -> tuple[float, float]:
    diameter, distance = 0.0, float("inf")
    for start in range(0, len(points), CHUNK):
        rows, own = points[start : start + CHUNK], subsets[start : start + CHUNK]
        for at in range(start, len(points), CHUNK):
            d = torch.cdist(
                rows, points[at : at + CHUNK], compute_mode="donot_use_mm_for_euclid_dist"
            )
            same = own[:, None] == subsets[None, at : at + CHUNK]
            diameter = max(diameter, float(torch.where(same, d, 0.0).max()))
            distance = min(distance, float(torch.where(same, torch.inf, d).min()))
    return diameter, distance


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--points", type=int, default=20_000)
    parser.add_argument("--subsets", type=int, default=10)
    parser.add_argument("--repeats", type=int, default=3)
    args = parser.parse_args()
    torch.set_num_threads(1)
    rows, worst = [], 0.0
    for dimension in (2, 3, 64):
        for name, (apart, spread) in CLOUDS.items():
            rng = np.random.default_rng(0)
            own = rng.integers(0, args.subsets, args.points)
            centres = apart * rng.normal(size=(args.subsets, dimension))
            x = torch.from_numpy(centres[own] + spread * rng.normal(size=(args.points, dimension)))
            subsets = torch.from_numpy(own)
            fast, plain = subset_geometry(x, subsets), brute_force(x, subsets)
            worst = max(worst, abs(fast.diameter / plain[0] - 1), abs(fast.distance / plain[1] - 1))
            seconds = medians(
                {
                    "ours": lambda x=x, s=subsets: subset_geometry(x, s),
                    "plain": lambda x=x, s=subsets: brute_force(x, s),
                },
                args.repeats,
                warm_up=False,
            )
            rows.append(
                {
                    "dimension": dimension,
                    "subsets": name,
                    "subset_geometry, ms": f"{1e3 * seconds['ours']:.1f}",
                    "every pair in chunks, ms": f"{1e3 * seconds['plain']:.0f}",
                    "times faster": f"{seconds['plain'] / seconds['ours']:.0f}",
                }
            )
    assert worst < 1e-12, worst
    publish(
        "geometry",
        rows,
        points=args.points,
        subsets=args.subsets,
        repeats=args.repeats,
        threads=1,
        max_relative_difference=worst,
    )


if __name__ == "__main__":
    main()
