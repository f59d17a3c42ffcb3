"""Stiffness (appendix A): how long a diffusion step may be, and what to do about it."""

from __future__ import annotations

from ..experiment import Experiment
from .bounds import bounds_part
from .edge import edge_part
from .methods import methods_part
from .region import region_part
from .steps import steps_part

EXPERIMENT = Experiment(
    "stiffness",
    "Stiffness: how long a diffusion step may be (appendix A)",
    {
        "bounds": bounds_part,
        "region": region_part,
        "edge": edge_part,
        "methods": methods_part,
        "steps": steps_part,
    },
)
