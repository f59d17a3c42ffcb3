"""Type size and frame of all figures, and their bytes as SVG and PNG."""

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
    """Return a figure as SVG with letters as outlines; its bytes depend on the figure alone."""
    buffer = io.BytesIO()
    with matplotlib.rc_context({"svg.hashsalt": "diffresnet", "svg.fonttype": "path"}):
        figure.savefig(buffer, format="svg", dpi=200, metadata={"Date": None, "Creator": None})
    return buffer.getvalue()


def png(figure: Figure) -> bytes:
    """Return a figure as PNG, 200 dots an inch; its bytes depend on the figure alone."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=200, metadata={"Software": None})
    return buffer.getvalue()


def plain(ax: Axes) -> None:
    """Give axes the colours, grid and frame of all figures."""
    ax.set_facecolor(CARD)
    ax.spines[["top", "right"]].set_visible(False)
    ax.spines[["left", "bottom"]].set_color(RULE)
    ax.tick_params(which="both", colors=MUTED, labelsize=SMALL)
    ax.grid(color=GRID, linewidth=0.8)
    ax.set_axisbelow(True)


def legend_above(
    figure: Figure, handles: Sequence[Artist], labels: Sequence[str], ncols: int
) -> None:
    """Put one legend for all axes of a figure above them, and never over data."""
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
    """Label both axes in the type of all figures."""
    ax.set_xlabel(x, size=SMALL, color=INK)
    ax.set_ylabel(y, size=SMALL, color=INK)
