"""Why a diffusion layer takes r steps: the fewest that are stable, and that are accurate."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from scipy.sparse.linalg import expm_multiply

from diffresnet.flow import ExplicitEuler

from ...pages.section import Cell, Section, Table
from ...pages.words import short
from ..experiment import Part, Setup
from .bench import fewest
from .bounds import all_graphs
from .spectrum import StiffGraph

TARGET = 1e-2
DEFAULT_STRENGTH = 20.0
MOST = 100_000


def steps_row(graph: StiffGraph, target: float = TARGET) -> dict[str, Any]:
    """The fewest explicit steps for the authors' strength that are stable, and accurate.

    The error is that of the graph's own data of mean 0, relative to what the exact flow leaves.
    """
    strength = DEFAULT_STRENGTH
    if graph.gamma is not None and graph.steps is not None:
        strength = graph.gamma * graph.steps
    start = torch.from_numpy(graph.centred)
    exact = expm_multiply(-strength * graph.matrix, graph.centred)
    size = graph.size(exact)

    def error(steps: int) -> float:
        flow = ExplicitEuler(strength / steps, steps, unstable="allow")
        return graph.size(flow(graph.laplacian, start).numpy() - exact) / size

    stable = max(1, int(np.ceil(strength / graph.longest_step * (1.0 - 1e-9))))
    accurate = fewest(lambda steps: error(steps) <= target, stable, MOST)
    row: dict[str, Any] = {
        "graph": graph.name,
        "strength": strength,
        "left_percent": 100.0 * size / graph.size(graph.centred),
        "stable_steps": stable,
        "stable_error": error(stable),
        "accurate_steps": accurate,
        "single_step_factor": float(graph.factors(strength).max()),
    }
    if graph.steps is not None:
        row |= {"authors_steps": graph.steps, "authors_error": error(graph.steps)}
    return row


def steps_part(setup: Setup) -> Part:
    """The table of step numbers."""
    graphs = all_graphs(setup)
    titles = {graph.name: graph.title for graph in graphs}
    rows = [steps_row(graph) for graph in graphs]
    stiff = [row for row in rows if row["stable_steps"] > 1]
    authors = [row for row in rows if "authors_steps" in row]
    enough = [row for row in authors if row["authors_error"] <= TARGET]
    worst = max(authors, key=lambda row: float(row["authors_error"]))
    waits = [row for row in rows if row["accurate_steps"] == row["stable_steps"]]
    section = Section(
        title="Why r steps",
        text=(
            "A residual block x + f(x) is one Euler step of length 1 of the convection, and the "
            "diffusion of strength t follows it. In a deep network both belong to one "
            "convection–diffusion equation. Training finds an f for which steps of length 1 do; L "
            "is given by the data, and one step of length t would multiply its fastest mode by "
            f"|1 − tλ_max|. On {len(stiff)} of {len(rows)} graphs a single explicit step of the "
            "strength in use would be unstable. Splitting the two, and taking the "
            "diffusion in r steps of t/r, costs products with L alone, and none with the weights "
            "of the network.",
            "The table has the fewest steps that are stable, and the fewest with an error of at "
            f"most {TARGET:g} on the data that lie on the graph (the first 32 features of "
            "citation graphs). On "
            f"{len(waits)} of {len(rows)} graphs the first number is the second: there stability "
            "alone decides, because at long times the error is that of slow modes, which long "
            "steps treat well. On the others accuracy asks for more.",
        ),
        tables=(_table(rows, titles),),
    )
    finding = (
        f"A single explicit step of the strength in use is unstable on {len(stiff)} of {len(rows)} "
        f"graphs; the authors’ r is within {100 * TARGET:.0f}% of the exact flow on {len(enough)} "
        f"of {len(authors)}, and furthest from it on {titles[worst['graph']]} "
        f"({100 * worst['authors_error']:.0f}%)."
    )
    return Part(section, rows, finding, {"target": TARGET})


def _table(rows: list[dict[str, Any]], titles: dict[str, str]) -> Table:
    return Table(
        caption="Explicit steps for the authors’ strength t = γr",
        header=(
            "Graph",
            "t",
            "Left of the data",
            "Largest |1 − tλ|",
            "Fewest stable r",
            "Its error",
            f"Fewest r, error ≤ {TARGET:g}",
            "Authors’ r",
            "Its error",
        ),
        rows=tuple((titles[row["graph"]], _cells(row)) for row in rows),
        note="Left of the data: the size of what the exact flow leaves of the deviation from the "
        "mean. Errors are relative to that. Largest |1 − tλ|: what a single step of length t "
        f"would multiply the fastest mode by. Digits have no setting of the authors: t = "
        f"{DEFAULT_STRENGTH:g}. Few-shot rows are those of the strictest task drawn.",
    )


def _cells(row: dict[str, Any]) -> tuple[Cell, ...]:
    has = "authors_steps" in row
    unstable = has and row["authors_steps"] < row["stable_steps"]
    accurate = row["accurate_steps"]
    return (
        Cell(f"{row['strength']:g}"),
        Cell(f"{row['left_percent']:.3g}%"),
        Cell(short(row["single_step_factor"])),
        Cell(f"{row['stable_steps']:,}"),
        Cell(_percent(row["stable_error"])),
        Cell(f"{accurate:,}" if accurate is not None else f"over {MOST:,}"),
        Cell(f"{row['authors_steps']:,}" if has else "–", loss=unstable),
        Cell(_percent(row["authors_error"]) if has else "–", loss=unstable),
    )


def _percent(share: float) -> str:
    return f"{short(100.0 * share)}%"
