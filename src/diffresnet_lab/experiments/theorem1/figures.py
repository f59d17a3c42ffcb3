"""The figures of Theorem 1."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Int
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from ...data.synthetic import SyntheticSet
from ...pages.palette import CARD, INK, RULE, series
from ...pages.style import SMALL, name_axes, plain
from ...theory import SeparatingFlow, class_intervals

REACH = 2.1
"""Half the side of the square of the plane that is shown, about its middle."""


def xor_figure(
    positions: Mapping[int, Float[np.ndarray, "n 2"]],
    directions: Mapping[int, Float[np.ndarray, " 2"]],
    data: SyntheticSet,
    network: SeparatingFlow,
) -> Figure:
    """Points after three numbers of diffusion steps, then along the flow after the last of them.

    Parameters
    ----------
    positions : number of steps -> points.
    directions : number of steps -> direction across which lines are drawn.
    """
    figure = Figure(figsize=(4.8, 7.0), layout="constrained", facecolor=CARD)
    panels = figure.subplots(3, 2).ravel()
    centre = positions[0].mean(axis=0)
    for ax, (step, points) in zip(panels, positions.items(), strict=False):
        _dots(ax, points, data.classes)
        ax.set_xlim(centre[0] - REACH, centre[0] + REACH)
        ax.set_ylim(centre[1] - REACH, centre[1] + REACH)
        ax.set_aspect("equal")
        _bare(ax, f"{step} diffusion steps")
        if step in directions:
            _parallel_lines(ax, points, data.subsets, directions[step], centre)
    u = network.direction.numpy()
    frame = np.column_stack([u, [-u[1], u[0]]])
    _, moved = network.trajectory(torch.from_numpy(positions[max(positions)]), steps=2)
    moved = moved @ frame
    low, high = moved[..., 1].min(), moved[..., 1].max()
    for ax, at, title in (
        (panels[3], 0, "the same along u and v"),
        (panels[4], -2, "half-way through the block"),
        (panels[5], -1, "after it: a straight line"),
    ):
        _dots(ax, moved[at], data.classes)
        plain(ax)
        ax.set_title(title, size=SMALL, color=INK)
        name_axes(ax, "u·x", "v·x")
        ax.set_ylim(low - 0.07 * (high - low), high + 0.07 * (high - low))
    weights = network.classifier.weight.detach().numpy()
    bias = network.classifier.bias.detach().numpy()
    (along, up), level = (weights[1] - weights[0]) @ frame, bias[1] - bias[0]
    p = np.array(panels[5].get_xlim())
    panels[5].plot(p, -(level + along * p) / up, color=INK, linewidth=1.4)
    panels[5].set_xlim(p[0], p[1])
    return figure


def _parallel_lines(
    ax: Axes,
    points: Float[np.ndarray, "n 2"],
    subsets: Int[np.ndarray, " n"],
    direction: Float[np.ndarray, " 2"],
    centre: Float[np.ndarray, " 2"],
) -> None:
    """A line in the middle of each gap, and the direction as an arrow between two discs."""
    u, across = direction, np.array([-direction[1], direction[0]])
    for middle in class_intervals(points @ u, subsets).middles:
        at = middle * u
        ax.axline(at, at + across, color=INK, linewidth=1.0, linestyle=(0, (4, 3)))
    (x, y), (dx, dy) = centre.tolist(), u.tolist()
    arrow = {"arrowstyle": "-|>", "color": INK}
    ax.annotate("", (x + 0.4 * dx, y + 0.4 * dy), (x - 0.4 * dx, y - 0.4 * dy), arrowprops=arrow)
    ax.annotate("u", (x + 0.6 * dx, y + 0.6 * dy), ha="center", va="center", size=SMALL, color=INK)


def _dots(ax: Axes, points: Float[np.ndarray, "n 2"], classes: Int[np.ndarray, " n"]) -> None:
    for c in np.unique(classes):
        colour, marker = series(int(c))
        own = points[classes == c]
        ax.scatter(own[:, 0], own[:, 1], s=9, color=colour, marker=marker, alpha=0.75, linewidths=0)


def _bare(ax: Axes, title: str) -> None:
    ax.set_title(title, size=SMALL, color=INK)
    ax.set(xticks=[], yticks=[])
    for spine in ax.spines.values():
        spine.set_color(RULE)


def bounds_figure(rows: Sequence[dict[str, Any]]) -> Figure:
    """Blocks, and distances relative to the gap, over the number of runs; one curve for each C."""
    figure = Figure(figsize=(4.8, 2.9), layout="constrained", facecolor=CARD)
    left, right = figure.subplots(1, 2)
    runs = np.array(sorted({row["runs"] for row in rows}))
    for index, classes in enumerate(sorted({row["classes"] for row in rows})):
        colour, marker = series(index)
        style = {"color": colour, "marker": marker, "markersize": 6, "markeredgecolor": CARD}
        of_class = [row for row in rows if row["classes"] == classes]
        each = [[row for row in of_class if row["runs"] == count] for count in runs]
        label = f"{classes} classes"
        left.plot(runs, [max(r["blocks"] for r in some) for some in each], label=label, **style)
        right.plot(runs, [min(r["distance_of_gap"] for r in some) for some in each], **style)
        steps = classes - 1
        bound = 1 / (4 * np.sqrt(2)) if steps == 1 else 1 / (8 * np.hypot(1, steps))
        right.axhline(bound, color=colour, linestyle=(0, (4, 3)), linewidth=1.2)
    left.plot(runs, runs - 2, color=INK, linewidth=1.0, linestyle=":", label="K − 2", zorder=3)
    for ax, name in ((left, "blocks"), (right, "smallest distance / g")):
        plain(ax)
        ax.set_xscale("log")
        ax.minorticks_off()
        ax.set_xticks(runs, [str(count) for count in runs])
        name_axes(ax, "runs K", name)
    left.set_yscale("log")
    left.minorticks_off()
    left.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    right.set_ylim(bottom=0.0)
    figure.legend(
        loc="outside upper center", ncols=3, frameon=False, fontsize=SMALL, labelcolor=INK
    )
    return figure


def folds_figure(
    shown: Sequence[tuple[str, Float[np.ndarray, "s n"], Int[np.ndarray, " n"], Sequence[float]]],
) -> Figure:
    """Lines fold by fold, from top to bottom.

    Parameters
    ----------
    shown : title, positions after each fold, classes, and creases of each line.
    """
    heights = [len(positions) for _, positions, _, _ in shown]
    figure = Figure(figsize=(4.8, 0.42 * sum(heights) + 0.9), layout="constrained", facecolor=CARD)
    axes = figure.subplots(len(shown), 1, height_ratios=heights, squeeze=False)[:, 0]
    for ax, (title, positions, classes, creases) in zip(axes, shown, strict=True):
        plain(ax)
        for row, p in enumerate(positions):
            ax.axhline(row, color=RULE, linewidth=0.8, zorder=1)
            for c in np.unique(classes):
                colour, marker = series(int(c))
                own = p[classes == c]
                ax.scatter(
                    own,
                    np.full(len(own), row),
                    s=16,
                    color=colour,
                    marker=marker,
                    alpha=0.7,
                    linewidths=0,
                    zorder=2,
                )
        for row, crease in enumerate(creases):
            ax.vlines(crease, row - 0.38, row + 0.38, color=INK, linestyle=(0, (2, 1)), zorder=3)
        ax.set_ylim(len(positions) - 0.5, -0.5)
        ax.set_yticks(range(len(positions)))
        ax.grid(visible=False)
        ax.set_title(title, size=SMALL, color=INK)
        name_axes(ax, "", "folds")
    name_axes(axes[-1], "position on the line", "folds")
    return figure
