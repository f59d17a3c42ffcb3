"""Fig. 5: what depth does to a GCN and to Diff-ResNet, in accuracy and in Dirichlet energy."""

from __future__ import annotations

from dataclasses import asdict

from ..experiment import Experiment, Part, Setup
from .section import depth_section, finding
from .study import QUICK, TWO_CORES, DepthPlan, depth_rows, run_depths


def fig5(setup: Setup, plan: DepthPlan | None = None) -> Part:
    """The figure, by the plan for two cores if none is given.

    Raises
    ------
    InputError
        If the graphs are not there.
    """
    if plan is None:
        plan = QUICK if setup.quick else TWO_CORES
    points = run_depths(setup, plan)
    return Part(
        depth_section(points, plan),
        depth_rows(points, plan),
        finding(points, plan),
        asdict(plan),
    )


EXPERIMENT = Experiment("fig5", "How deep a network may be (Fig. 5)", {"depth": fig5})
