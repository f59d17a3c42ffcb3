"""What a fit is expected to take beside what it takes: peak memory and processor seconds.

    python benchmarks/cost.py [--rows 10000 30000 100000]

Every run labels a file in a process of its own, with one thread, and reads its highest resident
memory. The points are curved clouds, as in benchmarks/fit.py.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from growth import PER_CLASS, clouds

COLUMNS, CLASSES = (16, 128, 512), (3, 30, 100)


def one_run(path: str) -> None:
    from diffresnet import plan_file

    plan = plan_file(path, max_memory=None)
    assert plan.cost is not None
    start = time.process_time()
    plan.run()
    found = {
        "seconds": time.process_time() - start,
        "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        "expected_seconds": plan.cost.seconds,
        "expected_memory": plan.cost.memory,
    }
    print(json.dumps(found))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, nargs="+", default=[10_000, 30_000, 100_000])
    parser.add_argument("--one", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.one:
        one_run(args.one)
        return
    from common import publish, run_alone

    rows = []
    for n in args.rows:
        for d in COLUMNS:
            for c in CLASSES:
                with tempfile.TemporaryDirectory() as folder:
                    path = Path(folder, "clouds.npz")
                    x, _, few = clouds(n, d, c)
                    np.savez(path, features=x, labels=few)
                    del x  # the child has its own
                    run = run_alone(__file__, str(path))
                memory, expected = run["memory"] / 2**30, run["expected_memory"] / 2**30
                rows.append(
                    {
                        "rows": n,
                        "columns": d,
                        "classes": c,
                        "expected memory, GiB": f"{expected:.2f}",
                        "peak memory, GiB": f"{memory:.2f}",
                        "ratio": f"{expected / memory:.2f}",
                        "expected seconds": f"{run['expected_seconds']:.1f}",
                        "processor seconds": f"{run['seconds']:.1f}",
                    }
                )
                print(rows[-1], file=sys.stderr)
    publish("cost", rows, labels_per_class=PER_CLASS)


if __name__ == "__main__":
    main()
