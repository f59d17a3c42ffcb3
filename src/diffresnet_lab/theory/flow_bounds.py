"""What Theorem 1 as constructed here promises, before anything is built."""

from __future__ import annotations

import math
from dataclasses import dataclass

from .heights import knots_at_most
from .runs import Runs


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


def flow_bounds(runs: Runs, spread: float, dimension: int) -> FlowBounds:
    """Bounds from K runs of C classes, their narrowest gap g, and the spread M of the points.

    Parameters
    ----------
    spread : float
        Half the extent along the direction v in which points are moved.

    Examples
    --------
    >>> import numpy as np
    >>> runs = Runs(np.array([0.0, 2.0, 4.0]), np.array([1.0, 3.0, 5.0]), np.array([0, 1, 0]))
    >>> flow_bounds(runs, spread=0.5, dimension=2)
    FlowBounds(blocks=1, strength=4.0, distance=0.17677669529663687)
    """
    if runs.whole:
        return FlowBounds(0, 0.0, 0.5 * runs.gap)
    classes = len(runs.counts)
    if dimension == 1:
        blocks = len(runs) - 2 if classes == 2 else 2 * (len(runs) - classes)
        return FlowBounds(blocks, math.inf, 0.0)
    steps = classes - 1
    share = 4.0 * math.sqrt(2.0) if steps == 1 else 8.0 * math.hypot(1.0, steps)
    return FlowBounds(
        knots_at_most(runs), 2.0 * steps * max(4.0 * spread / runs.gap, 1.0), runs.gap / share
    )
