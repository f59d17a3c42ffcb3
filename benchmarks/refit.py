"""Refits after more labels and more rows, beside fits: seconds, and accuracy of a series of them.

    python benchmarks/refit.py [--draws 3]

The seconds are those of 10 more labels at random, and of these with 1% more rows, as medians. In a
series labels come one quarter of the classes at a time, from 2 a class on, or rows 5% at a time,
from four fifths on. Every refit is compared with a fit of all labels and rows that there are then.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from copy import copy
from itertools import pairwise
from statistics import median
from time import perf_counter
from typing import Any

import numpy as np
import torch
from sklearn.datasets import load_digits

from common import data_file, publish
from diffresnet import DiffusionClassifier

EMBEDDINGS = {
    "Banking77": "embeddings/banking77_minilm-l6.npz",
    "CIFAR-FS val": "embeddings/cifarfs_val_efficientnet-lite0.npz",
}
MORE, SERIES, BATCHES = 10, 6, 5


def few_labels(y: np.ndarray, per_class: int, rng: np.random.Generator) -> np.ndarray:
    few = np.full(len(y), -1)
    for c in np.unique(y):
        few[rng.choice(np.flatnonzero(y == c), per_class, replace=False)] = c
    return few


def with_more(few: np.ndarray, y: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    more = few.copy()
    rows = rng.choice(np.flatnonzero(few == -1), count, replace=False)
    more[rows] = y[rows]
    return more


def seconds(run: Callable[[], Any]) -> float:
    start = perf_counter()
    run()
    return perf_counter() - start


def fit(x: np.ndarray, few: np.ndarray) -> DiffusionClassifier:
    return DiffusionClassifier(random_state=0).fit(x, few)


def speed(name: str, x: np.ndarray, y: np.ndarray, per_class: int, draws: int) -> dict[str, Any]:
    times, kept = [], len(x) - len(x) // 100
    for seed in range(draws):
        rng = np.random.default_rng(seed)
        few = few_labels(y[:kept], per_class, rng)
        more = with_more(few, y[:kept], MORE, rng)
        every = np.append(more, np.full(len(x) - kept, -1))
        model = fit(x[:kept], few)
        models = [copy(model), copy(model)]
        again = models[0]._transduction.choices
        own = (
            seconds(lambda: fit(x[:kept], more)),  # noqa: B023
            seconds(lambda: models[0].refit(more)),  # noqa: B023
            seconds(lambda: models[1].refit(every, x[kept:])),  # noqa: B023
        )
        times.append((*own, own[1] / own[0], own[2] / own[0]))
    columns = list(zip(*times, strict=True))
    held = again is not None and models[0]._transduction.choices is again
    return {
        "data": name,
        "labels a class": per_class,
        "fit, s": f"{median(columns[0]):.2f}",
        "refit, s": f"{median(columns[1]):.2f}",
        "of the fit, %": f"{100 * median(columns[3]):.0f}",
        "with more rows, s": f"{median(columns[2]):.2f}",
        "of the fit, % (rows)": f"{100 * median(columns[4]):.0f}",
        "choices held": "yes" if held else "no",
    }


def labels_in_series(
    x: np.ndarray, y: np.ndarray, rng: np.random.Generator
) -> list[tuple[float, float, bool]]:
    few = few_labels(y, 2, rng)
    model, found = fit(x, few), []
    for _ in range(SERIES):
        few = with_more(few, y, max(MORE, len(model.classes_) // 4), rng)
        choices, rest = model._transduction.choices, few == -1
        model.refit(few)
        right = [(each.transduction_ == y)[rest].mean() for each in (model, fit(x, few))]
        found.append((*right, model._transduction.choices is not choices))
    return found


def rows_in_series(
    x: np.ndarray, y: np.ndarray, rng: np.random.Generator
) -> list[tuple[float, float, bool]]:
    order = rng.permutation(len(x))
    x, y, first = x[order], y[order], int(0.8 * len(x))
    few = np.append(few_labels(y[:first], 5, rng), np.full(len(x) - first, -1))
    cuts = np.linspace(first, len(x), BATCHES).astype(int)
    model, found = fit(x[:first], few[:first]), []
    for a, b in pairwise(cuts):
        choices, rest = model._transduction.choices, few[:b] == -1
        model.refit(few[:b], x[a:b])
        both = (model, fit(x[:b], few[:b]))
        right = [(each.transduction_ == y[:b])[rest].mean() for each in both]
        found.append((*right, model._transduction.choices is not choices))
    return found


def accuracy(
    name: str, x: np.ndarray, y: np.ndarray, draws: int, what: str, series: Callable[..., Any]
) -> dict[str, Any]:
    found = np.array([series(x, y, np.random.default_rng(seed)) for seed in range(draws)])
    refits, fits, again = found.astype(float).transpose(2, 0, 1)
    gap = 100 * (refits - fits).mean(axis=1)
    last = 100 * (refits - fits)[:, -1]
    return {
        "data": name,
        "more": what,
        "refits": f"{100 * refits.mean():.2f}",
        "fits": f"{100 * fits.mean():.2f}",
        "difference": plus_minus(gap),
        "the last one": plus_minus(last),
        "chosen again": f"{again.sum(axis=1).mean():.1f} of {again.shape[1]}",
    }


def plus_minus(values: np.ndarray) -> str:
    return f"{values.mean():+.2f} ± {values.std(ddof=1) / len(values) ** 0.5:.2f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--draws", type=int, default=3)
    args = parser.parse_args()
    torch.set_num_threads(1)
    sets = {"digits": load_digits(return_X_y=True)}
    for name, file in EMBEDDINGS.items():
        with np.load(data_file(file)) as held:
            sets[name] = held["features"].astype(np.float32), held["labels"].astype(int)
    sets["digits"] = sets["digits"][0].astype(np.float32), sets["digits"][1]
    fit(sets["digits"][0], few_labels(sets["digits"][1], 5, np.random.default_rng(0)))
    rows = []
    for name, (x, y) in sets.items():
        order = np.random.default_rng(0).permutation(len(x))
        for per_class in (1, 2, 5, 20):
            rows.append(speed(name, x[order], y[order], per_class, args.draws))
            print(rows[-1], flush=True)
    publish("refit", rows, more=MORE, draws=args.draws)
    found = []
    for name, (x, y) in sets.items():
        for what, series in (("labels", labels_in_series), ("rows", rows_in_series)):
            found.append(accuracy(name, x, y, args.draws, what, series))
            print(found[-1], flush=True)
    publish("refit_accuracy", found, draws=args.draws)


if __name__ == "__main__":
    main()
