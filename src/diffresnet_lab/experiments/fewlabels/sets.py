"""The labelled sets: tables, embeddings, images and bags of words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse
from scipy.ndimage import gaussian_filter
from sklearn.datasets import (
    load_breast_cancer,
    load_digits,
    load_wine,
    make_classification,
    make_moons,
)

from diffresnet.files.npz import load_npz
from diffresnet.graphs.graph import read_graph

# Characters of Omniglot, blurred and read at every seventh pixel.
CHARACTERS, BLUR, PIXEL = 100, 3.0, 7


@dataclass(frozen=True)
class LabelledSet:
    """Rows and their true classes.

    Attributes
    ----------
    x : (n, d) array, or sparse counts.
    y : (n,) classes from 0 on.
    """

    x: Any
    y: np.ndarray


@dataclass(frozen=True)
class Source:
    """Where a set comes from.

    Attributes
    ----------
    title : of the set.
    load : a function of the path of its file; of an empty path where it has none.
    file : in the data folder, or "" of a set that is made or ships with a library.
    """

    title: str
    load: Callable[[Path], tuple[Any, Any]]
    file: str = ""


def _embedding(path: Path) -> tuple[Any, Any]:
    arrays = load_npz(path)
    return arrays["features"].astype(np.float32), arrays["labels"]


def _words(path: Path) -> tuple[Any, Any]:
    graph = read_graph(path)
    return graph.features, graph.labels


def _characters(path: Path) -> tuple[Any, Any]:
    images = load_npz(path)["images"][:CHARACTERS].astype(np.float32)
    blurred = gaussian_filter(images, (0, 0, BLUR, BLUR))[:, :, ::PIXEL, ::PIXEL]
    characters, drawn = blurred.shape[:2]
    return blurred.reshape(characters * drawn, -1), np.repeat(np.arange(characters), drawn)


def _classification(_: Path) -> tuple[Any, Any]:
    return make_classification(
        800, 20, n_informative=5, n_redundant=2, n_classes=4, n_clusters_per_class=1, random_state=0
    )


def _noisy_moons(_: Path) -> tuple[Any, Any]:
    x, y = make_moons(800, noise=0.15, random_state=0)
    return np.hstack([x, np.random.default_rng(0).normal(size=(len(x), 4))]), y


SETS = {
    "digits": Source("digits", lambda _: load_digits(return_X_y=True)),
    "wine": Source("wine", lambda _: load_wine(return_X_y=True)),
    "breast_cancer": Source("breast cancer", lambda _: load_breast_cancer(return_X_y=True)),
    "classification": Source("made table, 20 columns", _classification),
    "moons": Source("moons and 4 columns of noise", _noisy_moons),
    "banking77": Source("Banking77, MiniLM", _embedding, "embeddings/banking77_minilm-l6.npz"),
    "cifarfs": Source(
        "CIFAR-FS val, EfficientNet", _embedding, "embeddings/cifarfs_val_efficientnet-lite0.npz"
    ),
    "omniglot": Source("Omniglot, pixels", _characters, "fewshot/omniglot_evaluation.npz"),
    "coauthor": Source("Coauthor CS, words", _words, "graphs/coauthor_cs.npz"),
    "amazon": Source("Amazon Photo, words", _words, "graphs/amazon_photo.npz"),
}


def find_set(name: str, data: Path | None, rows: int) -> LabelledSet | None:
    """Return a set, cut at random to so many rows; None where its file is not there."""
    source = SETS[name]
    path = Path()
    if source.file:
        if data is None or not (data / source.file).is_file():
            return None
        path = data / source.file
    x, y = source.load(path)
    x = scipy.sparse.csr_array(x) if scipy.sparse.issparse(x) else np.asarray(x)
    x = x.astype(np.float32)
    if len(y) > rows:
        kept = np.random.default_rng(0).permutation(len(y))[:rows]
        x, y = x[kept], np.asarray(y)[kept]
    return LabelledSet(x, np.unique(y, return_inverse=True)[1])


def draw_labels(y: np.ndarray, labels: int, seed: int) -> np.ndarray:
    """Return the classes of so many random rows of each class, at most half of it; else -1."""
    rng = np.random.default_rng(seed)
    few = np.full(len(y), -1)
    for c in np.unique(y):
        rows = np.flatnonzero(y == c)
        few[rng.choice(rows, min(labels, max(1, len(rows) // 2)), replace=False)] = c
    return few
