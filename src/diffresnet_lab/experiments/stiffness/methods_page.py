"""The part of the page on methods: products, time and error at equal diffusion time."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from ...pages.numbers import short
from ...pages.table import Column, Table, pivot, table
from ..base import PartResult, RunConfig
from .bench import COLUMNS, MOST_STEPS, Bench
from .figures import error_figure, measured_products, scaling_figure
from .graphs import citation_graphs, digits_graph
from .methods import METHODS, TARGETS, long_rows, method_rows
from .plan import StiffnessPlan


def methods_part(config: RunConfig, plan: StiffnessPlan) -> PartResult:
    """Compare products, time and error of three methods at equal diffusion time."""
    graphs = [digits_graph()]
    if plan.cora:
        graphs += [graph for graph in citation_graphs(config.data) if graph.name == "cora"]
    titles = {graph.name: graph.title for graph in graphs}
    rows: list[dict[str, Any]] = []
    long: list[dict[str, Any]] = []
    figures: dict[str, Figure] = {}
    for graph in graphs:
        bench = Bench(graph)
        long += long_rows(bench)
        measured = [row for time in plan.times for row in method_rows(bench, time, plan.turns)]
        rows += measured
        if graph is graphs[0]:
            figures["stiffness_methods"] = scaling_figure(measured)
            for name, time in (("short", plan.times[0]), ("long", plan.times[-1])):
                figures[f"stiffness_methods_{name}"] = error_figure(bench, time)
            least = [bench.least_steps(time) for time in (plan.times[0], plan.times[-1])]
    loose = [row for row in rows if row["target"] == TARGETS[0]]

    def times_of(method: str) -> list[float]:
        return [row["time_ratio"] for row in loose if row["method"] == method and "error" in row]

    tables = {
        f"products_{index}": products_table([r for r in rows if r["target"] == target], titles)
        for index, target in enumerate(TARGETS)
    }
    return PartResult(
        [*rows, *long],
        values={
            "targets": TARGETS,
            "columns": COLUMNS,
            "longest": [
                {"graph": titles[row["graph"]], "method": METHODS[row["method"]], **_products(row)}
                for row in loose
                if row["strength"] == plan.times[-1]
            ],
            "cases": len(rows) // len(METHODS),
            "wins": sum(_chebyshev_wins(rows, start) for start in range(0, len(rows), 3)),
            "ratios": {METHODS[m]: _range(times_of(m)) for m in ("euler", "implicit")},
            "slopes": scaling_slopes(rows[: len(rows) // len(graphs)]),
            "least": least,
            "first": graphs[0],
        },
        tables=tables | {"long": long_table(long, titles)},
        figures=figures,
        settings={"columns": COLUMNS, "precision": "float64"},
    )


def _products(row: dict[str, Any]) -> dict[str, Any]:
    return {"products": row.get("products")}


def _chebyshev_wins(rows: list[dict[str, Any]], start: int) -> bool:
    """Return whether Chebyshev needs the fewest products of the methods of one case."""
    group = [row for row in rows[start : start + len(METHODS)] if "products" in row]
    return bool(min(group, key=lambda row: row["products"])["method"] == "chebyshev")


def _range(values: list[float]) -> tuple[float, float]:
    return (min(values), max(values)) if values else (float("nan"), float("nan"))


def products_table(rows: list[dict[str, Any]], titles: dict[str, str]) -> Table:
    """Return products of each method, a row a graph and time; the fewest marked."""

    def products(row: Any) -> Any:
        if "products" in row:
            return row["products"]
        return (
            f"{row['steps']:,} steps, not run" if "steps" in row else f"over {MOST_STEPS:,} steps"
        )

    def time(row: Any) -> str:
        return f"time × {short(row['time_ratio'])}" if "time_ratio" in row else ""

    wide = pivot(rows, lambda row: (row["graph"], row["strength"]), "method")
    name = Column("Graph and time", lambda row: f"{titles[row['graph']]}, t = {row['strength']:g}")
    columns = [name, *Column("", products, detail=time).across(METHODS)]
    return table(wide, columns, best_in_row="smallest")


def long_table(rows: list[dict[str, Any]], titles: dict[str, str]) -> Table:
    """Return products at long times; the fewest marked."""
    columns = [
        Column("Graph and time", lambda r: f"{titles[r['graph']]}, t = {r['strength']:,.0f}"),
        Column("Chebyshev: exp(−tL)x", "chebyshev_products"),
        Column("One implicit step: (I + tL)⁻¹x", "implicit_products"),
    ]
    return table(rows, columns, best_in_row="smallest")


def scaling_slopes(rows: list[dict[str, Any]]) -> dict[str, float]:
    """Return the power of t by which products grow between the last two times."""
    slopes = {}
    for method, title in METHODS.items():
        x, y = measured_products(rows, method)
        if len(x) > 1:
            slopes[title] = float(np.log(y[-1] / y[-2]) / np.log(x[-1] / x[-2]))
    return slopes
