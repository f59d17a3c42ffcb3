"""Points in the plane, coloured by class: one panel or a grid of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from ..palette import CARD, INK, MUTED, class_colours, legible_on, series
from ..style import SMALL
from .axes import Axis, Canvas, Draw, bare, canvas, finish, legend, panels_of, title

CROWDED = 150
"""Points beyond which marks shrink, and numbers stand beside the stars of a class only."""


@dataclass(frozen=True)
class ScatterPanel:
    """Points at one moment.

    Parameters
    ----------
    points : (n, 2)
    classes : (n,)
        From 0 on; points of class -1 belong to none, and are grey crosses.
    labelled : (n,), optional
        Points that are drawn as stars.
    badges : class -> text at the middle of the class, optional
    numbered : bool
        Write the number of its class, from 1 on, on each point.
    line : (3,), optional
        (a, b, c) of the straight line a x + b y + c = 0 that decides between two classes.
    frame : (centre, half the side) of the square that is shown; by default that of the points.
    axes : x and y axis, where their numbers say something; without them the panel is square.
    size : area of a mark, in square points
    draw : function of the axes, optional
        Adds what no point can be.
    """

    points: Float[np.ndarray, "n 2"]
    classes: Int[np.ndarray, " n"]
    title: str = ""
    labelled: Bool[np.ndarray, " n"] | None = None
    badges: dict[int, str] = field(default_factory=dict)
    numbered: bool = False
    line: Float[np.ndarray, "3"] | None = None
    frame: tuple[tuple[float, float], float] | None = None
    axes: tuple[Axis, Axis] | None = None
    size: float = 9.0
    draw: Draw | None = None


def square_around(
    points: Float[np.ndarray, "n 2"], margin: float = 1.05
) -> tuple[tuple[float, float], float]:
    """Return centre and half the side of the smallest square that holds all points, widened."""
    centre = (points.min(0) + points.max(0)) / 2
    reach = margin * max(float(np.abs(points - centre).max()), 1e-12)
    return (float(centre[0]), float(centre[1])), reach


def scatter_grid(
    panels: Sequence[ScatterPanel],
    *,
    columns: int = 2,
    width: float = 4.8,
    height: float | None = None,
    row_labels: Sequence[str] = (),
    stars: bool = False,
    into: Canvas | None = None,
    **grid: Any,
) -> Figure:
    """Return a figure with a panel each, row by row.

    Parameters
    ----------
    width, height : of the figure, in inches; by default panels are about square.
    row_labels : written left of the rows.
    stars : bool
        Explain stars and circles in a legend.
    **grid : of `Figure.subplots`, such as `height_ratios`.
    """
    columns = min(columns, len(panels))
    rows = -(-len(panels) // columns)
    if height is None:
        height = width / columns * rows + 0.25 * rows * any(panel.title for panel in panels)
    figure: Figure = canvas(width, height, into)
    axes, _ = panels_of(figure, len(panels), columns, **grid)
    for ax, panel in zip(axes, panels, strict=True):
        _draw(ax, panel)
    for ax, text in zip(axes[::columns], row_labels, strict=False):
        ax.set_ylabel(text, size=SMALL, color=INK)
    if stars:
        names = (("*", 12.0, "labelled"), ("o", 7.0, "others; numbers: class"))
        marks = [
            Line2D([], [], ls="", color=MUTED, marker=marker, markersize=size, label=name)
            for marker, size, name in names
        ]
        legend(figure, marks, handletextpad=0.3)
    return figure


def _draw(ax: Axes, panel: ScatterPanel) -> None:
    points, classes = panel.points, panel.classes
    if (classes < 0).any():
        _marks(ax, points[classes < 0], s=11, color=MUTED, marker="x", linewidths=0.8, alpha=0.75)
    if panel.labelled is None:
        _few_classes(ax, panel)
    else:
        _many_classes(ax, panel, panel.labelled)
    frame = panel.frame
    if panel.line is not None:
        frame = frame or square_around(points, 1.12)
        ends = _ends(panel.line, np.array(frame[0]), frame[1])
        ax.plot(*ends.T, color=INK, linewidth=1.6)
    if panel.axes is None:
        bare(ax)
        ax.set_aspect("equal", adjustable="box" if panel.frame else "datalim")
        title(ax, panel.title)
    else:
        finish(ax, *panel.axes, panel.title)
    if frame is not None:
        (x, y), reach = frame
        ax.set(xlim=(x - reach, x + reach), ylim=(y - reach, y + reach))
    if panel.draw is not None:
        panel.draw(ax)


def _few_classes(ax: Axes, panel: ScatterPanel) -> None:
    for c in np.unique(panel.classes[panel.classes >= 0]):
        colour, marker = series(int(c))
        members = panel.points[panel.classes == c]
        # Thousands of dots weigh less as pixels.
        look = {"marker": marker, "alpha": 0.7, "linewidths": 0, "rasterized": len(members) > 300}
        _marks(ax, members, s=panel.size, color=colour, **look)


def _many_classes(ax: Axes, panel: ScatterPanel, labelled: Bool[np.ndarray, " n"]) -> None:
    points, classes = panel.points, panel.classes
    colours = class_colours(int(classes.max()) + 1)
    crowded = len(classes) > CROWDED
    star = 105.0 if crowded else 270.0 if labelled.sum() <= len(colours) else 170.0
    for c, colour in enumerate(colours):
        for stars, marker, size, edge in (
            (False, "o", panel.size, CARD),
            (True, "*", star, INK),
        ):
            members = points[(classes == c) & (labelled == stars)]
            _marks(
                ax,
                members,
                s=size,
                marker=marker,
                color=colour,
                alpha=0.8 if crowded and not stars else 1.0,
                edgecolors=edge,
                linewidths=0.0 if crowded and not stars else 0.7,
                rasterized=crowded and not stars,
                zorder=2 + stars,
            )
            if panel.numbered and not crowded:
                _numbers(ax, members, c, legible_on(colour), 2.5 + stars)
            elif panel.numbered and stars and len(members):
                beside = members.mean(0, keepdims=True) + 0.035 * np.ptp(points, axis=0)
                _numbers(ax, beside, c, INK, 4.0)
        if c in panel.badges:
            _badge(ax, points[classes == c], points.mean(0), panel.badges[c], colour)
    ax.margins(0.1)


def _marks(ax: Axes, points: Float[np.ndarray, "m 2"], **look: Any) -> None:
    ax.scatter(points[:, 0], points[:, 1], **look)


def _numbers(ax: Axes, places: Float[np.ndarray, "m 2"], c: int, ink: str, order: float) -> None:
    for x, y in places:
        ax.text(
            x, y, str(c + 1), size=5.5, color=ink, ha="center", va="center_baseline", zorder=order
        )


def _badge(
    ax: Axes,
    points: Float[np.ndarray, "m 2"],
    centre: Float[np.ndarray, "2"],
    text: str,
    colour: str,
) -> None:
    """Write a text just outside the point of a class that is nearest to the class's median."""
    nearest = points[np.linalg.norm(points - np.median(points, axis=0), axis=1).argmin()]
    outwards = nearest - centre
    away = 15.0 * outwards / max(float(np.linalg.norm(outwards)), 1e-9)
    ax.annotate(
        text,
        (nearest[0], nearest[1]),
        (away[0], away[1]),
        textcoords="offset points",
        size=10.5,
        weight="bold",
        ha="center",
        va="center",
        color=legible_on(colour),
        bbox={"boxstyle": "circle,pad=0.25", "fc": colour, "ec": CARD, "lw": 1.4},
        zorder=4,
    )


def _ends(
    line: Float[np.ndarray, "3"], centre: Float[np.ndarray, "2"], reach: float
) -> Float[np.ndarray, "2 2"]:
    """Return two points of a line, on both sides of the perpendicular from the centre."""
    normal, offset = line[:2], line[2]
    size = max(float(np.linalg.norm(normal)), 1e-300)
    foot = centre - (normal @ centre + offset) / size * normal / size
    along = np.array([-normal[1], normal[0]]) / size
    return np.stack([foot - 3 * reach * along, foot + 3 * reach * along])
