"""What happens at the stability bound, just before it and just past it."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from jaxtyping import Float

from diffresnet.flow import ExplicitEuler, HeatFlow, diffuse

from ...pages.figures.stability import growth_curves
from ...pages.section import Cell, Picture, Section, Table
from ...pages.words import short
from ..experiment import Part, Setup
from .graphs import citation_graphs, digits_graph, synthetic_graphs
from .spectrum import StiffGraph
from .transients import transients

FACTORS = (0.9, 1.0, 1.01, 1.1)
STEPS = 100
PUBMED_STEPS = 30


def step_by_step(
    graph: StiffGraph, x: Float[np.ndarray, "n d"], gamma: float, steps: int
) -> tuple[Float[np.ndarray, " s"], Float[np.ndarray, " s"]]:
    """Size of x, and of its part along the fastest mode, after 0 to `steps` explicit steps."""
    mode = graph.fastest_mode
    one = ExplicitEuler(gamma, 1, unstable="allow")
    size, along = np.empty(steps + 1), np.empty(steps + 1)
    moved = torch.from_numpy(x)
    for step in range(steps + 1):
        size[step] = graph.size(moved.numpy())
        along[step] = np.linalg.norm(mode @ moved.numpy())
        moved = diffuse(graph.laplacian, moved, one)
    return size, along


def edge_part(setup: Setup) -> Part:
    """Growth over steps at and around the bound; Pubmed as published; non-normal transients."""
    citation = {graph.name: graph for graph in citation_graphs(setup)}
    graph = citation.get("cora") or digits_graph()
    rows, picture, table = _around(graph, setup.seed)
    worst = max(abs(row["fastest_mode_rate"] - row["foretold_rate"]) for row in rows)
    at_bound, past = rows[FACTORS.index(1.0)], rows[FACTORS.index(1.1)]
    text = [
        f"Random values on the graph of {graph.title}, with their mean taken away, are moved by "
        f"explicit steps of 0.9, 1, 1.01 and 1.1 times the longest stable one. Theory says that "
        f"the part along the fastest mode is multiplied by |1 − γλ_max| at each step; measured and "
        f"foretold rates differ by at most {short(worst)}.",
        "At the bound that part neither grows nor fades: it changes sign at each step for ever, at "
        f"{100 * at_bound['fastest_mode_share']:.2g}% of the size of the start. A tenth past the "
        f"bound, x is {short(past['size_late'])} times its start after {STEPS} steps. Little warns "
        "beforehand: as the fastest mode has so small a share of the start, x first shrinks as it "
        "should.",
    ]
    pictures, tables = [picture], [table]
    finding = (
        f"At {FACTORS[-1]:g} times the bound of {graph.title} the deviation from the mean is "
        f"{short(past['size_late'])} times its start after {STEPS} steps; the rate of the fastest "
        f"mode is |1 − γλ_max| to within {short(worst)}."
    )
    if "pubmed" in citation:
        more, picture, words, found = _pubmed(citation["pubmed"])
        rows, pictures, text = [*rows, *more], [*pictures, picture], [*text, *words]
        finding = f"{finding} {found}"
    more, table, words = transients(synthetic_graphs(setup)[0])
    section = Section(
        title="At the edge, and past it",
        text=(*text, *words),
        tables=(*tables, table),
        galleries=(tuple(pictures),),
    )
    return Part(section, [*rows, *more], finding, {"steps": STEPS, "factors": FACTORS})


def _around(graph: StiffGraph, seed: int) -> tuple[list[dict[str, Any]], Picture, Table]:
    bound, top = graph.longest_step, float(np.abs(graph.eigenvalues).max())
    noise = np.random.default_rng(seed).standard_normal((len(graph), 4))
    d = graph.scale**2
    start = noise - (d * noise).sum(0) / d.sum()
    measured, foretold = {}, {}
    rows: list[dict[str, Any]] = []
    for factor in FACTORS:
        gamma = factor * bound
        size, along = step_by_step(graph, start, gamma, STEPS)
        rate = abs(1.0 - gamma * top)
        # Where the part along the mode fades into rounding, its rate is seen before that.
        late = int(np.flatnonzero(along > 1e-9 * along[0])[-1])
        name = f"{factor:g} × the bound"
        measured[name] = size / size[0]
        foretold[name] = along[0] / size[0] * rate ** np.arange(STEPS + 1)
        rows.append(
            {
                "graph": graph.name,
                "factor": factor,
                "gamma": gamma,
                "foretold_rate": rate,
                "fastest_mode_rate": float((along[late] / along[0]) ** (1.0 / late)),
                "fastest_mode_share": float(along[0] / size[0]),
                "size_20": float(size[20] / size[0]),
                "size_late": float(size[-1] / size[0]),
            }
        )
    ends = ", ".join(
        f"{short(row['size_late'])} ({row['factor']:g} times the bound)" for row in rows
    )
    floor = 1e-3
    picture = Picture(
        growth_curves(
            np.arange(STEPS + 1),
            measured,
            {name: np.where(curve > floor, curve, np.nan) for name, curve in foretold.items()},
            "size of x − mean, start = 1",
        ),
        alt=f"Curves of the deviation from the mean over {STEPS} steps on {graph.title}, on a "
        f"logarithmic scale, beside those that theory foretells for the fastest mode. They end at "
        f"{ends}.",
        caption=f"Solid: the deviation from the mean on {graph.title}. Dashed: the part along the "
        "fastest mode, as |1 − γλ_max| foretells it.",
        name="stiffness_edge",
    )
    table = Table(
        caption=f"Explicit steps around the bound on {graph.title} (2/λ_max = {bound:.4f})",
        header=(
            "Step",
            "γ",
            "Foretold rate |1 − γλ_max|",
            "Measured rate",
            "Size after 20",
            f"Size after {STEPS}",
        ),
        rows=tuple(
            (
                f"{row['factor']:g} × the bound",
                (
                    Cell(f"{row['gamma']:.4f}"),
                    Cell(f"{row['foretold_rate']:.6f}"),
                    Cell(f"{row['fastest_mode_rate']:.6f}"),
                    Cell(short(row["size_20"])),
                    Cell(short(row["size_late"])),
                ),
            )
            for row in rows
        ),
        note="Rates are those of the part of x along the eigenvector of λ_max; sizes those of "
        "x less its mean, relative to the start.",
    )
    return rows, picture, table


def _pubmed(
    graph: StiffGraph,
) -> tuple[list[dict[str, Any]], Picture, list[str], str]:
    assert graph.gamma is not None
    assert graph.steps is not None
    size, along = step_by_step(graph, graph.centred, graph.gamma, PUBMED_STEPS)
    inside = graph.gamma * graph.steps / (graph.steps + 2)  # two steps more at the same strength
    stable, _ = step_by_step(graph, graph.centred, inside, PUBMED_STEPS)
    flow = HeatFlow(graph.gamma * graph.steps)
    exact = diffuse(graph.laplacian, torch.from_numpy(graph.centred), flow).numpy()
    weight = graph.fastest_mode**2
    hub = int(weight.argmax())
    links = int(np.diff(graph.weights.indptr)[hub]) - 1
    r, rate = graph.steps, float(graph.growing(graph.gamma)[0])
    lowest = int(size.argmin())
    error = graph.size(_after(graph, graph.gamma, r) - exact) / graph.size(exact)
    at_hub = float(
        np.linalg.norm(_after(graph, graph.gamma, r)[hub]) / np.linalg.norm(graph.centred[hub])
    )
    rows = [
        {
            "graph": "pubmed",
            "step": step,
            "gamma": graph.gamma,
            "size": float(size[step] / size[0]),
            "fastest_mode": float(along[step] / along[0]),
            "foretold": rate**step,
        }
        for step in range(PUBMED_STEPS + 1)
    ]
    picture = Picture(
        growth_curves(
            np.arange(PUBMED_STEPS + 1),
            {
                f"x − mean, γ = {graph.gamma:g} (published)": size / size[0],
                "its part along the fastest mode": along / size[0],
                f"x − mean, γ = {inside:.3f}": stable / size[0],
            },
            {},
            "size, start of x − mean = 1",
            mark=(r, f"r = {r}, as published"),
        ),
        alt=f"Features of Pubmed over {PUBMED_STEPS} explicit steps. At the published step their "
        f"deviation from the mean is smallest at step {lowest} and ends at "
        f"{short(float(size[-1] / size[0]))}, of which the fastest mode is "
        f"{short(float(along[-1] / size[0]))}; at a step within the bound it ends at "
        f"{short(float(stable[-1] / stable[0]))}.",
        caption=f"Pubmed’s features at the published step: the fastest mode grows by {rate:.4f} a "
        f"step, and the whole is smallest at step {lowest}. The published r is {r}.",
        name="stiffness_pubmed",
    )
    words = [
        f"Pubmed as published (γ = {graph.gamma:g}, r = {r}) is past its bound of "
        f"{graph.longest_step:.4f}. The fastest mode is multiplied by {rate:.4f} a step, "
        f"{rate**r:.2f} times in all; measured on the features: {along[r] / along[0]:.2f} times. "
        f"{100 * weight[hub]:.1f}% of its square sits on a single node, one with {links} "
        f"links, whose deviation from the mean ends {at_hub:.1f} times as large as it began. On "
        f"the whole its first {graph.points.shape[1]} features still shrink, to "
        f"{100 * size[r] / size[0]:.0f}%, because that node is one of {len(graph):,}; they are "
        f"smallest at step {lowest}. Against the exact flow of the same strength the error is "
        f"{100 * error:.0f}%; with {r + 2} steps of {inside:.3f} instead, within the bound, it "
        f"is {100 * _error(graph, inside, r + 2, exact):.0f}%.",
    ]
    found = (
        f"Pubmed as published lets its fastest mode, {100 * weight[hub]:.0f}% of it on one node, "
        f"grow {along[r] / along[0]:.1f} times, while features as a whole shrink to "
        f"{100 * size[r] / size[0]:.0f}%."
    )
    return rows, picture, words, found


def _after(graph: StiffGraph, gamma: float, steps: int) -> Float[np.ndarray, "n d"]:
    flow = ExplicitEuler(gamma, steps, unstable="allow")
    return diffuse(graph.laplacian, torch.from_numpy(graph.centred), flow).numpy()


def _error(graph: StiffGraph, gamma: float, steps: int, exact: Float[np.ndarray, "n d"]) -> float:
    return graph.size(_after(graph, gamma, steps) - exact) / graph.size(exact)
