"""The paper's future work: a diffusion PDE instead of an ODE, on the plane."""

from __future__ import annotations

from ..experiment import Experiment
from .agreement_section import agreement
from .robustness_section import robustness

EXPERIMENT = Experiment(
    "pde",
    "From points on a graph to a field: the convection-diffusion PDE",
    {"agreement": agreement, "robustness": robustness},
)
