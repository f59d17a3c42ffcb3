"""Neighbour searches side by side: seconds and recall of the 15 nearest of 60,000 points.

    python benchmarks/neighbours.py [--points 60000]

Needs faiss-cpu and pynndescent.
"""

from __future__ import annotations

import argparse

import torch

from common import medians, publish
from diffresnet.similarity import SEARCHES, nearest_neighbours
from fit import NEIGHBORS, clouds

COMPILED = 10_000
"""Points by which pynndescent compiles all that it will use; that is not counted."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--points", type=int, default=60_000)
    parser.add_argument("--repeats", type=int, default=1)
    args = parser.parse_args()
    rows = []
    for kind, noise in (("curved clouds", False), ("isotropic noise", True)):
        x = torch.from_numpy(clouds(args.points, noise)[0])
        nearest_neighbours(x[:COMPILED], NEIGHBORS, method="pynndescent")
        found = {}

        def search(method, x=x, found=found):
            found[method] = nearest_neighbours(x, NEIGHBORS, method=method)

        seconds = medians({m: lambda m=m: search(m) for m in SEARCHES}, args.repeats, warm_up=False)
        rows += [
            {
                "points": kind,
                "search": m,
                "ran": found[m].method,
                "seconds": f"{seconds[m]:.1f}",
                "recall": f"{found[m].recall:.3f}",
            }
            for m in SEARCHES
        ]
    publish("neighbours", rows, points=args.points, neighbors=NEIGHBORS)


if __name__ == "__main__":
    main()
