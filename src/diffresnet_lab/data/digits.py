"""Handwritten digits that come with scikit-learn, and draws of a few labels of each class."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Int
from sklearn.datasets import load_digits


def digits() -> tuple[Float[np.ndarray, "n d"], Int[np.ndarray, " n"]]:
    """Return the 1,797 images as rows of 64 pixels between 0 and 1, and their digits."""
    x, y = load_digits(return_X_y=True)
    return x / 16.0, y


def hide_labels(
    y: Int[np.ndarray, " n"], labels_per_class: int, draw: int, seed: int
) -> Int[np.ndarray, " n"]:
    """Return y with all labels but a few of each class hidden as -1."""
    rng = np.random.default_rng([seed, labels_per_class, draw])
    given = np.full_like(y, -1)
    for c in np.unique(y):
        rows = rng.choice(np.flatnonzero(y == c), labels_per_class, replace=False)
        given[rows] = c
    return given
