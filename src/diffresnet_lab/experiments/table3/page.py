"""The page of Table III: accuracies, and paired differences from each of our methods."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ...pages.table import Column
from ..base import Experiment, PartResult, Rows, RunConfig
from ..fewshot.published import published_rows, published_table
from ..fewshot.results import (
    MethodResult,
    accuracy_table,
    difference_table,
    differences,
    grouped,
    method_settings,
)
from ..fewshot.sources import source_values
from .study import BALANCED, Table3Plan, run_table

OURS = ("internal", "best", "best_balanced")
"""What the others are compared to, task by task."""

HEADLINE = "best"
"""The one of ours that findings are about."""

BALANCED_PRIOR = ("pt_map", *BALANCED)
"""Methods that take it as given that all classes have equally many queries."""


def table_part(config: RunConfig, plan: Table3Plan) -> PartResult:
    """Run every method, and compare ours to the others task by task."""
    return table_result(config, plan, run_table(config, plan))


def table_result(
    config: RunConfig, plan: Table3Plan, results: Sequence[MethodResult]
) -> PartResult:
    """Return rows, tables and numbers of results: a table of differences for each of ours."""
    published = published_rows("laplacian_shot", "stronger_transductive")
    titles = {each.name: each.title for each in results}
    count = Column("tasks", "tasks")
    less = Column("less", "other")
    tables, shown = {"published": published_table(published)}, []
    for group in grouped(results):
        source = group[0].task_config.feature_set.source
        values: dict[str, Any] = {
            "title": source.title,
            "accuracies": f"accuracies_{source.name}",
            "differences": [],
            "first": group[0].task_config.title,
            "rivals": closest_rivals(group),
        }
        tables[values["accuracies"]] = accuracy_table(group, after=[count])
        for name in filter(titles.__contains__, OURS):
            pairs = [(name, other) for other in titles if other != name]
            key = f"{name}_{source.name}"
            tables[key] = difference_table(differences(group, pairs), less)
            values["differences"].append({"title": titles[name], "table": key})
        shown.append(values)
    return PartResult(
        [result.row() for result in results] + published,
        values={
            "groups": shown,
            "headline": titles.get(HEADLINE),
            "own_transform": list(dict.fromkeys(r.title for r in results if r.configured.note)),
            "balanced_prior": [titles[name] for name in BALANCED_PRIOR if name in titles],
            **source_values(config, plan),
        },
        tables=tables,
        settings={
            "tasks": plan.tasks,
            "tasks_of_some": dict(plan.tasks_by_method),
            "classes": plan.classes,
            "threads": plan.jobs,
            **method_settings(results),
        },
    )


def closest_rivals(group: Sequence[MethodResult]) -> Rows:
    """Return our headline method beside the best other one that assumes no balance.

    Returns
    -------
    Rows "task", "accuracy", "ci95" of ours, "rival", and "difference", "difference_ci95" from it.
    """
    rows = []
    for ours in (each for each in group if each.name == HEADLINE):
        rivals = [
            each
            for each in group
            if each.task_config == ours.task_config and each.name not in (*OURS, *BALANCED_PRIOR)
        ]
        if not rivals:
            continue
        rival = max(rivals, key=lambda each: each.outcome.summary.mean)
        (difference,) = differences([ours, rival], [(HEADLINE, rival.name)])
        rows.append(
            {
                "task": ours.task_config.title,
                "accuracy": ours.outcome.summary.mean,
                "ci95": ours.outcome.summary.ci95,
                "rival": rival.title,
                "difference": difference["difference"],
                "difference_ci95": difference["ci95"],
            }
        )
    return rows


EXPERIMENT = Experiment(Path(__file__).parent, {"table": table_part}, Table3Plan)
