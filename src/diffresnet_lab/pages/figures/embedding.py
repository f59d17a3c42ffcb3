"""Rows of few-shot tasks in the plane: stars are labelled, circles are queries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from ..palette import CARD, INK, MUTED, RULE, class_colours, legible_on
from ..style import SMALL

CROWDED = 150
"""Rows beyond which marks shrink, and a class has one number, not one a row."""


@dataclass(frozen=True)
class Scatter:
    """Places of all rows of a task.

    Parameters
    ----------
    places : (n, 2)
    classes : (n,)
        From 0 on.
    labelled : (n,)
    """

    places: Float[np.ndarray, "n 2"]
    classes: Int[np.ndarray, " n"]
    labelled: Bool[np.ndarray, " n"]


def task_scatters(rows: Mapping[str, Mapping[str, Scatter]]) -> Figure:
    """A line of frames for each name, a frame for each scatter; each class has colour and number.

    Parameters
    ----------
    rows : name of a line -> title of a frame -> scatter; all lines with the same titles.
    """
    columns = len(next(iter(rows.values())))
    figure = Figure(
        figsize=(2.8 * columns, 2.75 * len(rows) + 0.35), layout="constrained", facecolor=CARD
    )
    axes = figure.subplots(len(rows), columns, squeeze=False)
    for line, (name, scatters) in zip(axes, rows.items(), strict=True):
        for ax, (title, scatter) in zip(line, scatters.items(), strict=True):
            _frame(ax)
            _draw(ax, scatter)
            ax.set_title(f"{name}, {title}", size=SMALL, color=INK, pad=3)
    figure.legend(
        handles=_legend(),
        loc="outside upper center",
        ncols=2,
        frameon=False,
        fontsize=SMALL,
        labelcolor=INK,
        handletextpad=0.3,
    )
    return figure


def _frame(ax: Axes) -> None:
    ax.set_facecolor(CARD)
    ax.set(xticks=[], yticks=[])
    ax.margins(0.08)
    for spine in ax.spines.values():
        spine.set_color(RULE)


def _draw(ax: Axes, scatter: Scatter) -> None:
    colours = class_colours(int(scatter.classes.max()) + 1)
    aside = 0.035 * np.ptp(scatter.places, axis=0)
    crowded = len(scatter.classes) > CROWDED
    shrink = CROWDED / len(scatter.classes) if crowded else 1.0
    # Stars lie on top; many of them are smaller.
    star = 270.0 if scatter.labelled.sum() <= len(colours) else 170.0
    for labelled, marker, size, edge in ((False, "o", 62.0, CARD), (True, "*", star, INK)):
        for c, colour in enumerate(colours):
            at = scatter.places[(scatter.classes == c) & (scatter.labelled == labelled)]
            ax.scatter(
                at[:, 0], at[:, 1], s=shrink * size, marker=marker, color=colour, edgecolors=edge,
                linewidths=0.7, zorder=2 + labelled,
            )  # fmt: skip
            if not crowded:
                _number(ax, at, c, legible_on(colour), 2.5 + labelled)
            elif labelled and len(at):  # one number a class, beside its stars
                _number(ax, at.mean(0, keepdims=True) + aside, c, INK, 4.0)


def _number(ax: Axes, at: Float[np.ndarray, "m 2"], c: int, ink: str, order: float) -> None:
    for x, y in at:
        ax.text(
            x, y, str(c + 1), size=5.5, color=ink, ha="center", va="center_baseline", zorder=order
        )


def _legend() -> Sequence[Line2D]:
    def mark(label: str, marker: str, size: float) -> Line2D:
        return Line2D([], [], ls="", marker=marker, markersize=size, color=MUTED, label=label)

    return [mark("labelled row", "*", 12.0), mark("query; numbers: class", "o", 7.0)]
