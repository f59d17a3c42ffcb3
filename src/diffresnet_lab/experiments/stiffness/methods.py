"""Explicit Euler, implicit Euler and Chebyshev at equal strength: error against cost."""

from __future__ import annotations

from typing import Any

from diffresnet.flow import HeatFlow, ImplicitEuler

from ...pages.section import Cell, Picture, Section, Table
from ...pages.words import short
from ..experiment import Part, Setup
from .bench import COLUMNS, MOST_STEPS, Bench, Run
from .graphs import citation_graphs, digits_graph
from .method_pictures import TARGETS, TITLES, chosen, error_picture, scaling_picture

LONG = (1e1, 1e3, 1e5)


def methods_part(setup: Setup) -> Part:
    """Products, time and error of three methods at equal strength."""
    graphs = [digits_graph()]
    if not setup.quick:
        graphs += [graph for graph in citation_graphs(setup) if graph.name == "cora"]
    strengths = (0.5, 5.0, 50.0) if setup.quick else (0.5, 2.0, 10.0, 50.0, 200.0)
    rows: list[dict[str, Any]] = []
    pictures: list[Picture] = []
    long: list[dict[str, Any]] = []
    for graph in graphs:
        bench = Bench(graph)
        long += _long_rows(bench)
        own = [row for t in strengths for row in _rows(bench, t, 3 if setup.quick else 5)]
        rows += own
        if graph is graphs[0]:
            pictures += [scaling_picture(own, graph)]
            pictures += [error_picture(bench, strengths[0], "short")]
            pictures += [error_picture(bench, strengths[-1], "long")]
    titles = {graph.name: graph.title for graph in graphs}
    section = Section(
        title="Explicit Euler, implicit Euler and Chebyshev at equal strength",
        text=(
            "All three approximate exp(−tL)x, and all three spend their time on products with L. "
            "Explicit Euler takes r of them, and r must be at least tλ_max/2. Implicit Euler may "
            "take any step, but solves a linear system in each. The Chebyshev expansion that "
            "HeatFlow uses is always stable and its degree grows like the square root of t.",
            "The error is measured against the eigendecomposition, for data of mean 0, relative "
            "to what the exact flow leaves of them: after a long time that is little, and "
            "an error is to be small beside it. Each method runs with the fewest steps, or the "
            "loosest tolerance, that reach the error asked for; products inside solvers are "
            "counted. The bound on the spectrum, which explicit Euler and Chebyshev both need, "
            "is found once a graph and is in neither count nor time.",
            *_verdicts(rows, long, titles),
        ),
        tables=(
            *(_table(rows, titles, target) for target in TARGETS),
            _long_table(long, titles),
        ),
        galleries=((pictures[0],), tuple(pictures[1:])),
    )
    return Part(
        section,
        [*rows, *long],
        _finding(rows, titles),
        {"columns": COLUMNS, "precision": "float64"},
    )


def _rows(bench: Bench, strength: float, repeats: int) -> list[dict[str, Any]]:
    rows = []
    for target in TARGETS:
        found = {method: bench.cheapest(method, strength, target) for method in TITLES}
        runs = {method: run for method, run in found.items() if isinstance(run, Run)}
        spent = dict(zip(runs, bench.seconds(list(runs.values()), repeats), strict=True))
        for method, run in found.items():
            row: dict[str, Any] = {
                "graph": bench.graph.name,
                "strength": strength,
                "target": target,
                "method": method,
            }
            if isinstance(run, Run):
                row |= {
                    "steps": run.flow.steps,
                    "products": run.products,
                    "error": run.error,
                    "seconds": spent[method],
                    "time_ratio": spent[method] / spent["chebyshev"],
                }
            elif run is not None:
                row["steps"] = run
            rows.append(row)
    return rows


def _long_rows(bench: Bench) -> list[dict[str, Any]]:
    """Products of one implicit step of length t, and of exp(-tL), each to 1e-6 of x."""
    rows = []
    for strength in LONG:
        row: dict[str, Any] = {"graph": bench.graph.name, "strength": strength, "tolerance": 1e-6}
        for method, flow in (
            ("chebyshev", HeatFlow(strength, tol=1e-6)),
            ("implicit", ImplicitEuler(strength, tol=1e-6)),
        ):
            row[f"{method}_products"] = bench.run(flow, bench.start.numpy()).products
        rows.append(row)
    return rows


