"""Figures of Theorem 1: XOR along its flow, bounds of random sets, and folds of lines."""

from __future__ import annotations

from collections.abc import Sequence
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
from ...theory import SeparatingFlow, class_intervals
from .line import creases
from .xor import XorFlow, to_the_right

DASHED = (0, (4, 3))


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
