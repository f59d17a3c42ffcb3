"""Points sorted by the subset they belong to, so that a segment of rows is a subset."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from diffresnet.errors import InputError


@dataclass(frozen=True)
class SortedSubsets:
    """Points of N subsets, sorted by subset and shifted to have mean zero.

    Attributes
    ----------
    points : (n, d)
    starts : (N,)
        The row at which each subset begins; none is empty.
    shift : (d,)
        What was taken off every point.
    """

    points: Float[np.ndarray, "n d"]
    starts: Int[np.ndarray, " N"]
    shift: Float[np.ndarray, " d"]

    def __len__(self) -> int:
        return len(self.starts)

    @property
    def sizes(self) -> Int[np.ndarray, " N"]:
        """Return the number of points of each subset."""
        return np.diff(np.append(self.starts, len(self.points)))

    @property
    def means(self) -> Float[np.ndarray, "N d"]:
        """Return the mean of each subset."""
        sums = np.add.reduceat(self.points, self.starts, axis=0)
        return np.asarray(sums / self.sizes[:, None])

    def each(self) -> list[Float[np.ndarray, "_ d"]]:
        """Return the points of each subset."""
        return np.split(self.points, self.starts[1:])


def sorted_subsets(
    points: Float[np.ndarray, "n d"], subsets: Int[np.ndarray, " m"]
) -> SortedSubsets:
    """Sort points by subset.

    Parameters
    ----------
    points : (n, d)
    subsets : (n,)
        A number for each point; those of one subset have the same. Any integers.

    Raises
    ------
    InputError
        If there are no points or no coordinates, another number of subsets than of points, or
        values that are not finite.
    """
    if points.size == 0 or len(points) != len(subsets):
        raise InputError(
            f"there must be at least one point and one subset a point, not points "
            f"{points.shape} and {len(subsets)} subsets"
        )
    if not np.isfinite(points).all():
        raise InputError("the points have values that are NaN or infinite; fill or drop those rows")
    order = np.argsort(subsets, kind="stable")
    x = points[order].astype(np.float64)
    shift = x.mean(axis=0)
    _, starts = np.unique(subsets[order], return_index=True)
    return SortedSubsets(x - shift, starts, shift)
