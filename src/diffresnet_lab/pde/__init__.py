"""A field in space and time instead of points on a graph: u_t = v . grad u + sigma^2 Lap u."""

from .block_grids import block_grids
from .feynman_kac import Estimate, FeynmanKac
from .grid import Grid, GridField
from .semi_lagrangian import GridSolver
from .smoothing import gradient_bound, smoothing_radius, step_lipschitz, still_gradient_bound
from .velocity import Convection, Scheme, Velocity

__all__ = [
    "Convection",
    "Estimate",
    "FeynmanKac",
    "Grid",
    "GridField",
    "GridSolver",
    "Scheme",
    "Velocity",
    "block_grids",
    "gradient_bound",
    "smoothing_radius",
    "step_lipschitz",
    "still_gradient_bound",
]
