"""Table I: Diff-ResNet and every baseline on three citation graphs, under one protocol."""

from __future__ import annotations

from ..experiment import Experiment, Part, Setup
from .ablation import ablation
from .plan import QUICK, TWO_CORES, Plan
from .section import table_section
from .study import all_runs, left_out, run_table, table_rows
from .words import finding


def table1(setup: Setup, plan: Plan | None = None) -> Part:
    """The table, by the plan for two cores if none is given.

    Raises
    ------
    InputError
        If the graphs are not there.
    """
    if plan is None:
        plan = QUICK if setup.quick else TWO_CORES
    results = run_table(setup, plan)
    settings = {
        "splits_and_inits": str(plan.counts),
        "of_some_models": "; ".join(f"{model} {counts}" for model, counts in plan.own.items()),
        "at_most_on": "; ".join(f"{data} {counts}" for data, counts in plan.caps.items()),
        "epochs": plan.epochs,
        "device": plan.device,
        "labels_per_class": 20,
        "validation_per_class": 30,
        "left_out": list(left_out(plan)),
    }
    return Part(
        table_section(results, plan, left_out(plan)),
        table_rows(results),
        finding(results, "" if plan.trained else f"After at most {plan.epochs} epochs: "),
        settings,
        all_runs(results),
    )


EXPERIMENT = Experiment(
    "table1",
    "Diff-ResNet and its rivals on citation graphs (Table I)",
    {"table": table1, "ablation": ablation},
)
