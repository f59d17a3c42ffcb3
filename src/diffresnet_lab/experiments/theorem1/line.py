"""Theorem 1 on a line, where no flow can do it and folds can."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Int

from ...theory import SeparatingFlow, class_intervals, separating_flow
from .random_sets import bands

SHOWN = {
    "two classes": (0, 1, 0, 1, 0, 1, 0),
    "four classes, those of both ends alone": (0, 1, 2, 1, 2, 3),
}
"""Classes of the intervals that are shown."""

COUNTS = (5, 10, 20, 40)
CLASSES = (2, 3, 5)
BAND = 12  # points of an interval that is shown


def shown_line(
    classes: tuple[int, ...], seed: int
) -> tuple[Float[np.ndarray, "n 1"], Int[np.ndarray, " n"]]:
    """Draw evenly filled intervals of random widths and gaps on a line, 10 units long in all."""
    rng = np.random.default_rng(seed)
    widths, gaps = rng.uniform(0.3, 1.3, len(classes)), rng.uniform(0.4, 1.0, len(classes))
    start = np.cumsum(widths + gaps) - widths - gaps[0]
    p = (start[:, None] + widths[:, None] * np.linspace(0.0, 1.0, BAND)).ravel()
    return (10.0 * p / p.max())[:, None], np.repeat(np.array(classes), BAND)


def line_row(rng: np.random.Generator, count: int, classes: int, draws: int) -> dict[str, Any]:
    """Fold random lines; return how many folds it takes and the narrowest gap that is left."""
    folds, bounds, left, right = [], [], [], []
    for _ in range(draws):
        points, labels, _, direction = bands(rng, 1, count, classes)
        network = separating_flow(points, labels, direction)
        _, positions = network.trajectory(torch.from_numpy(points))
        after = class_intervals(positions[-1][:, 0], labels)
        folds.append(len(network.blocks))
        bounds.append(network.bounds.blocks)
        left.append(after.gap / network.intervals.gap)
        right.append(bool((network.predict(points) == labels).all()))
    return {
        "dimension": 1,
        "classes": classes,
        "runs": count,
        "sets": draws,
        "separated": sum(right),
        "blocks": max(folds),
        "blocks_bound": max(bounds),
        "within_bound": all(taken <= most for taken, most in zip(folds, bounds, strict=True)),
        "gap_left_median": float(np.median(left)),
        "gap_left_least": min(left),
    }


def creases(network: SeparatingFlow) -> list[float]:
    """Return where each block bends the line: the zero of the input of its ReLU."""
    with torch.no_grad():
        return [
            -float(block.get_parameter("fc1.bias") / block.get_parameter("fc1.weight")[0])
            for block in network.blocks
        ]
