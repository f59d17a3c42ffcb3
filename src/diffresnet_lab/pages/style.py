"""What all figures share: frames, type size, and their bytes as SVG and PNG."""

from __future__ import annotations

import io
from collections.abc import Sequence

import matplotlib
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from .palette import CARD, GRID, INK, MUTED, RULE

SMALL = 9.0
"""Points of type: pictures are drawn at about the width at which a phone shows them."""


def svg(figure: Figure) -> bytes:
    """A figure as SVG whose bytes depend on nothing but the figure; its letters are outlines."""
    buffer = io.BytesIO()
    with matplotlib.rc_context({"svg.hashsalt": "diffresnet", "svg.fonttype": "path"}):
        figure.savefig(buffer, format="svg", dpi=200, metadata={"Date": None, "Creator": None})
    return buffer.getvalue()


def png(figure: Figure) -> bytes:
    """A figure as PNG, 200 dots an inch, whose bytes depend on nothing but the figure."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=200, metadata={"Software": None})
    return buffer.getvalue()


def chart(width: float = 4.8, height: float = 3.0) -> tuple[Figure, Axes]:
    """Axes with numbers and a faint grid, for curves and bars; sizes in inches."""
    figure = Figure(figsize=(width, height), layout="constrained", facecolor=CARD)
    ax = figure.subplots()
    plain(ax)
    return figure, ax


def square(inches: float) -> tuple[Figure, Axes]:
    """A frame without numbers, for maps whose unit says nothing; one unit is as long both ways."""
    figure = Figure(figsize=(inches, inches), facecolor=CARD)
    ax = figure.add_axes((0.01, 0.01, 0.98, 0.98))
    ax.set_facecolor(CARD)
    ax.set_aspect("equal", adjustable="datalim")
    ax.set(xticks=[], yticks=[])
    for spine in ax.spines.values():
        spine.set_color(RULE)
    return figure, ax


def plain(ax: Axes) -> None:
    """The house look of axes that have been made elsewhere."""
    ax.set_facecolor(CARD)
    ax.spines[["top", "right"]].set_visible(False)
    ax.spines[["left", "bottom"]].set_color(RULE)
    ax.tick_params(which="both", colors=MUTED, labelsize=SMALL)
    ax.grid(color=GRID, linewidth=0.8)
    ax.set_axisbelow(True)


def legend_above(
    figure: Figure, handles: Sequence[Artist], labels: Sequence[str], ncols: int
) -> None:
    """One legend for all axes of a figure, over them and never over data."""
    figure.legend(
        handles,
        labels,
        loc="outside upper center",
        ncols=ncols,
        frameon=False,
        fontsize=SMALL,
        labelcolor=INK,
    )


def name_axes(ax: Axes, x: str, y: str) -> None:
    """Labels of both axes in the house type."""
    ax.set_xlabel(x, size=SMALL, color=INK)
    ax.set_ylabel(y, size=SMALL, color=INK)
