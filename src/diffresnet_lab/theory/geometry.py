"""Diameter D, distance L and their ratio: how well separated labelled subsets are."""

from __future__ import annotations

import math
from bisect import bisect
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import accumulate

import torch
from jaxtyping import Float, Shaped
from torch import Tensor

from diffresnet.errors import InputError

from .diameter import diameter
from .pairs import distances
from .separation import separation

SMALL = 512
"""Up to here all pairs are measured: finding out which ones matter would take longer."""

CHUNK = 1024
CHUNK_ELSEWHERE = 4096
"""Rows compared at once on a CPU, whose cache they should fit, and on other devices."""


@dataclass(frozen=True)
class SubsetGeometry:
    """D and L of the structured data assumption (Section IV-A).

    Attributes
    ----------
    diameter : float
        D, the largest distance between two points of one subset.
    distance : float
        L, the smallest distance between points of two subsets; infinite if there is only one.
    diameters : mapping
        The diameter of each subset, by its label. Not compared by ==.
    closest : pair of labels, or None
        The two subsets that are `distance` apart. Not compared by ==.
    """

    diameter: float
    distance: float
    diameters: Mapping[int | float, float] = field(default_factory=dict, compare=False)
    closest: tuple[int | float, int | float] | None = field(default=None, compare=False)

    @property
    def ratio(self) -> float:
        """Return L / D."""
        return self.distance / self.diameter if self.diameter > 0 else float("inf")


def subset_geometry(points: Float[Tensor, "n d"], subsets: Shaped[Tensor, " m"]) -> SubsetGeometry:
    """Compute D and L of labelled points, exact to rounding, on their device.

    Memory is a copy of the points and a few blocks of `CHUNK` x `CHUNK`; no n x n matrix is held.
    Distances are differences of coordinates in the precision of the points, so that a D far
    below the rounding of inner products is right too.

    Parameters
    ----------
    points : (n, d)
        Finite. Half precision is computed in float32.
    subsets : (n,) integers

    Raises
    ------
    InputError
        If there is no point, a point without a subset, or a value that is NaN or infinite.

    Examples
    --------
    >>> x = torch.tensor([[0.0, 0.0], [0.0, 1.0], [4.0, 0.0], [9.0, 0.0]])
    >>> geometry = subset_geometry(x, torch.tensor([0, 0, 1, 2]))
    >>> geometry.diameter, geometry.distance, geometry.ratio, geometry.closest
    (1.0, 4.0, 4.0, (0, 1))
    """
    if points.shape[0] != subsets.shape[0] or points.shape[0] == 0:
        raise InputError("geometry needs at least one point, and one subset a point")
    if points.shape[1] == 0:
        raise InputError("geometry needs points with at least one coordinate")
    x = points.detach()
    x = x if x.dtype in (torch.float32, torch.float64) else x.float()
    largest = float(x.abs().max())
    if not math.isfinite(largest):
        raise InputError("the points have values that are NaN or infinite; fill or drop those rows")
    # By a power of two, so that no digit changes and no square overflows.
    scale = 2.0 ** math.frexp(largest)[1] if largest > 0.0 else 1.0
    labels, index, counts = torch.unique(
        subsets.to(x.device), return_inverse=True, return_counts=True
    )
    names, sizes = labels.tolist(), counts.tolist()
    x = x[index.argsort(stable=True)] / scale
    if len(x) <= SMALL:
        return _all_pairs(x, sizes, names, scale)
    chunk = CHUNK if x.device.type == "cpu" else CHUNK_ELSEWHERE
    diameters = {
        name: scale * diameter(part, chunk) if len(part) > 1 else 0.0
        for name, part in zip(names, x.split(sizes), strict=True)
    }
    distance, closest = separation(x, sizes, chunk)
    return SubsetGeometry(
        max(diameters.values()),
        scale * distance,
        diameters,
        None if closest is None else (names[closest[0]], names[closest[1]]),
    )


def _all_pairs(
    x: Float[Tensor, "n d"], sizes: list[int], names: list[int | float], scale: float
) -> SubsetGeometry:
    """Measure all pairs of few points, sorted by subset."""
    apart = distances(x, x)
    ends = list(accumulate(sizes))
    blocks = [
        apart[end - size : end, end - size : end] for size, end in zip(sizes, ends, strict=True)
    ]
    inner = torch.stack([block.max() for block in blocks]).tolist()
    for block in blocks:
        block.fill_(torch.inf)
    first, second = divmod(int(apart.argmin()), len(x))
    distance = float(apart[first, second])
    closest = None
    if len(sizes) > 1:
        closest = (names[bisect(ends, first)], names[bisect(ends, second)])
    diameters = {name: scale * value for name, value in zip(names, inner, strict=True)}
    return SubsetGeometry(scale * max(inner), scale * distance, diameters, closest)
