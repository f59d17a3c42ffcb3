"""The page of Fig. 10: time and accuracy against the number of diffusion steps."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from ...pages.numbers import signed
from ...pages.plots import Axis, Curve, LinePanel, lines
from ...pages.table import Column, Table, table
from ..base import Experiment, PartResult, Rows, RunConfig
from ..fewshot.panels import accuracy_curve, panel_grid
from ..fewshot.runs import accuracy_difference
from ..fewshot.sources import source_values
from .study import Fig10Plan, StepCost, run_costs

WAYS = {"plain loop": "plain_seconds_per_task", "exact shortcut": "exact_seconds_per_task"}
"""Who trains -> the key of its seconds."""

TICKS = [m * 10.0**e for e in range(-1, 6) for m in (1, 3)]


def cost_part(config: RunConfig, plan: Fig10Plan) -> PartResult:
    """Measure cost and accuracy against r."""
    return cost_result(config, plan, run_costs(config, plan))


def cost_result(
    config: RunConfig, plan: Fig10Plan, groups: Sequence[Sequence[StepCost]]
) -> PartResult:
    """Return rows, a table for each feature set and number of shots, and the figure of all."""
    shown = [group_values(group, f"cost_{index}") for index, group in enumerate(groups)]
    return PartResult(
        [cost.row() for group in groups for cost in group],
        values={"groups": shown, **source_values(config, plan)},
        tables={each["table"]: cost_table(each["rows"]) for each in shown},
        figures={"fig10": cost_figure(groups, len(plan.shots))},
        settings={
            "steps": list(plan.steps),
            "tasks": plan.tasks,
            "timed_tasks": plan.timed,
            "classes": plan.classes,
            "threads_while_timing": 1,
        },
    )


def group_values(group: Sequence[StepCost], name: str) -> dict[str, Any]:
    """Return what the text calls a feature set and number of shots.

    Its rows say besides what the most steps are ahead by.
    """
    first, last = group[0], group[-1]
    rows = []
    for cost in group:
        row = cost.row()
        if 0 < cost.steps < last.steps:
            difference = accuracy_difference(last.outcome, cost.outcome)
            row |= {"most_less_this": difference.mean, "difference_ci95": difference.ci95}
        rows.append(row)
    return {
        "title": first.task_config.full_title,
        "table": name,
        "rows": rows,
        "first": rows[0],
        "last": rows[-1],
    }


def cost_table(rows: Rows) -> Table:
    """Return times by r, how much longer than without diffusion, and accuracies."""

    none = rows[0]

    def time(way: str, key: str) -> Column:
        def longer(row: Any) -> str:
            if not none["steps"] == 0 < row["steps"]:
                return ""
            return f"{signed(100.0 * (row[key] / none[key] - 1.0), 0)}%"

        return Column(f"{way}, ms", lambda row: 1e3 * row[key], ",.0f", detail=longer)

    plain, exact = WAYS.values()
    columns = [
        Column("r", "steps"),
        Column("γ", lambda row: row["gamma"] if row["steps"] else None, ".3g"),
        *(time(way, key) for way, key in WAYS.items()),
        Column("ratio", lambda row: row[plain] / row[exact], ".1f"),
        Column("alike, %", "same_predictions", ".1f"),
        Column("accuracy, %", "accuracy", ".2f", error="ci95"),
        Column(
            f"r = {rows[-1]['steps']} less this, points",
            "most_less_this",
            "+.2f",
            error="difference_ci95",
            verdict=True,
        ),
    ]
    return table(rows, columns)


def cost_figure(groups: Sequence[Sequence[StepCost]], columns: int) -> Figure:
    """Return two panels for each group: milliseconds above, accuracy below.

    Parameters
    ----------
    columns : groups side by side, of which each feature set fills a row.
    """
    panels = panel_grid(groups, columns, _milliseconds, _accuracy)
    height = 3.9 * (len(groups) // columns) + 0.35
    return lines(panels, columns=columns, width=5.6, height=height, bold=True)


def _milliseconds(group: Sequence[StepCost], leftmost: bool) -> LinePanel:
    steps = [cost.steps for cost in group]
    curves = [
        Curve(steps, [1e3 * cost.row()[key] for cost in group], way) for way, key in WAYS.items()
    ]
    task_config = group[0].task_config
    title = f"{task_config.feature_set.title}\n{task_config.title}"
    y = Axis("ms a task (log scale)" if leftmost else "", "log", ticks=TICKS)
    return LinePanel(curves, title, x=Axis(ticks=dict.fromkeys(steps, "")), y=y)


def _accuracy(group: Sequence[StepCost], leftmost: bool) -> LinePanel:
    steps = [cost.steps for cost in group]
    curve = accuracy_curve(steps, [cost.outcome for cost in group])
    y = Axis("accuracy, %" if leftmost else "", bins=4)
    return LinePanel([curve], x=Axis("diffusion steps r", ticks=steps), y=y)


EXPERIMENT = Experiment(Path(__file__).parent, {"cost": cost_part}, Fig10Plan)
