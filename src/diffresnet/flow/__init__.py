"""Moving features along a graph: explicit Euler (the paper), exact heat flow, implicit Euler."""

from .boundary import diffuse_with_boundary
from .diffuse import diffuse
from .euler import ExplicitEuler
from .geometry import SubsetGeometry, subset_geometry
from .heat import HeatFlow
from .implicit import ImplicitEuler
from .integrator import Integrator

__all__ = [
    "ExplicitEuler",
    "HeatFlow",
    "ImplicitEuler",
    "Integrator",
    "SubsetGeometry",
    "diffuse",
    "diffuse_with_boundary",
    "subset_geometry",
]
