"""A fit of 60,000 points beside scikit-learn's LabelSpreading: seconds, peak memory, accuracy.

    python benchmarks/fit.py [--points 60000] [--repeats 3]

Every run is a process of its own, so that the peak memory is that of one fit. The points are ten
curved clouds of 20 intrinsic dimensions in 384, as embeddings are; for isotropic noise of full
dimension, which has no neighbourhoods worth the name, add --noise.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import time

import numpy as np

DIMENSIONS, CLASSES, NEIGHBORS, PER_CLASS = 384, 10, 15, 5


def clouds(n: int, noise: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    y = rng.integers(0, CLASSES, n)
    if noise:
        centres = rng.normal(size=(CLASSES, DIMENSIONS))
        x = (rng.normal(size=(n, DIMENSIONS)) + centres[y]).astype(np.float32)
    else:
        inner = rng.normal(size=(n, 20)) + 2.0 * rng.normal(size=(CLASSES, 20))[y]
        x = np.tanh(inner @ rng.normal(size=(20, DIMENSIONS)) / 4).astype(np.float32)
        x += 0.05 * rng.normal(size=x.shape).astype(np.float32)
        x /= np.linalg.norm(x, axis=1, keepdims=True)
    few = np.full(n, -1)
    for c in range(CLASSES):
        few[np.flatnonzero(y == c)[:PER_CLASS]] = c
    return x, y, few


def one_fit(method: str, n: int, noise: bool) -> None:
    x, y, few = clouds(n, noise)
    if method == "LabelSpreading":
        from sklearn.semi_supervised import LabelSpreading

        model = LabelSpreading(kernel="knn", n_neighbors=NEIGHBORS)
    else:
        from diffresnet import DiffusionClassifier

        model = DiffusionClassifier(NEIGHBORS)
    start = time.perf_counter()
    model.fit(x, few)
    seconds = time.perf_counter() - start
    rest = few == -1
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(
        json.dumps(
            {
                "seconds": seconds,
                "peak": peak,
                "accuracy": 100 * float((model.transduction_ == y)[rest].mean()),
                "recall": getattr(model, "recall_", 1.0),
            }
        )
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--points", type=int, default=60_000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--noise", action="store_true")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.one:
        one_fit(args.one, args.points, args.noise)
        return
    from common import publish

    methods = ("DiffusionClassifier", "LabelSpreading")
    runs: dict[str, list[dict]] = {m: [] for m in methods}
    for _ in range(args.repeats):
        for m in methods:
            command = [sys.executable, "-W", "ignore", __file__, "--one", m]
            command += ["--points", str(args.points)] + ["--noise"] * args.noise
            runs[m].append(json.loads(subprocess.check_output(command).splitlines()[-1]))
    base = [r["seconds"] for r in runs["LabelSpreading"]]
    rows = []
    for m in methods:
        seconds = [r["seconds"] for r in runs[m]]
        ratio = statistics.median(b / s for b, s in zip(base, seconds, strict=True))
        rows.append(
            {
                "method": m,
                "seconds (median)": f"{statistics.median(seconds):.1f}",
                "times faster": f"{ratio:.1f}",
                "peak memory, GiB": f"{max(r['peak'] for r in runs[m]) / 2**30:.2f}",
                "recall of neighbours": f"{runs[m][0]['recall']:.3f}",
                "accuracy, %": f"{runs[m][0]['accuracy']:.2f}",
            }
        )
    publish(
        "fit_noise" if args.noise else "fit",
        rows,
        points=args.points,
        dimensions=DIMENSIONS,
        neighbors=NEIGHBORS,
        classes=CLASSES,
        labels_per_class=PER_CLASS,
        repeats=args.repeats,
    )


if __name__ == "__main__":
    main()
