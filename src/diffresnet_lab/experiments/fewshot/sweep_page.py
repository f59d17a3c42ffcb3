"""Tables and the figure of a sweep; what the page says is in `sweep.md.j2`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.figure import Figure

from ...pages.numbers import verdict
from ...pages.plots import Axis, Curve, LinePanel, Rule, lines
from ...pages.table import Column, Table, table
from ..base import PartResult, Rows, RunConfig
from .panels import accuracy_curve, panel_grid
from .sources import source_values
from .sweep import Sweep, SweepPlan, SweptSetting, sweep_rows


def sweep_result(
    config: RunConfig,
    plan: SweepPlan,
    setting: SweptSetting,
    sweeps: Sequence[Sweep],
    figure: str,
    values: Mapping[str, Any] | None = None,
) -> PartResult:
    """Return the numbers of a figure's sweeps, a table for each, and the figure of all.

    Parameters
    ----------
    figure : str
        Name of the figure.
    values : what the figure's own text names besides.
    """
    rows = [sweep_rows(sweep, setting.column) for sweep in sweeps]
    marked = [_marked(sweep, each) for sweep, each in zip(sweeps, rows, strict=True)]
    names = [f"sweep_{number}" for number in range(len(sweeps))]
    return PartResult(
        [row for each in rows for row in each],
        values={
            "symbol": setting.symbol,
            "column": setting.column,
            "figure": figure,
            "sweeps": [
                {
                    "title": sweep.task_config.full_title,
                    "table": name,
                    "rows": each,
                    "best": each[sweep.best],
                    "default": each[sweep.default],
                }
                for sweep, name, each in zip(sweeps, names, marked, strict=True)
            ],
            **source_values(config, plan),
            **(values or {}),
        },
        tables={name: sweep_table(each, setting) for name, each in zip(names, marked, strict=True)},
        figures={figure: sweep_figure(sweeps, setting, len(plan.shots))},
        settings={
            "tasks": plan.tasks,
            "classes": plan.classes,
            "threads": plan.jobs,
            setting.column: sorted({value for sweep in sweeps for value in sweep.values}),
        },
    )


def sweep_table(rows: Rows, setting: SweptSetting) -> Table:
    """Return accuracies by value; only the default is marked where it is behind the best."""
    columns = [
        Column(
            setting.symbol,
            lambda row: f"{row[setting.column]:.3g}" + " (chosen)" * row["is_default"],
        ),
        Column("accuracy, %", "accuracy", ".2f", error="ci95", best="largest"),
        Column(
            "less the best",
            lambda row: None if row["is_best"] else row["less_best"],
            "+.2f",
            error="less_best_ci95",
            detail=lambda row: None if row["is_best"] else row["verdict"],
            unfavourable=lambda row: row["is_default"] and row["verdict"] == "behind",
        ),
    ]
    if "past_bound" in rows[0]:
        columns.append(Column("past the bound, %", "past_bound", ".0f"))
    return table(rows, columns)


def sweep_figure(sweeps: Sequence[Sweep], setting: SweptSetting, columns: int) -> Figure:
    """Return a panel for each sweep: accuracy with its band, and below it the share past a bound.

    Parameters
    ----------
    columns : panels side by side, of which each feature set fills whole rows.
    """
    shares = sweeps[0].past_bound is not None
    rows = len(sweeps) // columns

    def accuracy(sweep: Sweep, leftmost: bool) -> LinePanel:
        return LinePanel(
            [accuracy_curve(sweep.values, sweep.outcomes, "Diff-ResNet")],
            f"{sweep.task_config.feature_set.title}\n{sweep.task_config.title}",
            x=_value_axis(sweep, setting, lowest=not shares),
            y=Axis("accuracy, %" if leftmost else "", bins=5),
            rules=[Rule(sweep.values[sweep.default], across="x", label="chosen setting")],
        )

    def share(sweep: Sweep, leftmost: bool) -> LinePanel:
        label = "past the\nbound, %" if leftmost else ""
        return LinePanel(
            [Curve(sweep.values, sweep.past_bound or (), colour=1)],
            x=_value_axis(sweep, setting, lowest=True),
            y=Axis(label, ticks=(0, 50, 100), limits=(-8.0, 108.0)),
            rules=[Rule(sweep.values[sweep.default], across="x")],
        )

    kinds, ratios, height = [accuracy], [2.2], 2.3
    if shares:
        kinds, ratios, height = [accuracy, share], [2.2, 1.0], 3.1
    return lines(
        panel_grid(sweeps, columns, *kinds),
        columns=columns,
        width=5.6,
        height=height * rows + 0.35,
        bold=True,
        height_ratios=ratios * rows,
    )


def _marked(sweep: Sweep, rows: Rows) -> Rows:
    return [
        row
        | {
            "is_best": index == sweep.best,
            "is_default": index == sweep.default,
            "verdict": verdict(row["less_best"], row["less_best_ci95"]),
        }
        for index, row in enumerate(rows)
    ]


def _value_axis(sweep: Sweep, setting: SweptSetting, lowest: bool) -> Axis:
    """Return the axis of the values, which are written below the lowest panel only."""
    label = setting.symbol if lowest else ""
    if not setting.logarithmic:
        return Axis(label)
    places = spaced_ticks(sweep.values, sweep.values[sweep.default])
    # No longer than five characters between 0.01 and 1000.
    texts = {place: f"{place:.2g}" if place < 0.1 else f"{place:.3g}" for place in places}
    return Axis(label, "log", ticks=texts if lowest else dict.fromkeys(places, ""))


def spaced_ticks(values: Sequence[float], kept: float, labels: int = 6) -> list[float]:
    """Return values that can be written side by side on a logarithmic axis, `kept` among them."""
    least = (max(values) / min(values)) ** (1.0 / labels)
    ticks = [kept]
    for value in values:
        if all(max(value / tick, tick / value) >= least for tick in ticks):
            ticks.append(value)
    return sorted(ticks)
