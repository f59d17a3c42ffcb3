"""Panels of few-shot figures: a column for each number of shots, rows for each feature set."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np

from ...fewshot import Outcome
from ...pages.plots import Curve, LinePanel

Item = TypeVar("Item")


def panel_grid(
    items: Sequence[Item], columns: int, *kinds: Callable[[Item, bool], LinePanel]
) -> list[LinePanel]:
    """Return panels row by row.

    Parameters
    ----------
    items : a feature set and number of shots each, `columns` of one feature set in turn.
    *kinds : (item, whether it is the leftmost) -> panel; a row of panels each, one below the other.
    """
    rows = [items[first : first + columns] for first in range(0, len(items), columns)]
    return [kind(item, item is row[0]) for row in rows for kind in kinds for item in row]


def accuracy_curve(x: Sequence[float], outcomes: Sequence[Outcome], label: str = "") -> Curve:
    """Return mean accuracies over x, with their 95% intervals as a band."""
    mean = np.array([outcome.summary.mean for outcome in outcomes])
    ci95 = np.nan_to_num([outcome.summary.ci95 for outcome in outcomes])
    return Curve(x, mean, label, 0, band=(mean - ci95, mean + ci95))
