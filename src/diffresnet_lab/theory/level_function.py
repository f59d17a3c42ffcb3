"""The piecewise linear function of Theorem 1, which takes each interval to its class's level."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from .class_intervals import ClassIntervals


@dataclass(frozen=True)
class LevelFunction:
    """h(p) = slope p + offset + sum_k slope_changes_k ReLU(p - knots_k).

    Attributes
    ----------
    knots, slope_changes : (m,)
        Where the slope changes, and by how much; each is one block of the network.
    order : (C,)
        The classes from the lowest level to the highest.
    spacing : float
        Between neighbouring levels; the middle level is 0.
    """

    slope: float
    offset: float
    knots: Float[np.ndarray, " m"]
    slope_changes: Float[np.ndarray, " m"]
    order: Int[np.ndarray, " c"]
    spacing: float

    def __call__(self, p: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
        h = self.slope * p + self.offset
        for knot, turn in zip(self.knots, self.slope_changes, strict=True):
            h = h + turn * np.maximum(p - knot, 0.0)
        return h

    @property
    def thresholds(self) -> Float[np.ndarray, " t"]:
        """Return the middles between neighbouring levels."""
        return self.spacing * (np.arange(1, len(self.order)) - 0.5 * len(self.order))


def level_function(intervals: ClassIntervals, half_extent: float) -> LevelFunction:
    """Return the function of Theorem 1: at most K - 2 knots, and one more a wide interval.

    Levels are `spacing` = max(4 half_extent, gap) apart. h is at the level of its class at both
    ends of an interval and linear across each gap, so that it is nowhere steeper than (C - 1)
    spacing / gap. Inside an interval:

    - of the lowest or the highest class (those two with the most intervals), both lines go on,
      beyond the level, until they meet: one knot, none in an outer interval;
    - of another class, if the interval is narrow (4 (C - 1) widths fit into either gap beside it):
      the lines meet at the level in its centre, one knot, and h stays within spacing / 8 of it;
    - of another class and wide: h is constant, with a knot at either end that faces a gap.

    Hence at every point h is at least spacing / 2, spacing / 4 or spacing / 2 respectively 3
    spacing / 8 away from the thresholds halfway between levels, and always more than `half_extent`.

    Parameters
    ----------
    intervals : ClassIntervals
        At least two, of at least two classes.
    half_extent : float
        What |h - threshold| must exceed.
    """
    order = _order(intervals)
    rank = np.argsort(order)[intervals.classes]
    spacing = max(4.0 * half_extent, intervals.gap)
    level = spacing * (rank - 0.5 * (len(order) - 1))
    outermost, narrow = _kinds(intervals, rank)
    centre = 0.5 * (intervals.first + intervals.last)
    # Where h comes to the level from the left, and where it leaves it to the right.
    arrive = np.where(narrow, centre, intervals.first)
    leave = np.where(narrow, centre, intervals.last)
    slopes = np.diff(level) / (arrive[1:] - leave[:-1])
    flat = ~outermost & ~narrow
    before, after = np.append(0.0, slopes), np.append(slopes, 0.0)
    # Where the lines through (arrive, level) and (leave, level) meet; a flat interval has no such
    # point.
    turn = after - before
    with np.errstate(divide="ignore", invalid="ignore"):
        meet = (after * leave - before * arrive) / turn
    inner = np.ones(len(intervals), dtype=bool)
    inner[[0, -1]] = False
    once = inner & ~flat & (turn != 0.0)
    enter, exit_ = flat & (before != 0.0), flat & (after != 0.0)
    knots = np.concatenate([meet[once], arrive[enter], leave[exit_]])
    slope_changes = np.concatenate([turn[once], -before[enter], after[exit_]])
    sort = np.argsort(knots, kind="stable")
    slope = 0.0 if flat[0] else float(slopes[0])
    return LevelFunction(
        slope, float(level[0] - slope * leave[0]), knots[sort], slope_changes[sort], order, spacing
    )


def max_knots(intervals: ClassIntervals) -> int:
    """Return K - 2 plus the wide intervals of classes between the outermost levels."""
    outermost, narrow = _kinds(intervals, np.argsort(_order(intervals))[intervals.classes])
    return len(intervals) - 2 + int((~outermost & ~narrow).sum())


def _order(intervals: ClassIntervals) -> Int[np.ndarray, " c"]:
    """Return classes by level: the two with the most intervals outermost, at one knot each."""
    by_count = np.argsort(-intervals.counts, kind="stable")
    return np.concatenate([by_count[:1], np.sort(by_count[2:]), by_count[1:2]])


def _kinds(
    intervals: ClassIntervals, rank: Int[np.ndarray, " k"]
) -> tuple[Bool[np.ndarray, " k"], Bool[np.ndarray, " k"]]:
    """Return masks of the intervals at an outermost level, and of the narrow ones among others."""
    top = len(intervals.counts) - 1
    outermost = (rank == 0) | (rank == top)
    beside = np.minimum(np.append(np.inf, intervals.gaps), np.append(intervals.gaps, np.inf))
    return outermost, ~outermost & (4.0 * top * intervals.widths <= beside)
