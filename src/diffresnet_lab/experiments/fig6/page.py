"""The page of Fig. 6: the rows of a task in the plane, before diffusion and after."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from ...pages.plots import ScatterPanel, scatter_grid, square_around
from ...pages.table import Column, table
from ..base import Experiment, PartResult, RunConfig
from ..fewshot.plan import TaskPlan
from ..fewshot.sources import FeatureSet, source_values
from .study import PERPLEXITY, TASK, TaskFeatures, embedded, task_features

FIRST = "cifarfs_efficientnet-lite0"
"""The source whose figure has no other name than that of the experiment."""


def tsne_part(config: RunConfig, plan: TaskPlan) -> PartResult:
    """Show the first task of each list, before diffusion and after it."""
    results = task_features(config, plan)
    sets = list(dict.fromkeys(result.task_config.feature_set for result in results))
    shown = [task_values(result) for result in results]
    columns = [
        Column("", "title"),
        Column(
            "nearest prototype before, %", lambda row: row["before"]["nearest_prototype"], ".1f"
        ),
        Column("after, %", lambda row: row["after"]["nearest_prototype"], ".1f"),
        Column("network, %", lambda row: row["after"]["network"], ".1f"),
        Column("within / between before", lambda row: row["before"]["tightness"], ".2f"),
        Column("after", lambda row: row["after"]["tightness"], ".2f"),
    ]
    return PartResult(
        [row for result in results for row in result.rows()],
        values={
            "tasks": shown,
            "figures": [
                {
                    "name": figure_name(feature_set),
                    "title": feature_set.title,
                    "tasks": [each for each in shown if each["set"] == feature_set.title],
                }
                for feature_set in sets
            ],
            **source_values(config, plan),
        },
        tables={"tasks": table(shown, columns)},
        figures={
            figure_name(each): tasks_figure(
                [r for r in results if r.task_config.feature_set == each], config
            )
            for each in sets
        },
        settings={"task": TASK, "perplexity": PERPLEXITY, "classes": plan.classes},
    )


def task_values(result: TaskFeatures) -> dict[str, Any]:
    """Return what the text calls a task."""
    before, after = result.rows()
    return {
        "title": result.task_config.full_title,
        "set": result.task_config.feature_set.title,
        "list": result.task_config.title,
        "settings": result.task_config.diff_resnet().settings,
        "before": before,
        "after": after,
    }


def figure_name(feature_set: FeatureSet) -> str:
    """Return the name of the figure's file."""
    name = feature_set.source.name
    return "fig6" if name == FIRST else f"fig6_{name}"


def tasks_figure(results: Sequence[TaskFeatures], config: RunConfig) -> Figure:
    """Return a line of two panels for each task: labelled rows are stars."""
    panels = [
        ScatterPanel(
            places,
            result.hidden.classes,
            f"{result.task_config.title}, {name}",
            frame=square_around(places, 1.12),
            labelled=result.hidden.labelled,
            numbered=True,
            size=62.0 * min(1.0, 150 / len(places)),
        )
        for result in results
        for name, features in (("before", result.hidden.before), ("after", result.hidden.after))
        for places in (embedded(features, config.seed),)
    ]
    height = 2.75 * len(results) + 0.35
    return scatter_grid(panels, width=5.6, height=height, stars=True)


EXPERIMENT = Experiment(Path(__file__).parent, {"t-sne": tsne_part}, TaskPlan)
