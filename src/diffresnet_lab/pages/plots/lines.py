"""Curves, with bands or bars for their errors, in one panel or several."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from ..palette import CARD, MUTED, series
from ..style import SMALL
from .axes import DASHED, DOTTED, Axis, Canvas, Draw, canvas, finish, legend, panels_of

STYLES: dict[str, Any] = {"solid": "-", "dashed": DASHED, "dotted": DOTTED, "marks": ""}


@dataclass(frozen=True)
class Curve:
    """One curve of a panel.

    Parameters
    ----------
    label : entry in the legend; without one, none.
    colour : int or str, optional
        Number of a series, with its colour and marker, or a colour. By default curves of one label
        have one series, in the order of the labels.
    error : half the length of error bars; NaN for none.
    band : (low, high), shaded.
    marker : bool or str
        Draw markers, those of the series or of this shape; hollow if `hollow`, at every `every`-th
        point, or at the points of these indices.
    width : of the line, in points
    """

    x: Sequence[float] | np.ndarray
    y: Sequence[float] | np.ndarray
    label: str = ""
    colour: int | str | None = None
    style: Literal["solid", "dashed", "dotted", "marks"] = "solid"
    error: Sequence[float] | np.ndarray | None = None
    band: tuple[Any, Any] | None = None
    marker: bool | str = True
    hollow: bool = False
    every: int | Sequence[int] = 1
    size: float = 4.5
    width: float = 1.6
    alpha: float = 1.0


@dataclass(frozen=True)
class Rule:
    """A straight line across a panel, with a few words beside it.

    Parameters
    ----------
    across : {"x", "y"}
        The axis on which it has one value.
    below : bool
        Put the words below the line, at its right end.
    label : entry in the legend, instead of words beside the line.
    """

    at: float
    text: str = ""
    across: Literal["x", "y"] = "y"
    style: Literal["solid", "dashed", "dotted"] = "dashed"
    colour: str = MUTED
    below: bool = False
    label: str = ""


@dataclass(frozen=True)
class LinePanel:
    """One panel: its curves and its axes.

    Parameters
    ----------
    draw : function of the axes, optional
        Adds what no curve can be.
    """

    curves: Sequence[Curve]
    title: str = ""
    x: Axis = field(default_factory=Axis)
    y: Axis = field(default_factory=Axis)
    rules: Sequence[Rule] = ()
    draw: Draw | None = None


def lines(
    panels: Sequence[LinePanel],
    *,
    columns: int = 2,
    width: float = 4.8,
    height: float = 3.0,
    legend_columns: int = 2,
    legend_free: bool = False,
    extra: Sequence[Artist] = (),
    bold: bool = False,
    into: Canvas | None = None,
    **grid: Any,
) -> Figure:
    """Return a figure with a panel each, row by row.

    Parameters
    ----------
    width, height : of the figure, in inches.
    legend_free : bool
        Put the legend in the place of a panel that is left over.
    extra : further entries of the legend.
    bold : whether titles are.
    into : figure to draw into, optional
    **grid : of `Figure.subplots`, such as `sharey` and `height_ratios`.
    """
    figure: Figure = canvas(width, height, into)
    axes, free = panels_of(figure, len(panels), min(columns, len(panels)), **grid)
    labels = list(dict.fromkeys(c.label for p in panels for c in p.curves if c.colour is None))
    handles: list[Artist] = []
    for ax, panel in zip(axes, panels, strict=True):
        for curve in panel.curves:
            handle = _draw(ax, curve, labels)
            # Marks at the edge of a panel are whole; what lies beyond is cut off.
            handle.set_clip_on(not (panel.x.holds(curve.x) and panel.y.holds(curve.y)))
            if curve.label:
                handle.set_label(curve.label)
                handles.append(handle)
        handles += [drawn for rule in panel.rules if (drawn := _rule(ax, rule)) is not None]
        finish(ax, panel.x, panel.y, panel.title, bold)
        if panel.draw is not None:
            panel.draw(ax)
    explained = {str(handle.get_label()) for handle in (*handles, *extra)}
    if len(explained) > 1 or extra:
        legend(figure, [*handles, *extra], legend_columns, free if legend_free else ())
    return figure


def key(label: str, style: str = "solid", colour: str = MUTED, marker: str = "") -> Line2D:
    """Return an entry of a legend that belongs to no single curve."""
    return Line2D([], [], color=colour, linestyle=STYLES[style], marker=marker, label=label)


def _draw(ax: Axes, curve: Curve, labels: list[str]) -> Line2D:
    number = labels.index(curve.label) if curve.colour is None else curve.colour
    colour, marker = series(number) if isinstance(number, int) else (number, "o")
    if isinstance(curve.marker, str):
        marker = curve.marker
    look: dict[str, Any] = {
        "color": colour,
        "linestyle": STYLES[curve.style],
        "linewidth": curve.width,
        "marker": marker if curve.marker else None,
        "markersize": curve.size,
        "markevery": curve.every,
        "markeredgewidth": 1.0 if curve.hollow else 0.6,
        "alpha": curve.alpha,
    }
    if curve.hollow:
        look["markerfacecolor"] = CARD
    elif curve.style != "marks":
        look["markeredgecolor"] = CARD
    x, y = np.asarray(curve.x, float), np.asarray(curve.y, float)
    if curve.band is not None:
        ax.fill_between(x, *curve.band, color=colour, alpha=0.16, linewidth=0)
    if curve.error is not None:
        bars = np.nan_to_num(np.asarray(curve.error, dtype=float))
        ax.errorbar(x, y, bars, fmt="none", ecolor=colour, elinewidth=0.9, alpha=curve.alpha)
    return ax.plot(x, y, **look)[0]


def _rule(ax: Axes, rule: Rule) -> Line2D | None:
    look: dict[str, Any] = {"color": rule.colour, "linestyle": STYLES[rule.style], "linewidth": 1.2}
    across = rule.across == "x"
    drawn = (ax.axvline if across else ax.axhline)(rule.at, zorder=1.5, **look)
    if rule.text:
        place, offset, align = (0.02, rule.at), (0, 3), ("left", "bottom")
        if across:
            place, offset, align = (rule.at, 0.98), (4, 0), ("left", "top")
        elif rule.below:
            place, offset, align = (0.98, rule.at), (0, -3), ("right", "top")
        ax.annotate(
            rule.text,
            place,
            offset,
            xycoords=("data", "axes fraction") if across else ("axes fraction", "data"),
            textcoords="offset points",
            ha=align[0],
            va=align[1],
            size=SMALL,
            color=rule.colour,
        )
    if not rule.label:
        return None
    drawn.set_label(rule.label)
    return drawn
