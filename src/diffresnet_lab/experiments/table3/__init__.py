"""Table III: few-shot methods with every trick, on balanced and on unequal queries."""

from __future__ import annotations

from ..experiment import Experiment, Part, Setup
from ..fewshot.cases import case_rows, method_settings
from ..fewshot.quoted import SHARED, STRONGER, quoted_rows
from .plan import QUICK, TWO_CORES, Plan
from .section import finding, table_section
from .study import run_table


def table3(setup: Setup, plan: Plan | None = None) -> Part:
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
        case_rows(results) + quoted_rows((*SHARED, *STRONGER)),
        finding(results, plan),
        {
            "tasks": plan.tasks,
            "tasks_of_some": dict(plan.own),
            "classes": plan.classes,
            "threads": plan.jobs,
            **method_settings(results),
        },
    )


EXPERIMENT = Experiment("table3", "Few-shot tasks with every trick (Table III)", {"table": table3})
