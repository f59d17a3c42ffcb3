"""The page of stiffness: bounds, the stability region, its edge, methods, and enough steps."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from ...pages.numbers import short
from ...pages.table import Column, table
from ..base import Experiment, PartResult, RunConfig
from .edge import FACTORS, STEPS, edge_growth, published_steps, transient_rows
from .figures import edge_figure, pubmed_figure, region_figure
from .graphs import (
    all_graphs,
    citation_graphs,
    digits_graph,
    few_shot_draws,
    missing,
    synthetic_graph,
)
from .methods_page import methods_part
from .plan import StiffnessPlan
from .spectrum import StiffGraph
from .stability import MOST, TARGET, bounds_row, draws_row, region_rows, steps_row

KINDS = {"symmetric": "symmetric", "reversible": "reversible", "none": "non-normal"}


def bounds_part(config: RunConfig, plan: StiffnessPlan) -> PartResult:
    """Measure the longest stable step of every graph, and of many few-shot tasks."""
    graphs = all_graphs(config, plan)
    draws = few_shot_draws(config.data, config.seed, plan.tasks)
    titles = {graph.name: graph.title for graph in graphs}
    rows = [bounds_row(graph) for graph in graphs]
    of_draws = [draws_row(each) for each in draws]
    past = [{**row, "title": titles[row["graph"]]} for row in rows if _unstable(row)]
    tasks = {each.strictest.name for each in draws}
    named = {f"{each.strictest.name}_tasks": each.title for each in draws}
    return PartResult(
        [*rows, *of_draws],
        values={
            "past": [row for row in past if row["graph"] not in tasks],
            "tasks_past": [
                {**row, "title": named[row["graph"]]} for row in of_draws if row["past_percent"]
            ],
            "missing": missing(config.data),
            "hubs": [_hub(graph) for graph in (each.strictest for each in draws)],
        },
        tables={
            "bounds": table(rows, _bounds_columns(titles)),
            "draws": table(of_draws, _draws_columns(named, of_draws[0]["gamma"])),
        },
    )


def _unstable(row: Any) -> bool:
    return not row.get("stable", True)


def _bounds_columns(titles: dict[str, str]) -> list[Column]:
    def authors(row: Any) -> str | None:
        return f"{row['gamma']:.2f}, {row['steps']}" if "gamma" in row else None

    return [
        Column("Graph", lambda row: titles[row["graph"]]),
        Column("Nodes", "nodes"),
        Column("Kind", lambda row: KINDS[row["symmetry"]]),
        Column("Largest L_ii", "max_degree", ".3f"),
        Column("Gershgorin", "gershgorin", ".3f"),
        Column("Largest |λ|", "lambda_max", ".3f"),
        Column("Largest / smallest |λ|", lambda row: row["lambda_max"] / row["lambda_min"], ",.0f"),
        Column("Longest step", "longest_step", ".3f"),
        Column("Authors’ γ, r", authors, unfavourable=_unstable),
        Column("Growing modes", "growing_modes", unfavourable=_unstable),
        Column("Growth over r", "growth", "× {:.1f}", unfavourable=_unstable),
    ]


def _draws_columns(titles: dict[str, str], gamma: float) -> list[Column]:
    return [
        Column("Features", lambda row: titles[row["graph"]].removeprefix("Few-shot, ")),
        Column("Tasks", "tasks"),
        Column("Shortest", "shortest", ".3f"),
        Column("Median", "median", ".3f"),
        Column("Longest", "longest", ".3f"),
        Column(
            f"Past γ = {gamma:g}",
            "past_percent",
            "{:.1f}%",
            unfavourable=lambda row: row["past_percent"] > 0,
        ),
    ]


def _hub(graph: StiffGraph) -> dict[str, Any]:
    """Return the share of the fastest mode on its largest point, and that point's links."""
    weight = graph.fastest_mode**2
    hub = int(weight.argmax())
    return {
        "name": graph.name,
        "share": float(weight[hub]),
        "links": int(np.diff(graph.weights.indptr)[hub]) - 1,  # without its self-loop
        "others": len(graph) - 1,
    }


def region_part(config: RunConfig, plan: StiffnessPlan) -> PartResult:
    """Draw the eigenvalues times the step in the region where steps are stable."""
    xor = synthetic_graph("xor")
    symmetric = [
        graph
        for graph in all_graphs(config, plan)
        if graph.laplacian.symmetry == "symmetric" and not graph.name.endswith("_5")
    ]
    outside = {
        f"{graph.title}, γ = {graph.gamma:.2f}": int(
            (graph.gamma * graph.eigenvalues > 2.0 + 1e-9).sum()
        )
        for graph in symmetric
        if graph.gamma is not None
    }
    longest = xor.longest_step
    decisive = xor.eigenvalues[np.abs(xor.factors(longest) - 1.0).argmin()]
    return PartResult(
        region_rows([xor, *symmetric]),
        values={
            "outside": {name: count for name, count in outside.items() if count},
            "imaginary": float(np.abs(xor.eigenvalues.imag).max()),
            "longest": longest,
            "real_part": float(decisive.real),
            "imaginary_part": abs(float(decisive.imag)),
        },
        figures={"stiffness": region_figure(xor, symmetric)},
    )


