"""Moving features along a graph: explicit Euler (the paper), exact heat flow, implicit Euler."""

from .boundary import diffuse_with_boundary
from .conductance import Conductance, EdgeStopping, PLaplacian
from .diffuse import diffuse
from .euler import ExplicitEuler
from .geometry import SubsetGeometry, subset_geometry
from .heat import HeatFlow
from .implicit import ImplicitEuler
from .integrator import Integrator
from .nonlinear import diffuse_nonlinear, reweighed_graph
from .precomputed import flow_map

__all__ = [
    "Conductance",
    "EdgeStopping",
    "ExplicitEuler",
    "HeatFlow",
    "ImplicitEuler",
    "Integrator",
    "PLaplacian",
    "SubsetGeometry",
    "diffuse",
    "diffuse_nonlinear",
    "diffuse_with_boundary",
    "flow_map",
    "reweighed_graph",
    "subset_geometry",
]
