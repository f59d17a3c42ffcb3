"""Labelled points along a direction: maximal intervals of one class, and the gaps between them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int, Shaped

from diffresnet.errors import InputError


@dataclass(frozen=True)
class ClassIntervals:
    """K intervals of classified points on a line, neighbours being of different classes.

    Neighbouring subsets of one class are one interval, so that K is at most the number of subsets.

    Attributes
    ----------
    first, last : (K,)
        Positions of the outermost points of each interval.
    classes : (K,)
        Index of the class of each.
    """

    first: Float[np.ndarray, " k"]
    last: Float[np.ndarray, " k"]
    classes: Int[np.ndarray, " k"]

    def __len__(self) -> int:
        return len(self.classes)

    @property
    def widths(self) -> Float[np.ndarray, " k"]:
        return self.last - self.first

    @property
    def gaps(self) -> Float[np.ndarray, " g"]:
        """Return the widths of the K - 1 gaps."""
        return self.first[1:] - self.last[:-1]

    @property
    def middles(self) -> Float[np.ndarray, " g"]:
        """Return the middles of the K - 1 gaps, where the separating planes stand."""
        return 0.5 * (self.first[1:] + self.last[:-1])

    @property
    def gap(self) -> float:
        """Return the width of the narrowest gap; infinite for a single interval."""
        return float(self.gaps.min(initial=np.inf))

    @property
    def counts(self) -> Int[np.ndarray, " c"]:
        """Return the number of intervals of each class."""
        return np.bincount(self.classes)

    @property
    def one_per_class(self) -> bool:
        """Return whether each class is one interval: planes across the line then separate them."""
        return len(np.unique(self.classes)) == len(self)

    def mirrored(self) -> ClassIntervals:
        """Return the intervals of the mirrored line."""
        return ClassIntervals(-self.last[::-1], -self.first[::-1], self.classes[::-1])


def class_intervals(
    positions: Float[np.ndarray, " n"], classes: Int[np.ndarray, " n"]
) -> ClassIntervals:
    """Return the intervals of classified points on a line.

    Raises
    ------
    InputError
        If points of two classes are at one position.

    Examples
    --------
    >>> intervals = class_intervals(np.array([0.0, 1.0, 3.0, 7.0]), np.array([0, 0, 1, 0]))
    >>> intervals.classes.tolist(), intervals.gaps.tolist()
    ([0, 1, 0], [2.0, 4.0])
    """
    order = np.lexsort((classes, positions))
    p, c = positions[order], classes[order]
    ends = np.flatnonzero(np.diff(c))
    intervals = ClassIntervals(
        p[np.append(0, ends + 1)], p[np.append(ends, len(p) - 1)], c[np.append(ends, -1)]
    )
    shared = intervals.first[1:][intervals.gaps <= 0.0]
    if len(shared):
        raise InputError(
            f"this direction does not separate the classes: {int(np.isin(p, shared).sum())} of "
            f"{len(p)} points lie at one position with a point of another class; take another "
            f"direction, or diffuse first"
        )
    return intervals


def refuse_overlap(positions: Float[np.ndarray, " n"], subsets: Shaped[np.ndarray, " n"]) -> None:
    """Refuse subsets that overlap: Theorem 1 needs one subset between neighbouring planes.

    Raises
    ------
    InputError
        If some point lies in the interval that another subset spans.
    """
    order = np.lexsort((positions, subsets))
    p, s = positions[order], subsets[order]
    ends = np.flatnonzero(s[1:] != s[:-1])
    low = np.sort(p[np.append(0, ends + 1)])
    high = np.sort(p[np.append(ends, len(p) - 1)])
    # Intervals begun less intervals ended: how many hold the point, its own among them.
    inside = np.searchsorted(low, p, side="right") - np.searchsorted(high, p, side="left")
    overlapping = int((inside > 1).sum())
    if overlapping:
        raise InputError(
            f"this direction does not separate the subsets: {overlapping} of {len(p)} points lie "
            f"between points of another subset; take another direction, or diffuse first"
        )
