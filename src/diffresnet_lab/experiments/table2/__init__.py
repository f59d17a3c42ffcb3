"""Table II: five ways to classify the same few-shot tasks, with diffusion inside and outside."""

from __future__ import annotations

from ..experiment import Experiment, Part, Setup
from ..fewshot.cases import case_rows, method_settings
from ..fewshot.quoted import SHARED, quoted_rows
from .plan import QUICK, TWO_CORES, Plan
from .section import finding, table_section
from .study import run_table


def table2(setup: Setup, plan: Plan | None = None) -> Part:
    """The table, by the plan for two cores if none is given.

    Raises
    ------
    InputError
        If there are no features.
    """
    if plan is None:
        plan = QUICK if setup.quick else TWO_CORES
    results = run_table(setup, plan)
    return Part(
        table_section(results, plan, setup),
        case_rows(results) + quoted_rows(SHARED),
        finding(results, plan),
        {
            "tasks": plan.tasks,
            "classes": plan.classes,
            "threads": plan.jobs,
            **method_settings(results),
        },
    )


EXPERIMENT = Experiment(
    "table2", "Diffusion inside, outside, and not at all (Table II)", {"table": table2}
)
