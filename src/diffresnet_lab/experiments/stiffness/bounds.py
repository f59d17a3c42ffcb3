"""How long an explicit step each graph allows, and whether the authors' step is shorter."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...pages.section import Cell, Section, Table
from ..experiment import Part, Setup
from .graphs import Draws, citation_graphs, digits_graph, few_shot_draws, left_out, synthetic_graphs
from .spectrum import StiffGraph

KINDS = {"symmetric": "symmetric", "reversible": "reversible", "none": "non-normal"}


def all_graphs(setup: Setup) -> list[StiffGraph]:
    """Every graph of the experiment; of the few-shot tasks of a kind, the strictest."""
    strict = [draws.strictest for draws in few_shot_draws(setup)]
    return [*citation_graphs(setup), *strict, *synthetic_graphs(setup), digits_graph()]


def bounds_row(graph: StiffGraph) -> dict[str, Any]:
    """What is known of a graph's stiffness, as `reproduce stiffness` writes it."""
    values = np.abs(graph.eigenvalues)
    row: dict[str, Any] = {
        "graph": graph.name,
        "nodes": len(graph),
        "symmetry": graph.laplacian.symmetry,
        "max_degree": graph.laplacian.max_degree,
        "lambda_max": float(values.max()),
        "lambda_min": float(values.min()),
        "gershgorin": 2.0 * graph.laplacian.max_degree,
        "longest_step": graph.longest_step,
        "longest_step_by_operator": graph.laplacian.max_step(),
    }
    if graph.gamma is not None and graph.steps is not None:
        growing = graph.growing(graph.gamma)
        row |= {
            "gamma": graph.gamma,
            "steps": graph.steps,
            "stable": bool(graph.gamma <= graph.longest_step),
            "growing_modes": len(growing),
            "growth": float(growing[0] ** graph.steps) if len(growing) else 1.0,
        }
    return row


def bounds_part(setup: Setup) -> Part:
    """Tables of the longest stable steps."""
    rows = [bounds_row(graph) for graph in all_graphs(setup)]
    draws = few_shot_draws(setup)
    titles = {graph.name: graph.title for graph in all_graphs(setup)}
    section = Section(
        title="The longest stable step of each graph",
        text=(
            "An explicit Euler step x − γLx multiplies the part of x that lies along an "
            "eigenvector of L by 1 − γλ. Every part stays bounded as long as |1 − γλ| ≤ 1 for "
            "all eigenvalues λ: γ ≤ 2/λ_max where they are real, γ ≤ min 2 Re λ / |λ|² over "
            "λ ≠ 0 where they are not. A longer step makes the fastest modes grow.",
            "A diffusion is stiff when λ_max is many times the smallest λ ≠ 0: the step is as "
            "short as the fastest mode demands, and there must be as many as the slowest takes.",
            *([left_out(setup)] if left_out(setup) else []),
        ),
        tables=(_bounds_table(rows, titles), _draws_table(draws)),
    )
    return Part(section, [*rows, *_draws_rows(draws)], _finding(rows, draws, titles))


def _finding(rows: list[dict[str, Any]], draws: tuple[Draws, ...], titles: dict[str, str]) -> str:
    tasks = {found.strictest.name for found in draws}
    past = [
        f"{titles[row['graph']]} (γ = {row['gamma']:g} against {row['longest_step']:.3f}: "
        f"{row['growing_modes']} growing {'mode' if row['growing_modes'] == 1 else 'modes'}, the "
        f"fastest {row['growth']:.1f} times over r = {row['steps']})"
        for row in rows
        if not row.get("stable", True) and row["graph"] not in tasks
    ] + [
        f"{found.title} ({100 * found.past:.1f}% of {len(found.longest_steps)} tasks)"
        for found in draws
        if found.past
    ]
    if not past:
        return "All of the authors’ steps are within the stability bound of the graphs measured."
    return f"The authors’ steps are past the stability bound on {'; '.join(past)}; nowhere else."


