"""Values of several series over named categories: a mark each, with bars or single draws."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..palette import CARD, INK, RULE, series
from .axes import Axis, Canvas, canvas, finish, legend, panels_of


@dataclass(frozen=True)
class Dots:
    """Marks of one series.

    Parameters
    ----------
    values : category -> value; a category may be missing.
    errors : category -> half the length of a bar; NaN for none.
    draws : category -> single values, drawn pale behind the mark.
    colour : number of a series, or a colour; by default its place among the series.
    rim : bool
        Part the marks from what they lie on by a white rim, which hides the shortest bars.
    """

    label: str
    values: Mapping[Any, float]
    errors: Mapping[Any, float] = field(default_factory=dict)
    draws: Mapping[Any, Sequence[float] | np.ndarray] = field(default_factory=dict)
    colour: int | str | None = None
    marker: str = ""
    hollow: bool = False
    size: float = 5.0
    rim: bool = True


def dots(
    panels: Mapping[str, Sequence[Dots]],
    value: Axis,
    category: str = "",
    *,
    horizontal: bool = False,
    side_by_side: bool = True,
    width: float = 4.8,
    height: float = 4.0,
    legend_columns: int = 2,
    into: Canvas | None = None,
) -> Figure:
    """Return a figure with a panel each, side by side.

    Parameters
    ----------
    panels : title -> series
    value : axis of the values
    category : label of the axis of the categories
    horizontal : bool
        Give each category a row, and values from left to right.
    side_by_side : bool
        Put the marks of one category beside each other, not over each other.
    """
    figure: Figure = canvas(width, height, into)
    axes, _ = panels_of(figure, len(panels), len(panels), sharey=horizontal)
    every = [each for panel in panels.values() for each in panel]
    names = list(dict.fromkeys(name for each in every for name in each.values))
    labels = list(dict.fromkeys(each.label for each in every))
    handles: list[Artist] = []
    for ax, (title, panel) in zip(axes, panels.items(), strict=True):
        ticks = Axis(category, ticks={place: str(name) for place, name in enumerate(names)})
        for each in panel:
            number = labels.index(each.label)
            shift = 0.0
            if side_by_side and len(labels) > 1:
                shift = -0.34 + 0.68 * number / (len(labels) - 1)
            handles.append(_draw(ax, each, names, number, shift, horizontal))
        x, y = (value, ticks) if horizontal else (ticks, value)
        finish(ax, x, y, title, bold=True)
        _categories(ax, len(names), horizontal, side_by_side)
    legend(figure, handles, legend_columns)
    return figure


def _draw(
    ax: Axes, dots: Dots, names: list[Any], number: int, shift: float, horizontal: bool
) -> Artist:
    hue = number if dots.colour is None else dots.colour
    colour, marker = series(hue) if isinstance(hue, int) else (hue, "o")
    present = [name for name in names if name in dots.values]
    places = np.array([names.index(name) for name in present]) + shift
    values = np.array([dots.values[name] for name in present], float)
    errors = np.nan_to_num([dots.errors.get(name, 0.0) for name in present])
    for place, name in zip(places, present, strict=True):
        drawn = np.asarray(dots.draws.get(name, ()), float)
        spots = np.full(len(drawn), place)
        x, y = (drawn, spots) if horizontal else (spots, drawn)
        ax.scatter(x, y, s=11, color=colour, alpha=0.35, linewidths=0)
    x, y = (values, places) if horizontal else (places, values)
    if errors.any():
        bars: dict[str, Any] = {"xerr" if horizontal else "yerr": errors}
        ax.errorbar(x, y, fmt="none", ecolor=colour, elinewidth=1.6, capsize=2.5, **bars)
    (handle,) = ax.plot(
        x,
        y,
        linestyle="",
        marker=dots.marker or marker,
        markersize=dots.size,
        color=colour,
        markerfacecolor="none" if dots.hollow else colour,
        markeredgecolor=CARD if dots.rim and not dots.hollow else colour,
        markeredgewidth=1.2 if dots.rim or dots.hollow else 0.0,
        label=dots.label,
        zorder=3,
    )
    return handle


def _categories(ax: Axes, count: int, horizontal: bool, between: bool) -> None:
    """Give every category as much room, and rule lines between them."""
    if horizontal:
        ax.set_ylim(count - 0.5, -0.5)
        ax.tick_params(axis="y", length=0, labelcolor=INK)
        return
    ax.set_xlim(-0.5, count - 0.5)
    ax.tick_params(axis="x", length=0)
    ax.grid(visible=False, axis="x")
    for boundary in range(1, count * between):
        ax.axvline(boundary - 0.5, color=RULE, linewidth=0.8)
