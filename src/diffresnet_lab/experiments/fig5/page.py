"""The page of Fig. 5: accuracy and Dirichlet energy against depth."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from ...pages.numbers import short, signed
from ...pages.plots import Axis, Curve, LinePanel, Rule, lines
from ...pages.table import Column, Row, Table, pivot, table
from ..base import Experiment, PartResult, Rows, RunConfig
from ..nodes.graphs import TITLES as GRAPHS
from .networks import TITLES
from .plan import Fig5Plan
from .study import change_rows, claim_rows, depth_rows, run_depths

FLOOR = 1e-8
"""Energies below are drawn here: the rounding of float32 features is not far."""


def depth_part(config: RunConfig, plan: Fig5Plan) -> PartResult:
    """Train the networks at every depth.

    Raises
    ------
    InputError
        If the graphs are not there.
    """
    results = run_depths(config, plan)
    rows = depth_rows(results, plan)
    changes = change_rows(results)
    claims = claim_rows(changes, plan.reaches_claim)
    by_dataset = {name: [row for row in rows if row["dataset"] == name] for name in plan.datasets}
    tables = {"claim": claim_table(claims)}
    for name, dataset_rows in by_dataset.items():
        dataset_changes = [row for row in changes if row["dataset"] == name]
        tables[f"accuracy_{name}"] = accuracy_table(dataset_rows, dataset_changes, plan)
        tables[f"energy_{name}"] = energy_table(dataset_rows)
    return PartResult(
        rows,
        values={
            "change": {row["network"]: row["relative"] for row in claims},
            "constants": {
                GRAPHS[name]: dataset_rows[0]["energy_of_constants"]
                for name, dataset_rows in by_dataset.items()
            },
            "titles": {name: GRAPHS[name] for name in by_dataset},
            "floor": FLOOR,
        },
        tables=tables,
        figures={"fig5": depth_figure(by_dataset, plan)},
        settings=asdict(plan),
    )


def network_of(row: Row) -> str:
    """Return the key of `TITLES` that a row of results is about."""
    return "gcn" if row["model"] == "gcn" else str(row["depth_of"])


def accuracy_table(rows: Rows, changes: Rows, plan: Fig5Plan) -> Table:
    """Return accuracies by depth, and their change; marked where GCN is ahead of both others."""
    ours = {
        depth: max(r["accuracy"] for r in rows if r["depth"] == depth and r["model"] != "gcn")
        for depth in plan.depths
    }
    ends = f"{plan.depths[0]} to {plan.depths[-1]}"

    def ahead(row: Row) -> bool:
        return row.get("model") == "gcn" and bool(row["accuracy"] > ours[row["depth"]])

    cells: list[dict[str, Any]] = [{**row, "network": network_of(row)} for row in rows]
    for depth, key in ((f"{ends}, points", "points"), (f"{ends}, %", "relative")):
        cells += [
            {
                "depth": depth,
                "network": row["network"],
                "accuracy": signed(row[key]),
                "standard_error": row["error"] if key == "points" else None,
            }
            for row in changes
        ]
    column = Column("", "accuracy", ".1f", error="standard_error", unfavourable=ahead)
    columns = [Column("depth", lambda row: str(row["depth"])), *column.across(TITLES)]
    return table(pivot(cells, "depth", "network"), columns, best_in_row="largest")


def energy_table(rows: Rows) -> Table:
    """Return Dirichlet energy and spread by depth, before and after training."""
    cells = [
        {
            "name": f"{row['depth']}, {measure}",
            "network": network_of(row),
            "change": f"{short(row[f'{measure}_before'])} → {short(row[f'{measure}_after'])}",
        }
        for row in rows
        for measure in ("energy", "spread")
    ]
    columns = [Column("depth", "name"), *Column("", "change").across(TITLES)]
    return table(pivot(cells, "name", "network"), columns)


def claim_table(rows: Rows) -> Table:
    """Return the change of each network beside what the paper says."""
    columns = [
        Column("Network", lambda row: TITLES[row["network"]]),
        Column("change of accuracy", "relative", lambda value: f"{signed(value)}%"),
        Column("lost at depth 32, says the paper", "claim"),
        Column("holds", "holds", unfavourable=lambda row: row["holds"] is False),
    ]
    return table(rows, columns)


def depth_figure(by_dataset: dict[str, Rows], plan: Fig5Plan) -> Figure:
    """Return accuracy above and Dirichlet energy below, a column a data set.

    Lines are trained networks, dashes untrained ones.
    """
    all_rows = [row for rows in by_dataset.values() for row in rows]
    least = min(row[key] for row in all_rows for key in ("energy_before", "energy_after"))
    energies = Axis("Dirichlet energy", "log", limits=(max(FLOOR, least) / 3, 3.0))
    above: list[LinePanel] = []
    below: list[LinePanel] = []
    for name, rows in by_dataset.items():
        accuracy, energy = [], []
        for number, (network, label) in enumerate(TITLES.items()):
            network_rows = [row for row in rows if network_of(row) == network]
            values = {
                key: np.array([row[key] for row in network_rows], float)
                for key in ("accuracy", "standard_error", "energy_before", "energy_after")
            }
            before, after = (np.maximum(values[f"energy_{m}"], FLOOR) for m in ("before", "after"))
            accuracy.append(
                Curve(plan.depths, values["accuracy"], label, error=values["standard_error"])
            )
            energy += [
                Curve(plan.depths, after, label),
                Curve(plan.depths, before, colour=number, style="dashed", hollow=True, width=1.1),
            ]
        constant = Rule(rows[0]["energy_of_constants"], style="dotted", label="alike at all nodes")
        depths = {float(depth): str(depth) for depth in plan.depths}
        first = not above
        above.append(
            LinePanel(
                accuracy,
                GRAPHS[name],
                x=Axis("", "log2", ticks=depths),
                y=Axis("accuracy, %" if first else ""),
            )
        )
        below.append(
            LinePanel(
                energy,
                x=Axis("depth", "log2", ticks=depths),
                y=energies if first else Axis("", "log", limits=energies.limits),
                rules=[constant],
            )
        )
    return lines(
        [*above, *below],
        columns=len(above),
        width=1.1 + 1.45 * max(len(above), 2),
        height=4.6,
        bold=True,
        sharex="col",
        sharey="row",
    )


EXPERIMENT = Experiment(Path(__file__).parent, {"depth": depth_part}, Fig5Plan)
