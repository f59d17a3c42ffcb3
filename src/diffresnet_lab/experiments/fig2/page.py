"""The page of Fig. 2: subsets, D across the widest and L between the nearest two."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ...pages.palette import INK, MUTED, series
from ...pages.plots import Diagram
from ...pages.style import SMALL
from ..base import Experiment, PartResult, RunConfig
from .study import SHAPES, Fig2Plan, StructuredSet, farthest_pair, nearest_pair, structured_set

MARGIN = 0.18
SHIFT = np.array([0.35, 0.25])
"""From the coordinates of the points to those of the sheet."""


def picture_part(config: RunConfig, plan: Fig2Plan) -> PartResult:
    """Draw the points, and measure D and L on them."""
    data = structured_set(config.seed, plan.points)
    geometry = data.geometry()
    assert geometry.closest is not None
    first, second = (int(name) + 1 for name in geometry.closest)
    rows: list[dict[str, Any]] = [
        {"subset": int(name) + 1, "class": SHAPES[int(name)][0] + 1, "diameter": float(value)}
        for name, value in geometry.diameters.items()
    ]
    whole = {
        "subset": "all",
        "diameter": geometry.diameter,
        "distance": geometry.distance,
        "ratio": geometry.ratio,
        "closest": f"{first} and {second}",
    }
    return PartResult(
        [*rows, whole],
        values={"whole": whole, "each": [sum(s[0] == c for s in SHAPES) for c in (0, 1)]},
        figures={"fig2": structured_figure(data)},
        settings={"points_per_subset": plan.points},
    )


def structured_figure(data: StructuredSet) -> Figure:
    """Return the points, their subsets, D across the widest and L between the nearest two."""
    geometry = data.geometry()
    assert geometry.closest is not None
    sheet = Diagram(7.8, 5.75)
    points = data.points + SHIFT
    for subset, (c, x, y, a, b, degrees) in enumerate(SHAPES):
        colour, marker = series(c)
        size = (2.0 * a + MARGIN, 2.0 * b + MARGIN)
        sheet.ellipse((x + SHIFT[0], y + SHIFT[1]), size, degrees, colour)
        px, py = points[data.subsets == subset].T
        sheet.ax.scatter(px, py, s=13, color=colour, marker=marker, alpha=0.7, lw=0, zorder=2)
    widest = max(geometry.diameters, key=lambda name: geometry.diameters[name])
    ends = points[list(farthest_pair(data, int(widest)))]
    _measure(sheet.ax, ends, f"D = {geometry.diameter:.2f}\nlargest diameter", (0.9, 1.12))
    near = points[list(nearest_pair(data, *map(int, geometry.closest)))]
    _measure(sheet.ax, near, f"L = {geometry.distance:.2f}\nsmallest distance", (1.35, 0.05))
    for c, title in enumerate(("class 1", "class 2")):
        colour, marker = series(c)
        x, y = 0.35 + 1.5 * c + SHIFT[0], 5.15 + SHIFT[1]
        sheet.ax.scatter([x], [y], s=42, color=colour, marker=marker, linewidths=0)
        sheet.text((x + 0.17, y), title, size=SMALL + 2, align="left")
    return sheet.figure


def _measure(
    ax: Axes, ends: Float[np.ndarray, "2 2"], text: str, offset: tuple[float, float]
) -> None:
    """Draw a double arrow between two points, and words beside it."""
    arrow = {"arrowstyle": "<->", "color": INK, "lw": 1.8, "shrinkA": 0, "shrinkB": 0}
    ax.annotate("", tuple(ends[0]), tuple(ends[1]), arrowprops=arrow, zorder=4)
    ax.scatter(
        ends[:, 0], ends[:, 1], s=46, facecolors="none", edgecolors=INK, linewidths=1.5, zorder=4
    )
    x, y = ends.mean(0).tolist()
    ax.annotate(
        text,
        (x, y),
        (x + offset[0], y + offset[1]),
        size=SMALL + 2,
        color=INK,
        ha="center",
        va="center",
        arrowprops={"arrowstyle": "-", "color": MUTED, "lw": 0.9, "shrinkB": 3},
        zorder=5,
    )


EXPERIMENT = Experiment(Path(__file__).parent, {"picture": picture_part}, Fig2Plan)
