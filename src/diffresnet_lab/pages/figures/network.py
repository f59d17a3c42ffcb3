"""The network as a diagram: convection and diffusion in turns, then a linear classifier."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle, FancyArrowPatch, FancyBboxPatch

from ..palette import CARD, INK, MUTED, RULE, SERIES, series
from ..style import SMALL

CONVECTION, DIFFUSION = SERIES[0], SERIES[2]
WIDTH, HEIGHT, AXIS = 7.4, 3.3, 1.72
"""Inches, which are the units of the drawing too; the data flow along the height AXIS."""


def network_diagram() -> Figure:
    """Points x, a residual block, r diffusion steps, more of both, a linear layer, scores."""
    figure = Figure(figsize=(WIDTH, HEIGHT), facecolor=CARD)
    ax = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    ax.set(xlim=(0, WIDTH), ylim=(0, HEIGHT))
    ax.set_axis_off()
    _points(ax, 0.5)
    _box(ax, 1.18, 0.32, 4.6, 2.62, edge=MUTED, dashed=True)
    _text(ax, 3.48, 3.1, "one block; as many as wanted, one after another", color=MUTED)
    _convection(ax, 1.32)
    _diffusion(ax, 4.22)
    _box(ax, 6.06, AXIS - 0.3, 0.62, 0.6, face=CARD, edge=INK)
    _text(ax, 6.37, AXIS, "Linear")
    _text(ax, 6.37, AXIS - 0.52, "classifier", color=MUTED)
    _scores(ax, 7.06)
    for start, end in ((5.36, 6.06), (6.68, 6.9)):
        _arrow(ax, (start, AXIS), (end, AXIS))
    return figure


def _convection(ax: Axes, left: float) -> None:
    _frame(ax, left, 2.72, "convection", CONVECTION)
    boxes = (0.42, 1.1, 1.78)
    for at, name in zip(boxes, ("fc1", "ReLU", "fc2"), strict=True):
        _box(ax, left + at, AXIS - 0.2, 0.5, 0.4, face=CARD, edge=CONVECTION)
        _text(ax, left + at + 0.25, AXIS, name)
    plus = left + 2.53
    _arrow(ax, (left - 0.46, AXIS), (left + boxes[0], AXIS))
    for at in boxes[:-1]:
        _arrow(ax, (left + at + 0.5, AXIS), (left + at + 0.68, AXIS))
    _arrow(ax, (left + boxes[-1] + 0.5, AXIS), (plus - 0.11, AXIS))
    ax.add_patch(Circle((plus, AXIS), 0.11, fc=CARD, ec=CONVECTION, lw=1.3, zorder=3))
    _text(ax, plus, AXIS, "+", size=SMALL + 2)
    _detour(ax, (left + 0.18, AXIS), (plus, AXIS + 0.11))
    _text(ax, left + 1.36, AXIS + 0.54, "x itself", color=MUTED)
    equation = r"$x \leftarrow x + W_2\,\mathrm{ReLU}(W_1 x + b_1) + b_2$"
    _text(ax, left + 1.36, 1.05, equation, size=SMALL + 1)
    _text(ax, left + 1.36, 0.72, "every point by itself", color=MUTED)


def _diffusion(ax: Axes, left: float) -> None:
    _frame(ax, left, 1.42, "diffusion", DIFFUSION)
    _box(ax, left + 0.28, AXIS - 0.28, 0.86, 0.56, face=CARD, edge=DIFFUSION)
    offsets = (0.41, -0.02), (0.56, 0.17), (0.63, -0.17), (0.79, 0.05), (0.98, 0.18), (1.01, -0.14)
    nodes = np.array([(left + x, AXIS + y) for x, y in offsets])
    for i, j in ((0, 1), (0, 2), (1, 3), (2, 3), (3, 4), (3, 5), (4, 5), (1, 2)):
        ax.plot(*nodes[[i, j]].T, color=DIFFUSION, lw=1.2, zorder=2)
    for x, y in nodes:
        ax.add_patch(Circle((x, y), 0.05, fc=DIFFUSION, ec=CARD, lw=0.8, zorder=3))
    _arrow(ax, (left - 0.27, AXIS), (left + 0.28, AXIS))
    _detour(ax, (left + 1.28, AXIS), (left + 0.14, AXIS))
    _text(ax, left + 0.71, AXIS + 0.54, "r times", color=MUTED)
    _text(ax, left + 0.71, 1.05, r"$x \leftarrow x - \gamma\,L\,x$", size=SMALL + 1)
    _text(ax, left + 0.71, 0.72, "along the graph", color=MUTED)


def _frame(ax: Axes, left: float, width: float, name: str, colour: str) -> None:
    _box(ax, left, 0.46, width, 2.34, face=_tint(colour), edge=colour)
    _text(ax, left + width / 2, 2.57, name, color=colour, weight="bold", size=SMALL + 1.5)


def _points(ax: Axes, centre: float) -> None:
    rng = np.random.default_rng(3)
    _box(ax, centre - 0.36, AXIS - 0.36, 0.72, 0.72, face=CARD, edge=RULE)
    for c, radius in enumerate((0.27, 0.12)):
        angle = np.linspace(0, 2 * np.pi, 22 - 8 * c, endpoint=False)
        r = radius + 0.012 * rng.standard_normal(len(angle))
        colour, marker = series(c)
        ax.scatter(
            centre + r * np.cos(angle), AXIS + r * np.sin(angle), s=9, c=colour, marker=marker, lw=0
        )
    _text(ax, centre, AXIS + 0.54, "points x")
    _text(ax, centre, AXIS - 0.52, "n × d", color=MUTED)


def _scores(ax: Axes, centre: float) -> None:
    for row, share in enumerate((0.8, 0.25, 0.9, 0.15)):
        y = AXIS + 0.24 - 0.16 * row
        for c, (start, size) in enumerate(((0.0, share), (share, 1.0 - share))):
            ax.barh(y, 0.32 * size, 0.1, left=centre - 0.16 + 0.32 * start, color=series(c)[0])
    _text(ax, centre, AXIS + 0.54, "scores")
    _text(ax, centre, AXIS - 0.52, "n × c", color=MUTED)


def _box(
    ax: Axes,
    x: float,
    y: float,
    width: float,
    height: float,
    *,
    face: str = "none",
    edge: str,
    dashed: bool = False,
) -> None:
    ax.add_patch(
        FancyBboxPatch(
            (x, y),
            width,
            height,
            boxstyle="round,pad=0,rounding_size=0.08",
            fc=face,
            ec=edge,
            lw=1.2,
            ls=(0, (4, 3)) if dashed else "-",
        )
    )


def _arrow(ax: Axes, start: tuple[float, float], end: tuple[float, float]) -> None:
    ax.add_patch(
        FancyArrowPatch(
            start, end, arrowstyle="-|>", mutation_scale=9, color=INK, lw=1.3, shrinkA=0, shrinkB=0
        )
    )


def _detour(ax: Axes, start: tuple[float, float], end: tuple[float, float]) -> None:
    """An arrow up, across and down, over what stands on the axis."""
    top = AXIS + 0.4
    corners = [start, (start[0], top), (end[0], top), end]
    ax.plot(*np.array(corners[:3]).T, color=INK, lw=1.3, solid_joinstyle="miter", zorder=2)
    _arrow(ax, corners[2], corners[3])


def _text(
    ax: Axes,
    x: float,
    y: float,
    words: str,
    *,
    color: str = INK,
    size: float = SMALL,
    weight: str = "normal",
) -> None:
    ax.text(x, y, words, color=color, size=size, weight=weight, ha="center", va="center", zorder=4)


def _tint(colour: str) -> str:
    """A colour mixed with much white."""
    mixed = (round(0.1 * int(colour[at : at + 2], 16) + 0.9 * 255) for at in (1, 3, 5))
    return "#" + "".join(f"{value:02x}" for value in mixed)
