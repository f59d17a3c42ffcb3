"""Diameter D, distance L and their ratio: how well separated labelled subsets are."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float, Shaped
from torch import Tensor

from ..errors import InputError

CHUNK = 4096


@dataclass(frozen=True)
class SubsetGeometry:
    """D and L of the structured data assumption (Section IV-A).

    Attributes
    ----------
    diameter : float
        The largest distance between two points of one subset.
    distance : float
        The smallest distance between points of two subsets; infinite if there is only one.
    """

    diameter: float
    distance: float

    @property
    def ratio(self) -> float:
        """L / D."""
        return self.distance / self.diameter if self.diameter > 0 else float("inf")


def subset_geometry(points: Float[Tensor, "n d"], subsets: Shaped[Tensor, " m"]) -> SubsetGeometry:
    """Exact D and L of labelled points, in chunks: no n x n matrix is held.

    Parameters
    ----------
    points : (n, d)
    subsets : (n,) integers
    """
    if points.shape[0] != subsets.shape[0] or points.shape[0] == 0:
        raise InputError("geometry needs at least one point, and one subset a point")
    diameter, distance = 0.0, float("inf")
    for start in range(0, len(points), CHUNK):
        rows, own = points[start : start + CHUNK], subsets[start : start + CHUNK]
        for at in range(start, len(points), CHUNK):
            # Differences, not inner products: late in a flow D is far below rounding of those.
            d = torch.cdist(
                rows, points[at : at + CHUNK], compute_mode="donot_use_mm_for_euclid_dist"
            )
            same = own[:, None] == subsets[None, at : at + CHUNK]
            diameter = max(diameter, float(torch.where(same, d, 0.0).max()))
            distance = min(distance, float(torch.where(same, torch.inf, d).min()))
    return SubsetGeometry(diameter, distance)
