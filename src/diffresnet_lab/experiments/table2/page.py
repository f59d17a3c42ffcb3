"""The page of Table II: accuracies, and paired differences."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ...pages.table import Column
from ..base import Experiment, PartResult, RunConfig
from ..fewshot.published import published_rows, published_table
from ..fewshot.results import (
    MethodResult,
    accuracy_table,
    difference_table,
    differences,
    grouped,
    method_settings,
)
from ..fewshot.runs import failed_tasks
from ..fewshot.sources import source_values
from .study import Table2Plan, run_table

PAIRS = (
    ("internal", "external"),
    ("internal", "convection"),
    ("external", "convection"),
    ("internal", "laplacian_shot"),
)
"""Methods that are compared, task by task."""

FEATURES = {"raw": "raw features", "unit": "centred, length 1"}

TERMS = {
    "nearest_prototype": "neither",
    "laplacian_shot": "diffusion alone",
    "convection": "convection alone",
    "external": "diffusion in the loss",
    "internal": "diffusion in the network",
}
"""The two terms of the paper's equation that a method has, and where the second one stands."""


def table_part(config: RunConfig, plan: Table2Plan) -> PartResult:
    """Run the five methods, and compare them task by task."""
    return table_result(config, plan, run_table(config, plan))


def table_result(
    config: RunConfig, plan: Table2Plan, results: Sequence[MethodResult]
) -> PartResult:
    """Return rows, tables and numbers of results: two tables a feature set and kind of rows."""
    published = published_rows("laplacian_shot")
    terms = Column("what moves", lambda row: TERMS.get(row["method"], ""))
    pair = Column("Methods", lambda row: f"{row['one']} − {row['other']}")
    tables, shown = {"published": published_table(published)}, []
    for group in grouped(results):
        values = group_values(group)
        tables[values["accuracies"]] = accuracy_table(group, before=[terms])
        tables[values["differences"]] = difference_table(differences(group, PAIRS), pair)
        shown.append(values)
    return PartResult(
        [result.row() for result in results] + published,
        values={"groups": shown, **source_values(config, plan)},
        tables=tables,
        settings={
            "tasks": plan.tasks,
            "classes": plan.classes,
            "threads": plan.jobs,
            **method_settings(results),
        },
    )


def group_values(group: Sequence[MethodResult]) -> dict[str, Any]:
    """Return what the text calls a group: a feature set and what was done to its rows."""
    first = group[0]
    feature_set = first.task_config.feature_set
    key = f"{feature_set.source.name}_{first.features}"
    return {
        "title": f"{feature_set.title}, {FEATURES[first.features]}",
        "accuracies": f"accuracies_{key}",
        "differences": f"differences_{key}",
        "tasks": len(first.outcome.accuracy),
        "queries": first.task_config.queries,
        "first": first.task_config.title,
        "internal": differences(group, PAIRS[:1]),
        "failures": [
            {"task": each.task_config.title, "method": each.title, "share": share}
            for each in group
            if (share := failed_tasks(each.outcome)) >= 0.5
        ],
    }


EXPERIMENT = Experiment(Path(__file__).parent, {"table": table_part}, Table2Plan)
