"""Numbers that are read as they stand, and are likely no measurements."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from ..errors import Note
from .content import listed

ROWS = 20
"""Rows from which numbers can be compared with the others."""
TIMES = 3
"""Cells in which it has to stand."""
MANY = 1000
"""Numbers that show whether there are more than two."""


def suspicions(matrix: Float[np.ndarray, "n d"], names: Sequence[str]) -> tuple[Note, ...]:
    """Return a note on a number, such as -999, that stands for missing cells.

    It is the least or the greatest of several columns, or stands several times in one, and is
    farther from all other numbers there than these are from each other.
    """
    n = len(matrix)
    if n < ROWS:
        return ()
    low, high = matrix.min(axis=0).astype(np.float64), matrix.max(axis=0).astype(np.float64)
    found: dict[float, list[tuple[str, int]]] = {}
    for end in (low, high):
        whole = (end == np.rint(end)) & (high > low)
        values, times = np.unique(end[whole], return_counts=True)
        shared = set(values[times > 1].tolist())
        for column in np.flatnonzero(whole).tolist():
            cells = matrix[:, column].astype(np.float64)
            same = cells == end[column]
            count = int(same.sum())
            if 2 * count < n and (count >= TIMES or end[column] in shared):
                others = cells[~same]
                gap = np.abs(others - end[column]).min()
                if gap > others.max() - others.min() and len(np.unique(others[:MANY])) > 2:
                    found.setdefault(float(end[column]), []).append((names[column], count))
    notes = []
    for value, places in found.items():
        count = sum(each for _, each in places)
        if count >= TIMES:
            where_it_is = listed([name for name, _ in places], 3)
            notes.append(
                Note(
                    f"{value:g} stands in {count} cells of {where_it_is}, far from all other "
                    f"numbers; if it marks missing cells, fill them"
                )
            )
    return tuple(notes)
