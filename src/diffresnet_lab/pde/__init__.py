"""A field in space and time instead of points on a graph: u_t = v . grad u + sigma^2 Lap u."""

from .domain import grids_along
from .feynman_kac import Estimate, FeynmanKac
from .grid import Grid, GridField
from .semi_lagrangian import GridSolver
from .smoothing import flat_slope, smoothing_radius, steepest_slope, step_expansion
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
    "flat_slope",
    "grids_along",
    "smoothing_radius",
    "steepest_slope",
    "step_expansion",
]
