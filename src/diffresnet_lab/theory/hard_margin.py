"""The direction of widest gaps in one order of the subsets: a hard-margin problem, exactly."""

from __future__ import annotations

import numpy as np
import scipy.optimize
from jaxtyping import Float

from .subsets import SortedSubsets

# Rounds of new constraints, and the relative gap between bounds at which they stop.
ROUNDS, TOL = 60, 1e-9


def hard_margin_direction(
    data: SortedSubsets, direction: Float[np.ndarray, " d"]
) -> Float[np.ndarray, " d"]:
    """Return the unit direction with the widest smallest gap that orders the subsets alike.

    With the order fixed, every gap is at least g where u . (x - y) >= g for all x of a subset and y
    of the one before it. The largest g over unit vectors u is the distance of the origin from the
    convex hull of all such x - y, the hard margin of a linear classifier. Only extreme points
    matter, so the constraints are found in rounds: solve with those that there are, add the most
    violated between each two neighbours.

    Returns the direction itself where the order of its projected middles cannot be separated.
    """
    subsets = data.each()
    projected = [subset @ direction for subset in subsets]
    order = np.argsort([p.min() + p.max() for p in projected])
    subsets = [subsets[k] for k in order]
    best, widest = direction, 0.0
    u, cuts = direction, np.empty((0, len(direction)))
    for _ in range(ROUNDS):
        projected = [subset @ u for subset in subsets]
        low = np.stack([subset[p.argmin()] for subset, p in zip(subsets, projected, strict=True)])
        high = np.stack([subset[p.argmax()] for subset, p in zip(subsets, projected, strict=True)])
        between = low[1:] - high[:-1]
        gap = float((between @ u).min())
        if gap > widest:
            best, widest = u, gap
        cuts = np.concatenate([cuts, between])
        solved = _farthest_from_origin(cuts)
        if solved is None or float((cuts @ solved).min()) <= widest * (1.0 + TOL):
            break
        u = solved
    return best


def _farthest_from_origin(rows: Float[np.ndarray, "m d"]) -> Float[np.ndarray, " d"] | None:
    """Return the unit vector u with the largest min_k u . rows_k, or None if none is positive.

    Least distance programming (Lawson and Hanson, chapter 23): the vector of least norm with
    rows . v >= 1, from the residual of a non-negative least squares problem.
    """
    scale = float(np.linalg.norm(rows, axis=1).max())
    if scale == 0.0:
        return None
    system = np.vstack([rows.T / scale, np.ones(len(rows))])
    target = np.append(np.zeros(rows.shape[1]), 1.0)
    try:
        weights, distance = scipy.optimize.nnls(system, target)
    except RuntimeError:  # it gave up after too many iterations
        return None
    residual = target - system @ weights
    # The residual's last entry is its squared length: zero where the hull holds the origin.
    if distance < 1e-7 or residual[-1] <= 0.0:
        return None
    u = -residual[:-1]
    length = float(np.linalg.norm(u))
    return u / length if length > 0.0 else None