def _bounds_table(rows: list[dict[str, Any]], titles: dict[str, str]) -> Table:
    return Table(
        caption="Stability of explicit Euler, graph by graph",
        header=(
            "Graph",
            "Nodes",
            "Kind",
            "Largest L_ii",
            "Gershgorin",
            "Largest |λ|",
            "Largest / smallest |λ|",
            "Longest step",
            "Authors’ γ, r",
            "Growing modes",
            "Growth over r",
        ),
        rows=tuple((titles[row["graph"]], _bounds_cells(row)) for row in rows),
        note="Gershgorin’s bound, 2 max L_ii, is never below the largest |λ| and costs nothing. "
        "For few-shot tasks the row is that of the strictest of those drawn; random unit "
        "features have 512 dimensions and 80 points. Non-normal graphs are row-normalised "
        "directed ones with complex eigenvalues.",
    )


def _bounds_cells(row: dict[str, Any]) -> tuple[Cell, ...]:
    bad = not row.get("stable", True)
    has = "gamma" in row
    return (
        Cell(f"{row['nodes']:,}"),
        Cell(KINDS[row["symmetry"]]),
        Cell(f"{row['max_degree']:.3f}"),
        Cell(f"{row['gershgorin']:.3f}"),
        Cell(f"{row['lambda_max']:.3f}"),
        Cell(f"{row['lambda_max'] / row['lambda_min']:,.0f}"),
        Cell(f"{row['longest_step']:.3f}"),
        Cell(f"{row['gamma']:.2f}, {row['steps']}" if has else "–", loss=bad),
        Cell(str(row["growing_modes"]) if has else "–", loss=bad),
        Cell(f"× {row['growth']:.1f}" if bad else ("none" if has else "–"), loss=bad),
    )


def _draws_rows(draws: tuple[Draws, ...]) -> list[dict[str, Any]]:
    return [
        {
            "graph": f"{found.strictest.name}_tasks",
            "tasks": len(found.longest_steps),
            "shortest": float(found.longest_steps.min()),
            "median": float(np.median(found.longest_steps)),
            "longest": float(found.longest_steps.max()),
            "gamma": found.strictest.gamma,
            "past_percent": 100.0 * found.past,
        }
        for found in draws
    ]


def _draws_table(draws: tuple[Draws, ...]) -> Table:
    gamma = draws[0].strictest.gamma
    return Table(
        caption="Longest stable step of few-shot tasks, one graph a task",
        header=("Features", "Tasks", "Shortest", "Median", "Longest", f"Past γ = {gamma:g}"),
        rows=tuple(
            (
                found.title.removeprefix("Few-shot, "),
                (
                    Cell(str(len(found.longest_steps))),
                    Cell(f"{found.longest_steps.min():.3f}"),
                    Cell(f"{np.median(found.longest_steps):.3f}"),
                    Cell(f"{found.longest_steps.max():.3f}"),
                    Cell(f"{100 * found.past:.1f}%", loss=found.past > 0),
                ),
            )
            for found in draws
        ),
        note=" ".join(["Five classes, so many shots and 15 queries of each.", *_hubs(draws)]),
    )


def _hubs(draws: tuple[Draws, ...]) -> list[str]:
    """Where the fastest mode of the strictest CIFAR-FS task sits, raw and centred."""
    told = []
    for graph in (found.strictest for found in draws):
        if graph.name in ("cifar_fs_raw_1", "cifar_fs_unit_1"):
            weight = graph.fastest_mode**2
            hub = int(weight.argmax())
            links = int(np.diff(graph.weights.indptr)[hub]) - 1  # without its self-loop
            told.append(
                f"In the strictest task of {graph.title.removeprefix('Few-shot, ')}, "
                f"{100 * weight[hub]:.0f}% of the fastest mode sits on one point, which is linked "
                f"to {links} of the {len(graph) - 1} others."
            )
    if told:
        told.append(
            "Raw features are those of the backbone as they are; centred ones are less the mean of "
            "the base classes, each row of length 1."
        )
    return told
