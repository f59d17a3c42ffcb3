"""Drawings of boxes, arrows and words, in inches."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Circle, Ellipse, FancyArrowPatch, FancyBboxPatch

from ..palette import CARD, INK
from ..style import SMALL

Point = tuple[float, float]


class Diagram:
    """A blank sheet whose units are inches, and what can be drawn on it.

    Attributes
    ----------
    figure : Figure
    ax : Axes
        For what has no method here.
    """

    def __init__(self, width: float, height: float) -> None:
        self.figure = Figure(figsize=(width, height), facecolor=CARD)
        self.ax = self.figure.add_axes((0.0, 0.0, 1.0, 1.0))
        self.ax.set(xlim=(0, width), ylim=(0, height), aspect="equal")
        self.ax.set_axis_off()

    def box(
        self,
        corner: Point,
        width: float,
        height: float,
        *,
        edge: str,
        face: str = "none",
        dashed: bool = False,
        text: str = "",
    ) -> None:
        """Draw a box with round corners, and a word in its middle."""
        style = "round,pad=0,rounding_size=0.08"
        line = (0, (4, 3)) if dashed else "-"
        patch = FancyBboxPatch(
            corner, width, height, boxstyle=style, fc=face, ec=edge, lw=1.2, ls=line
        )
        self.ax.add_patch(patch)
        if text:
            self.text((corner[0] + width / 2, corner[1] + height / 2), text)

    def arrow(self, start: Point, end: Point, *corners: Point) -> None:
        """Draw an arrow, round corners where there are any."""
        path = [start, *corners]
        if corners:
            self.path(path, INK, 1.3)
        look: dict[str, Any] = {"arrowstyle": "-|>", "mutation_scale": 9, "color": INK, "lw": 1.3}
        self.ax.add_patch(FancyArrowPatch(path[-1], end, shrinkA=0, shrinkB=0, **look))

    def path(self, points: Sequence[Point], colour: str, width: float = 1.2) -> None:
        """Draw a line from point to point."""
        x, y = np.array(points).T
        self.ax.plot(x, y, color=colour, lw=width, solid_joinstyle="miter", zorder=2)

    def circle(self, centre: Point, radius: float, *, face: str, edge: str) -> None:
        """Draw a disc."""
        self.ax.add_patch(Circle(centre, radius, fc=face, ec=edge, lw=1.1, zorder=3))

    def ellipse(self, centre: Point, size: Point, degrees: float, colour: str) -> None:
        """Draw an ellipse with a faint inside."""
        width, height = size
        looks: tuple[dict[str, Any], ...] = (
            {"fc": colour, "alpha": 0.1, "lw": 0},
            {"fill": False, "ec": colour, "lw": 1.2},
        )
        for look in looks:
            self.ax.add_patch(Ellipse(centre, width, height, angle=degrees, **look))

    def text(
        self,
        place: Point,
        text: str,
        *,
        colour: str = INK,
        size: float = SMALL,
        weight: str = "normal",
        align: str = "center",
    ) -> None:
        """Write words about a place, or from it on."""
        x, y = place
        look: dict[str, Any] = {"color": colour, "size": size, "weight": weight}
        self.ax.text(x, y, text, ha=align, va="center", zorder=4, **look)


def tint(colour: str) -> str:
    """Return a colour mixed with much white."""
    mixed = (round(0.1 * int(colour[start : start + 2], 16) + 0.9 * 255) for start in (1, 3, 5))
    return "#" + "".join(f"{value:02x}" for value in mixed)
