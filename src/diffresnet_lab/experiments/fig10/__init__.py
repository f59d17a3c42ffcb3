"""Fig. 10: what diffusion steps cost and bring, at the same total strength."""

from __future__ import annotations

from ..experiment import Experiment, Part, Setup
from .section import cost_section, finding
from .study import QUICK, TWO_CORES, Plan, cost_rows, run_costs


def fig10(setup: Setup, plan: Plan | None = None) -> Part:
    """Cost and accuracy against r, by the plan for two cores if none is given.

    Raises
    ------
    InputError
        If there are no features.
    """
    if plan is None:
        plan = QUICK if setup.quick else TWO_CORES
    found = run_costs(setup, plan)
    settings = {
        "steps": list(plan.steps),
        "tasks": plan.tasks,
        "timed_tasks": plan.timed,
        "classes": plan.classes,
        "threads_while_timing": 1,
    }
    return Part(cost_section(found, plan, setup), cost_rows(found), finding(found, plan), settings)


EXPERIMENT = Experiment(
    "fig10", "What diffusion steps cost and bring in few-shot tasks (Fig. 10)", {"cost": fig10}
)