def _long_table(rows: list[dict[str, Any]], titles: dict[str, str]) -> Table:
    lines = []
    for row in rows:
        counts = (row["chebyshev_products"], row["implicit_products"])
        cells = tuple(Cell(f"{count:,}", best=count == min(counts)) for count in counts)
        lines.append((f"{titles[row['graph']]}, t = {row['strength']:,.0f}", cells))
    return Table(
        caption="Products with L at long times, to 10⁻⁶",
        header=("Graph and strength", "Chebyshev: exp(−tL)x", "One implicit step: (I + tL)⁻¹x"),
        rows=tuple(lines),
        note="Two different filters of the same strength: a single implicit step is no "
        "approximation of the flow. It is what label propagation solves.",
    )


def _table(rows: list[dict[str, Any]], titles: dict[str, str], target: float) -> Table:
    lines = []
    for graph, title in titles.items():
        of_graph = chosen(rows, graph=graph, target=target)
        for strength in dict.fromkeys(row["strength"] for row in of_graph):
            group = chosen(of_graph, strength=strength)
            least = min(row["products"] for row in group if "products" in row)
            cells = tuple(_cell(row, least) for row in group)
            lines.append((f"{title}, t = {strength:g}", cells))
    return Table(
        caption=f"Products with L for an error of at most {target:g}",
        header=("Graph and strength", *TITLES.values()),
        rows=tuple(lines),
        note="Fewest products are bold. Time is that of the processor, relative to Chebyshev in "
        "the same row: medians of runs that took turns, on one thread, "
        f"{COLUMNS} columns in float64.",
    )


def _cell(row: dict[str, Any], least: int) -> Cell:
    if "products" in row:
        spread = f"time × {short(row['time_ratio'])}"
        return Cell(f"{row['products']:,}", spread, best=row["products"] == least)
    steps = f"{row['steps']:,}" if "steps" in row else f"over {MOST_STEPS:,}"
    return Cell(f"{steps} steps, not run")


def _verdicts(
    rows: list[dict[str, Any]], long: list[dict[str, Any]], titles: dict[str, str]
) -> list[str]:
    """Which method is best when, in words."""
    winners: dict[str, list[str]] = {}
    for graph, title in titles.items():
        for target in TARGETS:
            group = chosen(rows, graph=graph, target=target)
            for strength in dict.fromkeys(row["strength"] for row in group):
                done = [row for row in chosen(group, strength=strength) if "products" in row]
                best = min(done, key=lambda row: int(row["products"]))
                where = f"{title} at t = {strength:g} to {target:g}"
                winners.setdefault(TITLES[best["method"]], []).append(where)
    if len(winners) == 1:
        told = [
            f"{next(iter(winners))} needs the fewest products on every graph, at every strength "
            "and for both errors."
        ]
    else:
        told = [
            f"{name} needs the fewest products on {', '.join(w)}." for name, w in winners.items()
        ]
    for method in ("euler", "implicit"):
        ratios = [
            row["time_ratio"]
            for row in chosen(rows, method=method, target=TARGETS[0])
            if "time_ratio" in row
        ]
        told.append(
            f"{TITLES[method]} takes {short(min(ratios))} to {short(max(ratios))} times as long as "
            f"Chebyshev for an error of {TARGETS[0]:g}."
        )
    fewer = [
        f"{titles[row['graph']]} at t = {row['strength']:,.0f}"
        for row in long
        if row["implicit_products"] < row["chebyshev_products"]
    ]
    if fewer:
        told.append(
            "One long implicit step is another filter than the flow. Where that will do, it needs "
            f"fewer products than the flow on {', '.join(fewer)}: its solver stops at the slowest "
            "mode, while Chebyshev’s degree goes on growing."
        )
    return [" ".join(told)]


def _finding(rows: list[dict[str, Any]], titles: dict[str, str]) -> str:
    longest = max(row["strength"] for row in rows)
    sentences = []
    for graph, title in titles.items():
        group = {r["method"]: r for r in chosen(rows, graph=graph, target=1e-2, strength=longest)}
        counts = ", ".join(
            f"{TITLES[m]} {r['products']:,}" if "products" in r else f"{TITLES[m]} not run"
            for m, r in group.items()
        )
        sentences.append(f"{title}: {counts}")
    return (
        f"Products with L for an error of 1% at strength t = {longest:g}: {'; '.join(sentences)}."
    )
