"""The field on a grid: characteristics for the convection, cosines for the diffusion."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import scipy.fft
import torch
from jaxtyping import Float
from torch import Tensor

from diffresnet.errors import InputError
from diffresnet.flow import HeatFlow, diffuse

from .grid import Grid, GridField, interpolate, spline
from .velocity import Convection, Scheme, check_noise, noise_times, step


@dataclass(frozen=True)
class GridSolver:
    """Solver of u_t = v(x, t) . grad u + sigma^2 Lap u on a rectangle, from u(., 0) = f to T.

    Convection is semi-Lagrangian: u(x, t + dt) = u(y, t), where y is where the flow takes x in a
    time dt, by cubic interpolation. It is stable for any dt. Diffusion is exact in time.

    Walls reflect the diffusion, and what flows in from outside has the value at the nearest point
    of the wall. Classifiers are not constant there, so the answer holds inside only, as far from
    the walls as the noise reaches, 3 sigma sqrt(2 T) or more; `Grid.widened` measures what is
    left of them.

    Parameters
    ----------
    sigma, substeps
        As in `FeynmanKac`: dt = 1 / substeps.
    scheme : {"strang", "network"}
        See `Scheme`. At the same scheme and substeps the field is the exact mean of `FeynmanKac`,
        but for what the grid does not resolve; with "network" that of the noisy network itself.
    diffusion : {"cosine", "graph"}
        The cosine transform, exact in space too for what the grid resolves; or the exact heat
        flow along the graph of the grid, the same operator that moves points in Diff-ResNet, with
        an error of order h^2.
    """

    sigma: float
    substeps: int = 8
    scheme: Scheme = "strang"
    diffusion: Literal["cosine", "graph"] = "cosine"

    def __post_init__(self) -> None:
        check_noise(self.sigma, self.substeps, self.scheme)
        if self.diffusion not in ("cosine", "graph"):
            raise InputError(f'diffusion must be "cosine" or "graph", not {self.diffusion!r}')

    def __call__(
        self,
        convection: Convection,
        values: Callable[[Tensor], Tensor],
        grids: Grid | Sequence[Grid],
    ) -> GridField:
        """Return the field at time T, on the grid of the first block.

        Parameters
        ----------
        values : f, (m, 2) -> (m, c), in float64: the field at time 0.
        grids : one for all, or one for each block in the order of the network: see `block_grids`.
        """
        by_block = [grids] * convection.time if isinstance(grids, Grid) else list(grids)
        if not by_block or len(by_block) != convection.time:
            raise InputError(f"{convection.time} blocks need as many grids, not {len(by_block)}")
        dt = 1.0 / self.substeps
        # Backwards in the order of the network: what the particle meets last is done first.
        after, before = noise_times(self.scheme, dt)
        with torch.no_grad():
            grid = by_block[-1]
            u = values(grid.nodes()).T.reshape(-1, *grid.shape).numpy().astype(np.float64)
            diffusion = self._diffusion(grid)
            waiting = 0.0  # diffusion between two steps of convection is done at once
            for t in range(convection.time):
                block_grid = by_block[-1 - t]
                if block_grid != grid:
                    u = GridField(grid, u)(block_grid.nodes().numpy()).T.reshape(
                        -1, *block_grid.shape
                    )
                    grid, diffusion = block_grid, self._diffusion(block_grid)
                feet = step(self.scheme, convection.at(t), grid.nodes(), dt)
                index = grid.index(feet.numpy())
                for _ in range(self.substeps):
                    u = diffusion(u, self.sigma**2 * (waiting + before))
                    u = interpolate(np.stack([spline(part) for part in u]), index)
                    u = u.reshape(-1, *grid.shape)
                    waiting = after
            return GridField(grid, diffusion(u, self.sigma**2 * waiting))

    def _diffusion(self, grid: Grid) -> Callable[[np.ndarray, float], np.ndarray]:
        """Return the function (u, time) -> exp(time Lap) u."""
        if self.diffusion == "cosine":
            rates = cosine_rates(grid)
            return lambda u, time: cosine_flow(u, rates, time) if time > 0.0 else u
        laplacian = grid.laplacian()

        def along_graph(u: np.ndarray, time: float) -> np.ndarray:
            columns = torch.from_numpy(u.reshape(len(u), -1).T.copy())
            return diffuse(laplacian, columns, HeatFlow(time, tol=1e-9)).T.numpy().reshape(u.shape)

        return along_graph


def cosine_rates(grid: Grid) -> Float[np.ndarray, "nx ny"]:
    """Return the eigenvalues |pi k / side|^2 of minus the Laplacian with reflecting walls.

    They belong to cos(pi k (i + 1/2) / n), the columns of the cosine transform at cell centres.
    """
    along = [
        (np.pi * np.arange(n) / (n * h)) ** 2 for n, h in zip(grid.shape, grid.spacing, strict=True)
    ]
    return along[0][:, None] + along[1]


def cosine_flow(
    u: Float[np.ndarray, "c nx ny"], rates: Float[np.ndarray, "nx ny"], time: float
) -> Float[np.ndarray, "c nx ny"]:
    """Apply exp(-time rates) in the cosine basis."""
    spectrum = scipy.fft.dctn(u, type=2, axes=(1, 2), norm="ortho")
    return scipy.fft.idctn(np.exp(-time * rates) * spectrum, type=2, axes=(1, 2), norm="ortho")
