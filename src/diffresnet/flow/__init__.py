"""Moving features along a graph: explicit Euler (the paper), exact heat flow, implicit Euler."""

from .boundary import diffuse_with_boundary
from .diffuse import diffuse
from .euler import ExplicitEuler
from .heat import HeatFlow
from .implicit import ImplicitEuler
from .integrator import Integrator
from .precomputed import flow_map

__all__ = [
    "ExplicitEuler",
    "HeatFlow",
    "ImplicitEuler",
    "Integrator",
    "diffuse",
    "diffuse_with_boundary",
    "flow_map",
]
