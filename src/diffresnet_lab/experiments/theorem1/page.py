"""The page of Theorem 1: XOR, random sets, and lines."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Int
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ...pages.palette import INK, RULE, series
from ...pages.plots import (
    Axis,
    Curve,
    LinePanel,
    Rule,
    ScatterPanel,
    lines,
    scatter_grid,
    square_around,
)
from ...pages.style import SMALL
from ...pages.table import Column, table
from ...theory import SeparatingFlow, class_intervals, separating_flow
from ..base import Experiment, PartResult, RunConfig
from ..fig3.study import GAMMA, NTOP, SIGMA
from .line import CLASSES as LINE_CLASSES
from .line import COUNTS, SHOWN, creases, line_row, shown_line
from .plan import Theorem1Plan
from .random_sets import CLASSES, POINTS, random_row
from .xor import ANGLES, XorFlow, step_rows, to_the_right, xor_flow

DASHED = (0, (4, 3))


def xor_part(config: RunConfig, plan: Theorem1Plan) -> PartResult:
    """Move XOR after some diffusion steps, and show the flow after the last."""
    flow = xor_flow(plan.steps[-1], config.seed)
    rows = step_rows(flow, plan.steps)
    fewest = [row for row in rows if row["direction"] == "fewest runs"]
    _, positions = flow.network.trajectory(torch.from_numpy(flow.motion.positions[-1]))
    columns = [
        Column("steps, direction", lambda row: f"{row['step']}, {row['direction']}"),
        Column("L/D", "ratio", ".3g"),
        Column("K", "runs"),
        Column("blocks", "blocks"),
        Column("g", "gap", ".2g"),
        Column("strength", "strength", ".3g"),
        Column("distance", "distance", ".2g", detail=lambda r: f"≥ {r['distance_bound']:.2g}"),
        Column("margin before", "margin_before", ".1g"),
        Column("margin after", "margin_after", ".2g"),
    ]
    return PartResult(
        rows,
        values={
            "start": rows[0],
            "end": rows[-1],
            "three": next((row for row in fewest if row["runs"] == 3), fewest[-1]),
            "first": flow.first,
            "gap": flow.directions[flow.first].gap,
            "before": sum(row["separable_before"] for row in rows),
            "after": sum(row["separable_after"] for row in rows),
            "farthest": np.linalg.norm(positions[-1] - positions[0], axis=1).max(),
        },
        tables={"xor": table(rows, columns)},
        figures={"theorem1": xor_figure(flow)},
        settings={"set": "xor", "ntop": NTOP, "sigma": SIGMA, "gamma": GAMMA, "angles": ANGLES},
    )


def random_part(config: RunConfig, plan: Theorem1Plan) -> PartResult:
    """Separate random sets over dimensions, class intervals and classes."""
    rng = np.random.default_rng(config.seed)
    rows = [
        random_row(rng, dimension, count, classes, plan.sets)
        for classes in CLASSES
        for dimension in plan.dimensions
        for count in plan.counts
    ]
    columns = [
        Column("d, C, K", lambda r: f"{r['dimension']}, {r['classes']}, {r['runs']}"),
        Column("separated", lambda row: f"{row['separated']} of {row['sets']}"),
        Column("blocks", "blocks"),
        Column("bound", "blocks_bound"),
        Column("strength", "strength", ".3g"),
        Column("of bound", "strength_of_bound", ".2f"),
        Column("distance/bound", "distance_of_bound", ".2f"),
    ]
    return PartResult(
        rows,
        values=_counted(rows)
        | {
            "strongest": max(row["strength_of_bound"] for row in rows),
            "nearest": min(row["distance_of_bound"] for row in rows),
        },
        tables={"random": table(rows, columns)},
        figures={"theorem1_random": bounds_figure(rows)},
        settings={
            "points_of_a_band": POINTS,
            "sets": plan.sets,
            "runs": list(plan.counts),
            "dimensions": list(plan.dimensions),
        },
    )


def line_part(config: RunConfig, plan: Theorem1Plan) -> PartResult:
    """Fold two lines for a figure, and many as numbers."""
    rng = np.random.default_rng(config.seed)
    rows = [line_row(rng, n, classes, plan.lines) for classes in LINE_CLASSES for n in COUNTS]
    shown = {}
    for title, classes in SHOWN.items():
        points, labels = shown_line(classes, config.seed)
        shown[title] = (separating_flow(points, labels, [1.0]), points, labels)
    columns = [
        Column("C, K", lambda row: f"{row['classes']}, {row['runs']}"),
        Column("separated", lambda row: f"{row['separated']} of {row['sets']}"),
        Column("folds", "blocks"),
        Column("bound", "blocks_bound"),
        Column("gap left, median", "gap_left_median", ".2g"),
        Column("least", "gap_left_least", ".2g", unfavourable=lambda r: r["gap_left_least"] < 1.0),
    ]
    return PartResult(
        rows,
        values=_counted(rows)
        | {
            "least": min(row["gap_left_least"] for row in rows),
            "shown": {title: len(net.blocks) for title, (net, _, _) in shown.items()},
        },
        tables={"line": table(rows, columns)},
        figures={"theorem1_folds": folds_figure(shown)},
        settings={"runs": list(COUNTS), "sets": plan.lines},
    )


def _counted(rows: list[dict[str, Any]]) -> dict[str, int]:
    """Return how many sets there are, are separated, and keep to the bound on blocks."""
    return {
        "sets": sum(row["sets"] for row in rows),
        "separated": sum(row["separated"] for row in rows),
        "settings": len(rows),
        "within": sum(row["within_bound"] for row in rows),
    }


def xor_figure(flow: XorFlow) -> Figure:
    """Return XOR after three numbers of steps, then along the flow after the last of them."""
    motion, network = flow.motion, flow.network
    last = len(motion.positions) - 1
    frame = square_around(motion.positions[0], 1.4)
    classes = motion.data.classes
    panels = [
        ScatterPanel(
            motion.positions[step],
            classes,
            f"{step} diffusion steps",
            frame=frame,
            draw=_parallel_lines(flow, step, frame[0]) if step else None,
        )
        for step in (0, flow.first, last)
    ]
    u = network.direction.numpy()
    axes = np.column_stack([u, [-u[1], u[0]]])
    _, moved = network.trajectory(torch.from_numpy(motion.positions[last]), steps=2)
    moved = moved @ axes
    low, high = moved[..., 1].min(), moved[..., 1].max()
    height = Axis("v·x", limits=(low - 0.07 * (high - low), high + 0.07 * (high - low)))
    for index, title, draw in (
        (0, "the same along u and v", None),
        (-2, "half-way through the block", None),
        (-1, "after it: a straight line", _border(network, axes)),
    ):
        plane = (Axis("u·x"), height)
        panels.append(ScatterPanel(moved[index], classes, title, axes=plane, draw=draw))
    return scatter_grid(panels, width=4.8, height=7.0)


def _parallel_lines(flow: XorFlow, step: int, centre: tuple[float, float]) -> Any:
    """Draw a line in the middle of each gap, and the direction as an arrow."""
    u = to_the_right(flow.directions[step])
    projected = flow.motion.positions[step] @ u
    middles = class_intervals(projected, flow.motion.data.subsets).middles

    def draw(ax: Axes) -> None:
        for middle in middles:
            x, y = middle * u
            ax.axline((x, y), (x - u[1], y + u[0]), color=INK, linewidth=1.0, linestyle=DASHED)
        tip, tail, name = ((centre[0] + s * u[0], centre[1] + s * u[1]) for s in (0.4, -0.4, 0.6))
        ax.annotate("", tip, tail, arrowprops={"arrowstyle": "-|>", "color": INK})
        ax.annotate("u", name, ha="center", va="center", size=SMALL, color=INK)

    return draw


def _border(network: SeparatingFlow, axes: Float[np.ndarray, "2 2"]) -> Any:
    """Draw the line at which the scores of both classes are equal."""
    weights = network.classifier.weight.detach().numpy() @ axes
    bias = network.classifier.bias.detach().numpy()
    (along, up), level = weights[1] - weights[0], bias[1] - bias[0]

    def draw(ax: Axes) -> None:
        ax.axline((0.0, -level / up), slope=-along / up, color=INK, linewidth=1.4)

    return draw


def bounds_figure(rows: Sequence[dict[str, Any]]) -> Figure:
    """Return blocks, and distances relative to the gap, over the number of class intervals."""
    counts = np.array(sorted({row["runs"] for row in rows}))
    blocks, distances, rules = [], [], []
    for index, classes in enumerate(sorted({row["classes"] for row in rows})):
        same = [row for row in rows if row["classes"] == classes]
        each = [[row for row in same if row["runs"] == count] for count in counts]
        label, steps = f"{classes} classes", classes - 1
        blocks.append(Curve(counts, [max(r["blocks"] for r in some) for some in each], label))
        least = [min(r["distance_of_gap"] for r in some) for some in each]
        distances.append(Curve(counts, least, label))
        bound = 1 / (4 * np.sqrt(2)) if steps == 1 else 1 / (8 * np.hypot(1, steps))
        rules.append(Rule(bound, colour=series(index)[0]))
    blocks.append(Curve(counts, counts - 2, "K − 2", INK, "dotted", marker=False, width=1.0))
    x, y = Axis("runs K", "log", ticks=counts.tolist()), Axis("blocks", "log", ticks=(1, 10, 100))
    distance = Axis("smallest distance / g", limits=(0, None))
    left = LinePanel(blocks, x=x, y=y)
    right = LinePanel(distances, x=x, y=distance, rules=rules)
    return lines([left, right], height=2.9, legend_columns=3)


def folds_figure(
    shown: dict[str, tuple[SeparatingFlow, Float[np.ndarray, "n 1"], Int[np.ndarray, " n"]]],
) -> Figure:
    """Return lines fold by fold, from top to bottom; a mark at the crease of the next fold."""
    panels, heights = [], []
    for title, (network, points, labels) in shown.items():
        positions = network.trajectory(torch.from_numpy(points))[1][:, :, 0]
        folds = len(positions)
        rows = np.repeat(np.arange(folds), len(labels))
        axes = (
            Axis("position on the line"),
            Axis("folds", ticks=range(folds), limits=(folds - 0.5, -0.5)),
        )
        places = np.column_stack([positions.ravel(), rows])
        classes = np.tile(labels, folds)
        marks = _creases(creases(network), folds)
        panels.append(ScatterPanel(places, classes, title, axes=axes, size=16.0, draw=marks))
        heights.append(folds)
    height = 0.42 * sum(heights) + 1.2
    return scatter_grid(panels, columns=1, height=height, height_ratios=heights)


def _creases(places: Sequence[float], folds: int) -> Any:
    def draw(ax: Axes) -> None:
        ax.grid(visible=False)
        for row in range(folds):
            ax.axhline(row, color=RULE, linewidth=0.8, zorder=0.5)
        for row, place in enumerate(places):
            ax.vlines(place, row - 0.38, row + 0.38, color=INK, linestyle=(0, (2, 1)), zorder=3)

    return draw


EXPERIMENT = Experiment(
    Path(__file__).parent,
    {"xor": xor_part, "random": random_part, "line": line_part},
    Theorem1Plan,
)
