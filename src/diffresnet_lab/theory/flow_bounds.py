"""Bounds on the network of Theorem 1, before it is built."""

from __future__ import annotations

import math
from dataclasses import dataclass

from .class_intervals import ClassIntervals
from .level_function import max_knots


@dataclass(frozen=True)
class FlowBounds:
    """Bounds on the network of `separating_flow`, proved in its documentation.

    Attributes
    ----------
    blocks : int
        At most so many; exactly so many for two classes, and where no block is needed.
    strength : float
        No block's |v s| is larger: how much a unit of position moves a point. Infinite, for
        unknown, on a line.
    distance : float
        No moved point is nearer to the plane between its class and another one. 0 on a line.
    """

    blocks: int
    strength: float
    distance: float


def flow_bounds(intervals: ClassIntervals, half_extent: float, dimension: int) -> FlowBounds:
    """Return the bounds for K intervals of C classes with narrowest gap g.

    Parameters
    ----------
    half_extent : float
        M: half the extent of the points along the direction v in which they are moved.

    Examples
    --------
    >>> import numpy as np
    >>> first, last = np.array([0.0, 2.0, 4.0]), np.array([1.0, 3.0, 5.0])
    >>> intervals = ClassIntervals(first, last, np.array([0, 1, 0]))
    >>> flow_bounds(intervals, half_extent=0.5, dimension=2)
    FlowBounds(blocks=1, strength=4.0, distance=0.17677669529663687)
    """
    if intervals.one_per_class:
        return FlowBounds(0, 0.0, 0.5 * intervals.gap)
    classes = len(intervals.counts)
    if dimension == 1:
        blocks = len(intervals) - 2 if classes == 2 else 2 * (len(intervals) - classes)
        return FlowBounds(blocks, math.inf, 0.0)
    steps = classes - 1
    share = 4.0 * math.sqrt(2.0) if steps == 1 else 8.0 * math.hypot(1.0, steps)
    return FlowBounds(
        max_knots(intervals),
        2.0 * steps * max(4.0 * half_extent / intervals.gap, 1.0),
        intervals.gap / share,
    )
