"""Grids that follow the particles of a window of the plane: one for each block."""

from __future__ import annotations

import numpy as np
import torch
from jaxtyping import Float

from .feynman_kac import FeynmanKac
from .grid import Grid
from .velocity import Convection

PARTICLES = 4096
# Share of the particles that may lie outside the grid of a block at each of its four sides.
OUTSIDE = 1e-3
MARGIN = 0.1


def block_grids(
    convection: Convection,
    window: Grid,
    sigma: float,
    substeps: int,
    cells: int,
    seed: int = 0,
) -> tuple[Grid, ...]:
    """Return a grid for each block, first block first, that holds the particles of a window.

    A trained flow spreads points until they are far apart: one rectangle for all of its time would
    be too coarse at the start or too small at the end. Each grid here is the box of 4,096 noisy
    particles during a block, less one in a thousand at each side, and a margin of a tenth.

    Parameters
    ----------
    window : the rectangle in which the answer is wanted; the first grid holds all of it.
    cells : along the longer side of each grid.
    seed : of the particles.
    """
    generator = torch.Generator().manual_seed(seed)
    low, high = torch.tensor([window.low, window.high], dtype=torch.float64)
    x = low + (high - low) * torch.rand(PARTICLES, 2, generator=generator, dtype=torch.float64)
    x[:4] = torch.cartesian_prod(*torch.stack([low, high], dim=1))
    step = FeynmanKac(sigma, substeps, antithetic=False)
    grids = []
    with torch.no_grad():
        for k, velocity in enumerate(convection.layers):
            ends = step.endpoints(Convection((velocity,)), x, generator, samples=1)[0]
            inside = [_bulk(x), _bulk(ends)] + ([x[:4].numpy()] if k == 0 else [])
            corners = np.concatenate(inside)
            margin = MARGIN * float(np.ptp(corners, axis=0).max())
            grids.append(Grid.around(corners, margin, cells))
            x = ends
    return tuple(grids)


def _bulk(x: torch.Tensor) -> Float[np.ndarray, "2 2"]:
    return np.quantile(x.numpy(), [OUTSIDE, 1.0 - OUTSIDE], axis=0)
