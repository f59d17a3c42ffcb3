"""Fig. 2: the structured data assumption, drawn with the D and L of the points that are drawn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Int
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Ellipse
from matplotlib.text import Text

from ..pages.palette import CARD, INK, MUTED, series
from ..pages.section import Picture, Section
from ..pages.style import SMALL
from ..theory.geometry import SubsetGeometry, subset_geometry
from .experiment import Experiment, Part, Setup

SHAPES: tuple[tuple[int, float, float, float, float, float], ...] = (
    (0, 0.9, 3.9, 0.85, 0.60, 20.0),
    (0, 4.95, 3.5, 1.30, 0.62, -14.0),
    (0, 3.1, 0.65, 0.80, 0.62, 0.0),
    (1, 0.6, 1.55, 0.62, 0.85, 15.0),
    (1, 3.0, 2.35, 0.55, 0.42, 30.0),
    (1, 6.35, 1.3, 0.80, 0.95, -35.0),
)
"""Class, centre, half axes and turn in degrees of each subset."""

POINTS = 45
MARGIN = 0.18
TITLES = ("class 1", "class 2")


@dataclass(frozen=True)
class Structured:
    """Two classes, each a union of bounded subsets.

    Attributes
    ----------
    points : (n, 2)
    classes, subsets : (n,)
    """

    points: Float[np.ndarray, "n 2"]
    classes: Int[np.ndarray, " n"]
    subsets: Int[np.ndarray, " n"]

    def geometry(self) -> SubsetGeometry:
        """D and L, measured."""
        return subset_geometry(torch.from_numpy(self.points), torch.from_numpy(self.subsets))


def structured_set(seed: int = 42, points: int = POINTS) -> Structured:
    """Points drawn evenly in six ellipses.

    Parameters
    ----------
    points : in each ellipse.
    """
    rng = np.random.default_rng(seed)
    drawn = []
    for _, x, y, a, b, degrees in SHAPES:
        angle, radius = 2.0 * np.pi * rng.random(points), np.sqrt(rng.random(points))
        turn = np.deg2rad(degrees)
        across = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
        inside = radius[:, None] * np.stack([a * np.cos(angle), b * np.sin(angle)], axis=1)
        drawn.append(np.array([x, y]) + inside @ across.T)
    subsets = np.repeat(np.arange(len(SHAPES)), points)
    classes = np.array([shape[0] for shape in SHAPES])[subsets]
    return Structured(np.concatenate(drawn), classes, subsets)


def farthest_pair(data: Structured, subset: int) -> tuple[int, int]:
    """The two points of a subset that are farthest apart."""
    own = np.flatnonzero(data.subsets == subset)
    i, j = np.unravel_index(_between(data.points[own], data.points[own]).argmax(), (len(own),) * 2)
    return int(own[i]), int(own[j])


def nearest_pair(data: Structured, first: int, second: int) -> tuple[int, int]:
    """The points of two subsets that are nearest to each other."""
    a, b = (np.flatnonzero(data.subsets == s) for s in (first, second))
    gaps = _between(data.points[a], data.points[b])
    i, j = np.unravel_index(gaps.argmin(), gaps.shape)
    return int(a[i]), int(b[j])


def structured_figure(data: Structured) -> Figure:
    """The points, their subsets, D across the widest and L between the nearest two."""
    found = data.geometry()
    assert found.closest is not None
    widest = max(found.diameters, key=lambda name: found.diameters[name])
    figure = Figure(figsize=(6.4, 4.6), facecolor=CARD)
    ax = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    ax.set_aspect("equal")
    ax.axis("off")
    for subset, (c, x, y, a, b, degrees) in enumerate(SHAPES):
        colour, marker = series(c)
        around = Ellipse(
            (x, y), 2.0 * a + MARGIN, 2.0 * b + MARGIN, angle=degrees, fc=colour, alpha=0.10, lw=0
        )
        edge = Ellipse(
            (x, y), 2.0 * a + MARGIN, 2.0 * b + MARGIN, angle=degrees, fill=False, ec=colour, lw=1.2
        )
        ax.add_patch(around)
        ax.add_patch(edge)
        px, py = data.points[data.subsets == subset].T
        ax.scatter(px, py, s=13, color=colour, marker=marker, alpha=0.7, linewidths=0, zorder=2)
    ends = data.points[list(farthest_pair(data, int(widest)))]
    _measure(ax, ends, f"D = {found.diameter:.2f}", "largest diameter", above=True)
    near = data.points[list(nearest_pair(data, *map(int, found.closest)))]
    _measure(ax, near, f"L = {found.distance:.2f}", "smallest distance", above=False)
    for c, title in enumerate(TITLES):
        colour, marker = series(c)
        ax.scatter([0.35 + 1.5 * c], [5.15], s=42, color=colour, marker=marker, linewidths=0)
        ax.text(0.52 + 1.5 * c, 5.15, title, size=SMALL + 2, color=INK, va="center")
    ax.set_xlim(-0.35, 7.45)
    ax.set_ylim(-0.25, 5.5)
    return figure


def _measure(
    ax: Axes, ends: Float[np.ndarray, "2 2"], name: str, meaning: str, above: bool
) -> Text:
    ax.annotate(
        "",
        ends[0],
        ends[1],
        arrowprops={"arrowstyle": "<->", "color": INK, "lw": 1.8, "shrinkA": 0, "shrinkB": 0},
        zorder=4,
    )
    px, py = ends.T
    ax.scatter(px, py, s=46, facecolors="none", edgecolors=INK, linewidths=1.5, zorder=4)
    middle = ends.mean(0)
    return ax.annotate(
        f"{name}\n{meaning}",
        middle,
        (middle[0] + (0.9 if above else 0.6), middle[1] + (1.12 if above else 0.05)),
        size=SMALL + 2,
        color=INK,
        ha="center" if above else "left",
        va="center",
        arrowprops={"arrowstyle": "-", "color": MUTED, "lw": 0.9, "shrinkB": 3},
        zorder=5,
    )


def _between(x: Float[np.ndarray, "n 2"], y: Float[np.ndarray, "m 2"]) -> Float[np.ndarray, "n m"]:
    return np.asarray(np.linalg.norm(x[:, None] - y[None, :], axis=2))


def _part(setup: Setup) -> Part:
    data = structured_set(setup.seed)
    found = data.geometry()
    assert found.closest is not None
    first, second = (int(name) + 1 for name in found.closest)
    each = [sum(shape[0] == c for shape in SHAPES) for c in (0, 1)]
    picture = Picture(
        structured_figure(data),
        alt=f"Two classes in the plane, of {each[0]} and {each[1]} oval subsets that lie apart. "
        f"An arrow across the widest subset is D = {found.diameter:.2f}, the largest diameter; an "
        f"arrow between the two nearest subsets is L = {found.distance:.2f}, the smallest distance "
        "between two.",
        caption="The structured data assumption: each class is a union of bounded subsets. D is "
        "the largest diameter of a subset, L the smallest distance between two subsets, also "
        "between two of one class.",
        name="fig2",
    )
    rows: list[dict[str, Any]] = [
        {"subset": int(name) + 1, "class": SHAPES[int(name)][0] + 1, "diameter": float(value)}
        for name, value in found.diameters.items()
    ]
    rows.append(
        {
            "subset": "all",
            "diameter": found.diameter,
            "distance": found.distance,
            "ratio": found.ratio,
            "closest": f"{first} and {second}",
        }
    )
    return Part(
        Section(
            "The structured data assumption (Fig. 2 of the paper)",
            (
                "Real classes are rarely one lump: a digit is written in several ways. The paper "
                "assumes that each class is a union of bounded subsets, its subclasses, and "
                "measures how clearly these are set apart by two lengths: D, the largest diameter "
                "of a subset, and L, the smallest distance between two subsets. Diffusion along a "
                "graph inside the subsets shrinks D and keeps L (Proposition 1), and a residual "
                "network can separate classes once L/D is large enough (Theorems 1 and 2).",
                f"The subsets of this picture are {POINTS} random points each, and D and L are "
                "measured on these points.",
            ),
            galleries=((picture,),),
        ),
        rows,
        f"The drawn subsets have D = {found.diameter:.3f} and L = {found.distance:.3f}, so "
        f"L/D = {found.ratio:.3f}.",
        {"points_per_subset": POINTS},
    )


EXPERIMENT = Experiment("fig2", "The structured data assumption (Fig. 2)", {"picture": _part})