def edge_part(config: RunConfig, plan: StiffnessPlan) -> PartResult:
    """Follow growth at and around the bound, Pubmed as published, and non-normal transients."""
    citation = {graph.name: graph for graph in citation_graphs(config.data)}
    graph = citation.get("cora") or digits_graph()
    growth = edge_growth(graph, config.seed)
    xor = synthetic_graph("xor")
    transients = transient_rows(xor)
    figures = {"stiffness_edge": edge_figure(growth)}
    pubmed = published_steps(citation["pubmed"]) if "pubmed" in citation else None
    rows = list(growth.rows)
    if pubmed is not None:
        figures["stiffness_pubmed"] = pubmed_figure(pubmed)
        rows += pubmed.rows()
    edge_columns = [
        Column("Step", "factor", "{:g} × the bound"),
        Column("γ", "gamma", ".4f"),
        Column("Predicted rate |1 − γλ_max|", "foretold_rate", ".6f"),
        Column("Measured rate", "fastest_mode_rate", ".6f"),
        Column("Size after 20", "size_20"),
        Column(f"Size after {STEPS}", "size_late"),
    ]
    transient_columns = [
        Column("Step", "step_length"),
        Column("γ", "gamma", ".3f"),
        Column("Largest |1 − γλ|, λ ≠ 0", "largest_factor", ".4f"),
        Column("After 1 step", "first_norm", ".2f"),
        Column(f"Largest in {STEPS} steps", "largest_norm"),
        Column(f"After {STEPS}", "late_norm"),
    ]
    return PartResult(
        rows + transients,
        values={
            "graph": graph,
            "worst": max(abs(r["fastest_mode_rate"] - r["foretold_rate"]) for r in growth.rows),
            "at_bound": growth.rows[FACTORS.index(1.0)],
            "past": growth.rows[-1],
            "pubmed": pubmed,
            "steps": STEPS,
            "xor": xor,
            "authors": transients[0],
            "safe": transients[1],
            "within": transients[2],
        },
        tables={
            "edge": table(growth.rows, edge_columns),
            "transients": table(transients, transient_columns),
        },
        figures=figures,
        settings={"steps": STEPS, "factors": FACTORS},
    )


def steps_part(config: RunConfig, plan: StiffnessPlan) -> PartResult:
    """Find the fewest explicit steps that are stable, and accurate, on every graph."""
    graphs = all_graphs(config, plan)
    titles = {graph.name: graph.title for graph in graphs}
    rows = [steps_row(graph) for graph in graphs]
    authors = [row for row in rows if "authors_steps" in row]
    worst = max(authors, key=lambda row: float(row["authors_error"]))

    def too_few(row: Any) -> bool:
        return "authors_steps" in row and bool(row["authors_steps"] < row["stable_steps"])

    def accurate(row: Any) -> Any:
        return f"over {MOST:,}" if row["accurate_steps"] is None else row["accurate_steps"]

    def percent(share: float) -> str:
        return f"{short(100.0 * share)}%"

    columns = [
        Column("Graph", lambda row: titles[row["graph"]]),
        Column("t", "strength", "g"),
        Column("Left of the data", "left_percent", "{:.3g}%"),
        Column("Largest |1 − tλ|", "single_step_factor"),
        Column("Fewest stable r", "stable_steps"),
        Column("Its error", "stable_error", percent),
        Column(f"Fewest r, error ≤ {TARGET:g}", accurate),
        Column("Authors’ r", "authors_steps", unfavourable=too_few),
        Column("Its error", "authors_error", percent, unfavourable=too_few),
    ]
    return PartResult(
        rows,
        values={
            "unstable": sum(row["stable_steps"] > 1 for row in rows),
            "authors": len(authors),
            "enough": sum(row["authors_error"] <= TARGET for row in authors),
            "worst": worst,
            "worst_title": titles[worst["graph"]],
            "alike": sum(row["accurate_steps"] == row["stable_steps"] for row in rows),
            "target": TARGET,
        },
        tables={"steps": table(rows, columns)},
        settings={"target": TARGET},
    )


EXPERIMENT = Experiment(
    Path(__file__).parent,
    {
        "bounds": bounds_part,
        "region": region_part,
        "edge": edge_part,
        "methods": methods_part,
        "steps": steps_part,
    },
    StiffnessPlan,
)
