"""A rectangle of the plane cut into cells, and fields on it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import scipy.ndimage
import scipy.sparse
import torch
from jaxtyping import Float
from torch import Tensor

from diffresnet.errors import InputError
from diffresnet.operators import SparseLaplacian


@dataclass(frozen=True)
class Grid:
    """Equal cells of a rectangle; values stand at their centres.

    Parameters
    ----------
    low, high : the corners (x, y) of the rectangle.
    shape : cells along x and along y.
    """

    low: tuple[float, float]
    high: tuple[float, float]
    shape: tuple[int, int]

    def __post_init__(self) -> None:
        if not all(a < b for a, b in zip(self.low, self.high, strict=True)):
            raise InputError(f"a grid needs low < high, not {self.low} and {self.high}")
        if min(self.shape) < 4:
            raise InputError(f"a grid needs at least 4 cells along each axis, not {self.shape}")

    @classmethod
    def around(cls, points: Float[np.ndarray, "n 2"], margin: float, cells: int) -> Grid:
        """Return a box of points and a margin: square cells, `cells` on its long side."""
        low, high = points.min(0) - margin, points.max(0) + margin
        spacing = float((high - low).max()) / cells
        shape = np.maximum(4, np.ceil((high - low) / spacing - 1e-9)).astype(int)
        centre = (low + high) / 2
        low, high = centre - shape * spacing / 2, centre + shape * spacing / 2
        return cls(
            (float(low[0]), float(low[1])),
            (float(high[0]), float(high[1])),
            (int(shape[0]), int(shape[1])),
        )

    @property
    def spacing(self) -> tuple[float, float]:
        """Return h, the sides of a cell."""
        return (
            (self.high[0] - self.low[0]) / self.shape[0],
            (self.high[1] - self.low[1]) / self.shape[1],
        )

    def refined(self, factor: int = 2) -> Grid:
        """Return the same rectangle with `factor` times as many cells along each axis."""
        return replace(self, shape=(factor * self.shape[0], factor * self.shape[1]))

    def widened(self, factor: float) -> Grid:
        """Return about the same cells on a rectangle `factor` times as long and as wide."""
        centre = np.add(self.low, self.high) / 2
        cells = np.ceil(np.multiply(self.shape, factor)).astype(int)
        half = cells * np.array(self.spacing) / 2
        low, high = centre - half, centre + half
        return Grid(
            (float(low[0]), float(low[1])),
            (float(high[0]), float(high[1])),
            (int(cells[0]), int(cells[1])),
        )

    def nodes(self) -> Float[Tensor, "m 2"]:
        """Return the centres of all cells, x slowest."""
        axes = [
            low + (torch.arange(cells, dtype=torch.float64) + 0.5) * h
            for low, cells, h in zip(self.low, self.shape, self.spacing, strict=True)
        ]
        return torch.cartesian_prod(*axes)

    def index(self, points: Float[np.ndarray, "n 2"]) -> Float[np.ndarray, "2 n"]:
        """Return the places of points in cells; one outside is taken to the wall next to it."""
        index = (points - self.low) / self.spacing - 0.5
        return np.clip(index, -0.5, np.array(self.shape) - 0.5).T

    def laplacian(self) -> SparseLaplacian:
        """Return the Laplacian of the grid: neighbouring cells are linked with weight 1 / h^2.

        Its L tends to minus the Laplacian of the plane with reflecting walls as h -> 0, so that
        the diffusion of points along a graph and that of a field are one operator.
        """
        (nx, ny), (hx, hy) = self.shape, self.spacing

        def path(n: int) -> scipy.sparse.dia_array:
            return scipy.sparse.diags_array([np.ones(n - 1), np.ones(n - 1)], offsets=[-1, 1])

        weights = scipy.sparse.kron(path(nx) / hx**2, scipy.sparse.eye_array(ny)) + (
            scipy.sparse.kron(scipy.sparse.eye_array(nx), path(ny) / hy**2)
        )
        return SparseLaplacian(weights.tocsr(), symmetry="symmetric", dtype=torch.float64)


@dataclass(frozen=True)
class GridField:
    """Field of c values on a grid.

    Parameters
    ----------
    values : (c, nx, ny)
    """

    grid: Grid
    values: Float[np.ndarray, "c nx ny"]

    @cached_property
    def _splines(self) -> Float[np.ndarray, "c nx ny"]:
        return np.stack([spline(of_one) for of_one in self.values])

    def __call__(self, points: Float[np.ndarray, "n 2"]) -> Float[np.ndarray, "n c"]:
        """Return the field at points, by cubic splines; outside, its value at the nearest wall."""
        return interpolate(self._splines, self.grid.index(points)).T

    def gradient_norm(self) -> Float[np.ndarray, "c nx ny"]:
        """Return |grad u| at the cells, by central differences."""
        parts = np.gradient(self.values, *self.grid.spacing, axis=(1, 2))
        return np.hypot(*parts)


def spline(values: Float[np.ndarray, "nx ny"]) -> Float[np.ndarray, "nx ny"]:
    """Return the coefficients of the cubic spline through values mirrored at the walls."""
    return scipy.ndimage.spline_filter(values, order=3, mode="reflect")


def interpolate(
    splines: Float[np.ndarray, "c nx ny"], index: Float[np.ndarray, "2 n"]
) -> Float[np.ndarray, "c n"]:
    """Evaluate cubic splines at fractional indices."""
    return np.stack(
        [
            scipy.ndimage.map_coordinates(of_one, index, order=3, mode="reflect", prefilter=False)
            for of_one in splines
        ]
    )
