"""The diameter of a set of points, without looking at every pair."""

from __future__ import annotations

import torch
from jaxtyping import Float
from scipy.spatial import ConvexHull, QhullError
from torch import Tensor

from .pairs import farthest

# Above this dimension a hull has so many faces that it costs more than it saves.
HULL_DIMENSION = 3
FEW = 64
SWEEPS = 3


def diameter(points: Float[Tensor, "n d"], chunk: int) -> float:
    """Return max |x_i - x_j|, to rounding.

    In the plane and in space, on a CPU, only the corners of the convex hull are compared: the
    distance to a fixed point is a convex function and so is largest at a corner. What is left is
    sorted by the distance r_i to a centre, and pairs with r_i + r_j no larger than a distance
    already found are passed over.

    Parameters
    ----------
    points : (n, d), n >= 1
    chunk : how many rows are compared with as many at once.
    """
    if points.device.type == "cpu" and 1 < points.shape[1] <= HULL_DIMENSION < FEW <= len(points):
        points = hull_corners(points)
    centre = points.mean(0)
    radius, order = (points - centre).norm(dim=1).sort(descending=True)
    x = points[order]
    best = _sweep(x)
    for start in range(0, len(x), chunk):
        r = float(radius[start])
        if 2.0 * r <= best:
            break
        # Radii fall, so the rows that may be far enough from this chunk are the first ones.
        end = int((radius > best - r).sum())
        for begin in range(start, end, chunk):
            best = farthest(x[start : start + chunk], x[begin : min(begin + chunk, end)], best)
    return best


def hull_corners(points: Float[Tensor, "n d"]) -> Float[Tensor, "m d"]:
    """Return the corners of the convex hull; all points where they span no volume."""
    # Late in a flow the set is tiny and far from the origin: it is moved there by a difference,
    # which is exact, and blown up.
    moved = points.double() - points[0].double()
    size = float(moved.abs().max())
    if size == 0.0:
        return points[:1]
    try:
        corners = ConvexHull((moved / size).numpy()).vertices
    except QhullError:  # on a line or in a plane
        return points
    return points[torch.from_numpy(corners).long()]


def _sweep(x: Float[Tensor, "n d"]) -> float:
    """Return a distance that is nearly the largest: from point to farthest point, in sweeps."""
    best, index = 0.0, 0
    for _ in range(SWEEPS):
        far = (x - x[index]).norm(dim=1)
        index = int(far.argmax())
        best = max(best, float(far[index]))
    return best
