"""Tables and a figure of models in several cases, and what one model is ahead of others."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from matplotlib.figure import Figure

from ...nodes.registry import registered_spec
from ...pages.plots import Axis, Curve, LinePanel, lines
from ...pages.table import Column, Row, Table, pivot, table
from ..base import Rows
from ..nodes.graphs import TITLES
from ..nodes.results import judge_row
from .study import OURS, PAPERS, RIVALS

KINDS = {"rewired": "edges rewired", "flipped": "features flipped", "wrong": "labels wrong"}
"""Key of a row -> kind of corruption."""

DODGE = 0.012
"""Neighbouring curves stand so much of the panel's width apart, for the bars to be seen."""


def model_title(name: str) -> str:
    """Return a model as pages name it."""
    return registered_spec(name).title


def damage_name(row: Row) -> str:
    """Return kind and share of a row's corruption."""
    shares = {title.split()[0]: row[key] for key, title in KINDS.items()}
    return next((f"{kind} {share:.0%}" for kind, share in shares.items() if share), "none")


def graph_name(row: Row) -> str:
    """Return the graph of a row, and how its features are scaled."""
    return TITLES[row["dataset"]] + (", length 1" if row["unit_rows"] else "")


def standings(rows: Rows, case: Callable[[Row], str]) -> Rows:
    """Return what our model is ahead of each of its rivals, in all_rows case in which it is run."""
    return [
        {
            "title": case(row),
            "ours": model_title(OURS),
            "rivals": [
                {
                    "title": model_title(rival),
                    "points": row[f"over_{rival}"],
                    "error": row[f"over_{rival}_error"],
                }
                for rival in RIVALS
                if row[f"over_{rival}"] is not None
            ],
        }
        for row in rows
        if row["model"] == OURS
    ]


def points_lost(rows: Rows, key: str, share: float) -> dict[str, float]:
    """Return title -> points that a corruption costs, for our model and its rivals."""
    accuracy = {(row["model"], damage_name(row)): row["accuracy"] for row in rows}
    corrupted = damage_name({**dict.fromkeys(KINDS, 0.0), key: share})
    return {
        model_title(model): accuracy[model, "none"] - accuracy[model, corrupted]
        for model in (OURS, *RIVALS)
        if (model, corrupted) in accuracy
    }


def case_tables(name: str, rows: Rows, case: Callable[[Row], str], header: str) -> dict[str, Table]:
    """Return accuracies, a row a model and a column a case, and differences to the rivals."""
    cases = list(dict.fromkeys(case(row) for row in rows))
    accuracy = Column("", "accuracy", ".1f", error="standard_error", best="largest")
    titled = Column(header, lambda row: model_title(row["model"]))
    tables = {name: table(pivot(rows, "model", case), [titled, *accuracy.across(cases)])}
    if pairs := difference_rows(rows):
        verdict = judge_row("points", "error")
        points = Column("", "points", "+.1f", error="error", verdict=verdict)
        columns = [Column(header, "pair"), *points.across(cases)]
        tables[f"{name}_differences"] = table(pivot(pairs, "pair", case), columns)
    return tables


def difference_rows(rows: Rows) -> Rows:
    """Return a row for each difference between a Diff-ResNet and a rival in a case."""
    return [
        {
            **row,
            "pair": f"{model_title(model).removeprefix('Diff-ResNet, ')} − {model_title(rival)}",
            "points": row[f"over_{rival}"],
            "error": row[f"over_{rival}_error"],
        }
        for rival in RIVALS
        for model in (OURS, PAPERS)
        for row in rows
        if row["model"] == model and row[f"over_{rival}"] is not None
    ]


def rows_of_kind(rows: Rows, key: str) -> Rows:
    """Return the rows of one kind of corruption, and those of the graph as it is."""
    others = [other for other in KINDS if other != key]
    return [row for row in rows if not any(row[other] for other in others)]


def level_figure(
    panels: dict[str, Rows],
    level: Callable[[Row], float],
    label: str,
    logarithmic: bool = False,
) -> Figure:
    """Return accuracies against the level of something, a panel each, a curve a model.

    Parameters
    ----------
    level : of a row.
    logarithmic : bool
        Whether equal factors of the level are equal lengths.
    """
    all_rows = [row for rows in panels.values() for row in rows]
    models = list(dict.fromkeys(row["model"] for row in all_rows))
    levels = np.array(sorted({level(row) for row in all_rows}), float)
    places = np.log(levels) if logarithmic else levels
    width = float(np.ptp(places)) or 1.0
    x = Axis(
        label,
        ticks={float(p): f"{value:g}" for p, value in zip(places, levels, strict=True)},
        limits=(places[0] - 0.08 * width, places[-1] + 0.08 * width),
    )
    line_panels = []
    for index, (title, rows) in enumerate(panels.items()):
        curves = []
        for number, model in enumerate(models):
            model_rows = [row for row in rows if row["model"] == model]
            if model_rows:
                shift = DODGE * width * (number - (len(models) - 1) / 2)
                positions = (
                    places[np.searchsorted(levels, [level(row) for row in model_rows])] + shift
                )
                means = [row["accuracy"] for row in model_rows]
                errors = np.array([row["standard_error"] for row in model_rows], float)
                curves.append(
                    Curve(positions, means, model_title(model), number, error=errors, width=1.3)
                )
        y = Axis("" if index % 2 else "accuracy, %")
        line_panels.append(LinePanel(curves, title, x=x, y=y))
    height = 2.3 * -(-len(panels) // 2) + 0.7 * (len(panels) % 2 == 0 or len(panels) == 1)
    return lines(
        line_panels, width=5.6, height=height, legend_columns=3, legend_free=True, sharey=True
    )
