"""Accuracy with columns as they are, standardized, and scaled by what they hold.

    DIFFRESNET_DATA=... python benchmarks/column_scaling.py [--draws 10] [--first 0]

Every side labels the same rows from the same draws of labels. "std" divides centred columns by
their standard deviation, as StandardScaler does; "standard" and "auto" are values of `scale` of
DiffusionClassifier. In brackets is the paired difference of "auto" to the better of the first two,
with its standard error over draws. The constants of the rule were settled on draws from 1000 on.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import Any

import numpy as np
import scipy.sparse
from sklearn.datasets import (
    load_breast_cancer,
    load_digits,
    load_iris,
    load_wine,
    make_classification,
    make_moons,
)
from sklearn.decomposition import PCA
from sklearn.feature_extraction.text import TfidfTransformer

from common import data_file, publish
from diffresnet import DiffusionClassifier
from diffresnet.classify.column_scale import ColumnScale
from diffresnet_lab.experiments.fewlabels.sets import draw_labels

Rows = tuple[np.ndarray, np.ndarray]
COUNTS = (1, 5, 20)
SIDES = ("as they are", "std", "standard", "auto")


def some_rows(x: np.ndarray, y: np.ndarray, count: int) -> Rows:
    rows = np.random.default_rng(0).permutation(len(y))[:count]
    return x[rows], y[rows]


def one_column(x: np.ndarray, column: int, factor: float) -> np.ndarray:
    x = np.array(x, dtype=np.float64)
    x[:, column] *= factor
    return x


def in_units(x: np.ndarray, decades: float, seed: int = 1) -> np.ndarray:
    """Multiply every column by a factor of its own."""
    return x * 10 ** np.random.default_rng(seed).uniform(-decades, decades, x.shape[1])


def components(x: np.ndarray, count: int) -> np.ndarray:
    return PCA(count, random_state=0).fit_transform(x)


def images() -> Iterator[tuple[str, Rows]]:
    x, y = load_digits(return_X_y=True)
    x, y = some_rows(x, y, 1000)
    p = components(x, 32)
    yield "digits", (x, y)
    yield "digits, one column x 10,000", (one_column(x, 20, 1e4), y)
    yield "digits, units 10^-3 to 10^3", (in_units(x, 3), y)
    yield "digits, units 10^-1 to 10^1", (in_units(x, 1), y)
    yield "digits PCA-32", (p, y)
    yield "digits PCA-32, one column x 10,000", (one_column(p, 5, 1e4), y)
    yield "digits PCA-32, last column x 30", (one_column(p, 31, 30), y)
    yield "digits PCA-32, units 10^-3 to 10^3", (in_units(p, 3), y)
    yield "digits PCA-61", (components(x, 61), y)


def tables() -> Iterator[tuple[str, Rows]]:
    for name, load in (
        ("wine", load_wine),
        ("breast cancer", load_breast_cancer),
        ("iris", load_iris),
    ):
        x, y = load(return_X_y=True)
        yield name, (x, y)
        if name == "wine":
            yield "wine, standardized, PCA-13", (components((x - x.mean(0)) / x.std(0), 13), y)
    rng = np.random.default_rng(5)
    for width, informative, classes in ((8, 5, 3), (20, 8, 4), (40, 10, 5)):
        x, y = make_classification(
            1000,
            width,
            n_informative=informative,
            n_redundant=width // 5,
            n_classes=classes,
            class_sep=1.5,
            random_state=width,
        )
        yield f"synthetic, {width} columns", (x, y)
        yield f"synthetic, {width} columns, units 10^-2 to 10^2", (in_units(x, 2), y)
    x, y = make_moons(600, noise=0.1, random_state=0)
    yield "moons", (x, y)
    yield "moons, 3 columns of noise, small", (np.c_[x, 0.1 * rng.normal(size=(600, 3))], y)
    yield "moons, 10 columns of noise, tiny", (np.c_[x, 0.05 * rng.normal(size=(600, 10))], y)
    yield "moons, 3 columns of noise, large", (np.c_[x, 20 * rng.normal(size=(600, 3))], y)


def mixtures() -> Iterator[tuple[str, Rows]]:
    rng = np.random.default_rng(5)
    x, y = make_classification(
        1000,
        6,
        n_informative=5,
        n_redundant=0,
        n_classes=3,
        class_sep=1.5,
        random_state=7,
    )
    units = [1, 1000, 1, 50, 0.01, 10]
    category = np.eye(5)[(y + rng.integers(0, 2, 1000)) % 5]
    yield "one-hot of 5 and numbers", (np.c_[category, x], y)
    yield "one-hot of 5 and numbers in units", (np.c_[category, x * units], y)
    noise = np.eye(30)[rng.integers(0, 30, 1000)]
    yield "one-hot of 30, all noise, and numbers", (np.c_[noise, x], y)
    yield "one-hot of 30, all noise, and numbers in units", (np.c_[noise, x * units], y)
    flags = np.c_[40 + 12 * x[:, 0], np.exp(10 + 0.6 * x[:, 1]), x[:, 2:] > 0]
    yield "age, income and 4 flags", (flags, y)
    far = x.copy()
    far[0, 3] = 1e6
    yield "one cell of 10^6", (far, y)
    far = x.copy()
    far[rng.choice(1000, 20, replace=False), 3] = 1e3
    yield "20 cells of 10^3", (far, y)


def embeddings() -> Iterator[tuple[str, Rows]]:
    with np.load(data_file("embeddings/banking77_minilm-l6.npz")) as file:
        keep = file["labels"] < 25
        x, y = some_rows(file["features"][keep].astype(np.float32), file["labels"][keep], 1500)
    yield "25 intents of Banking77", (x, y)
    yield "25 intents, one column x 30", (one_column(x, 100, 30), y)
    yield "25 intents, one column x 8", (one_column(x, 100, 8), y)
    yield "25 intents, PCA-384", (components(x, 384), y)
    with np.load(data_file("embeddings/cifarfs_val_efficientnet-lite0.npz")) as file:
        x, y = some_rows(file["features"].astype(np.float32), file["labels"], 1200)
    yield "CIFAR-FS val", (x, y)
    yield "CIFAR-FS val, one column x 60", (one_column(x, 100, 60), y)
    yield "CIFAR-FS val, PCA-64", (components(x, 64), y)


def words() -> Iterator[tuple[str, Rows]]:
    for name, title in (("cora", "Cora"), ("coauthor_cs", "Coauthor CS")):
        with np.load(data_file(f"graphs/{name}.npz")) as file:
            parts = tuple(file[f"attr_{part}"] for part in ("data", "indices", "indptr"))
            x = scipy.sparse.csr_array(parts, shape=tuple(file["attr_shape"]))
            rows, y = some_rows(np.arange(x.shape[0]), file["labels"], 1000)
        x = x[rows]
        common = np.argsort(-(x > 0).sum(axis=0), kind="stable")[:1000]
        x = x[:, np.sort(common)]
        yield f"{title} words", (x.toarray().astype(np.float32), y)
        weighted = TfidfTransformer().fit_transform(x).toarray()
        yield f"{title} words, TF-IDF", (weighted.astype(np.float32), y)


def standardized(x: np.ndarray) -> np.ndarray:
    x = x.astype(np.float64) - x.mean(axis=0, dtype=np.float64)
    deviation = x.std(axis=0)
    return (x / np.where(deviation > 1e-12, deviation, 1.0)).astype(np.float32)


def decision(x: np.ndarray) -> str:
    scale = ColumnScale.fit(x, "auto")
    if scale is None:
        return "as they are"
    if scale.strays_only:
        return f"{int((scale.spread != 1).sum())} scaled"
    return "standard"


def accuracies(x: np.ndarray, y: np.ndarray, few: np.ndarray, decided: str) -> dict[str, float]:
    sides: dict[str, tuple[np.ndarray, Any]]
    sides = {"as they are": (x, None), "std": (standardized(x), None), "standard": (x, "standard")}
    if decided not in sides:
        sides["auto"] = (x, "auto")
    found: dict[str, float] = {}
    for side, (rows, scale) in sides.items():
        labels = DiffusionClassifier(scale=scale, random_state=0).fit(rows, few).transduction_
        found[side] = 100 * float((labels == y)[few == -1].mean())
    return {"auto": found[decided] if decided in found else found["auto"]} | found


def summary(draws: list[dict[str, float]]) -> str:
    found = {side: np.array([draw[side] for draw in draws]) for side in SIDES}
    better = max(SIDES[:2], key=lambda side: found[side].mean())
    gap = found["auto"] - found[better]
    means = " / ".join(f"{found[side].mean():.1f}" for side in SIDES)
    return f"{means} ({gap.mean():+.1f} ± {gap.std(ddof=1) / len(gap) ** 0.5:.1f})"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--draws", type=int, default=10)
    parser.add_argument("--first", type=int, default=0, help="seed of the first draw")
    args = parser.parse_args()
    table = []
    for family in (images, tables, mixtures, embeddings, words):
        for name, (x, y) in family():
            kept = np.isin(y, np.flatnonzero(np.bincount(y) > 2 * max(COUNTS)))
            x, y = x[kept], y[kept]
            decided = decision(x)
            row = {"data": name, "auto is": decided}
            for per_class in COUNTS:
                draws = [
                    accuracies(x, y, draw_labels(y, per_class, seed), decided)
                    for seed in range(args.first, args.first + args.draws)
                ]
                row[f"{per_class} a class"] = summary(draws)
            table.append(row)
            print(row, flush=True)
    publish("column_scaling", table, draws=args.draws, first_seed=args.first, sides=SIDES)


if __name__ == "__main__":
    main()
