"""Labels of new rows: rows a second, milliseconds for one, and accuracy beside a fit with them.

    python benchmarks/predict.py [--draws 5]

The speed is that of 10,000 new rows against 10,000 fitted ones of 384 columns and 150 classes. The
product of all new rows with all fitted ones, which an exact search cannot do without, is timed
beside it. The accuracy is of a fifth of the rows, labelled by a model fitted on the others and by
one fitted on all, from the same 5 labels a class. Where other programs run, CPU time says more.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import replace
from statistics import median
from typing import Any

import numpy as np
import torch
from sklearn.datasets import load_digits

from common import data_file, publish
from diffresnet import DiffusionClassifier

POINTS, DIMENSIONS, CLASSES, PER_CLASS, PRODUCT = 10_000, 384, 150, 5, 400
EMBEDDINGS = {
    "Banking77": "embeddings/banking77_minilm-l6.npz",
    "CIFAR-FS val": "embeddings/cifarfs_val_efficientnet-lite0.npz",
}


def few_labels(y: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    few = np.full(len(y), -1)
    for c in np.unique(y):
        few[rng.choice(np.flatnonzero(y == c), PER_CLASS, replace=False)] = c
    return few


def clouds() -> tuple[np.ndarray, np.ndarray]:
    """Curved clouds of 20 intrinsic dimensions, as in fit.py, of more classes."""
    rng = np.random.default_rng(0)
    y = rng.integers(0, CLASSES, 2 * POINTS)
    inner = rng.normal(size=(len(y), 20)) + 2.0 * rng.normal(size=(CLASSES, 20))[y]
    x = np.tanh(inner @ rng.normal(size=(20, DIMENSIONS)) / 4)
    x = (x + 0.05 * rng.normal(size=x.shape)).astype(np.float32)
    return x / np.linalg.norm(x, axis=1, keepdims=True), y


def seconds(run: Callable[[], Any], repeats: int) -> tuple[float, float]:
    """Median seconds by the clock and of the CPU, after one warm-up."""
    run()
    taken = []
    for _ in range(repeats):
        wall, cpu = time.perf_counter(), time.process_time()
        run()
        taken.append((time.perf_counter() - wall, time.process_time() - cpu))
    return median(w for w, _ in taken), median(c for _, c in taken)


def speed(repeats: int) -> list[dict[str, Any]]:
    x, y = clouds()
    model = DiffusionClassifier(random_state=0)
    model.fit(x[:POINTS], few_labels(y[:POINTS], np.random.default_rng(0)))
    new, fitted, exact = x[POINTS:], torch.from_numpy(x[:POINTS]), model._model
    assert exact.points is not None
    labels = model.predict(new)
    rows = []
    for threads in (1, 2):
        torch.set_num_threads(threads)
        parts = torch.from_numpy(new).split(PRODUCT)
        out = torch.empty(PRODUCT, POINTS)
        product = seconds(lambda: [torch.mm(p, fitted.T, out=out) for p in parts], repeats)  # noqa: B023
        for search in ("exact", "clustered"):
            model._model = replace(exact, points=replace(exact.points, method=search))
            many = seconds(lambda: model.predict(new), repeats)
            one = seconds(lambda: model.predict(new[:1]), 40 * repeats)
            same = float((model.predict(new) == labels).mean())
            rows.append(
                {
                    "search": search,
                    "threads": threads,
                    "rows a second": f"{POINTS / many[0]:,.0f}",
                    "the product alone": f"{POINTS / product[0]:,.0f}",
                    "CPU µs a row": f"{1e6 * many[1] / POINTS:.0f}",
                    "of the product": f"{1e6 * product[1] / POINTS:.0f}",
                    "one row, ms": f"{1e3 * one[0]:.2f}",
                    "CPU ms": f"{1e3 * one[1]:.2f}",
                    "same labels, %": f"{100 * same:.1f}",
                }
            )
    return rows


def accuracy(name: str, x: np.ndarray, y: np.ndarray, draws: int) -> dict[str, Any]:
    results = []
    for seed in range(draws):
        rng = np.random.default_rng(seed)
        order = rng.permutation(len(y))
        a, b = x[order], y[order]
        n = int(0.8 * len(b))
        few = few_labels(b[:n], rng)
        every = np.concatenate([few, np.full(len(b) - n, -1)])
        new, rest = b[n:], few == -1
        whole = DiffusionClassifier(random_state=0).fit(a, every).transduction_
        part = DiffusionClassifier(random_state=0).fit(a[:n], few)
        results.append(
            (
                (whole[n:] == new).mean(),
                (part.predict(a[n:]) == new).mean(),
                (whole[:n] == b[:n])[rest].mean() - (part.transduction_ == b[:n])[rest].mean(),
            )
        )
    among, later, fit = 100 * np.array(results).T
    return {
        "data": name,
        "fitted with them": f"{among.mean():.2f}",
        "predict": f"{later.mean():.2f}",
        "difference": plus_minus(later - among),
        "of that for want of rows": plus_minus(-fit),
    }


def plus_minus(values: np.ndarray) -> str:
    return f"{values.mean():+.2f} ± {values.std(ddof=1) / len(values) ** 0.5:.2f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--draws", type=int, default=5, help="0 leaves the accuracy out")
    parser.add_argument("--repeats", type=int, default=3)
    args = parser.parse_args()
    rows = speed(args.repeats)
    publish("predict", rows, points=POINTS, dimensions=DIMENSIONS, classes=CLASSES)
    if not args.draws:
        return
    found = [accuracy("digits", *load_digits(return_X_y=True), args.draws)]
    for name, file in EMBEDDINGS.items():
        with np.load(data_file(file)) as held:
            x, y = held["features"].astype(np.float32), held["labels"].astype(int)
        found.append(accuracy(name, x, y, args.draws))
    publish("predict_accuracy", found, draws=args.draws, labels_per_class=PER_CLASS)


if __name__ == "__main__":
    main()
