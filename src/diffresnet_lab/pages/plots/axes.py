"""Axes, legends and figures made of several: what all kinds of plots share."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from matplotlib.ticker import FixedLocator, FuncFormatter, LogLocator, MaxNLocator, NullLocator

from ..palette import CARD, INK, RULE
from ..style import SMALL, plain

Canvas = Figure | SubFigure
Draw = Callable[[Axes], None]
"""Adds to a panel what no kind of plot has."""

DASHED = (0, (4, 3))
DOTTED = (0, (1, 1.5))


@dataclass(frozen=True)
class Axis:
    """One axis of a panel.

    Parameters
    ----------
    scale : {"linear", "log", "log2"}
    ticks : places of ticks, or place -> text; by default few and round ones.
    limits : of the axis; None for what the data need.
    bins : int
        At most so many ticks, where the scale is linear.
    whole : bool
        Take ticks at integers only.
    """

    label: str = ""
    scale: Literal["linear", "log", "log2"] = "linear"
    ticks: Sequence[float] | Mapping[float, str] | None = None
    limits: tuple[float | None, float | None] | None = None
    bins: int = 6
    whole: bool = False

    def holds(self, values: Any) -> bool:
        """Return whether the limits leave out none of the values."""
        low, high = self.limits or (None, None)
        x = np.asarray(values, float)
        return bool((low is None or (x >= low).all()) and (high is None or (x <= high).all()))

    def apply(self, ax: Axes, which: Literal["x", "y"]) -> None:
        """Set scale, ticks, limits and label of `ax`."""
        axis = ax.xaxis if which == "x" else ax.yaxis
        if self.scale != "linear":
            base = 2 if self.scale == "log2" else 10
            (ax.set_xscale if which == "x" else ax.set_yscale)("log", base=base)
            axis.set_minor_locator(NullLocator())
        if self.ticks is not None:
            texts = self.ticks if isinstance(self.ticks, Mapping) else None
            axis.set_major_locator(FixedLocator(list(self.ticks)))
            axis.set_major_formatter(FuncFormatter(lambda value, _: _written(value, texts)))
        elif self.scale == "log":
            axis.set_major_locator(LogLocator(numticks=7))
        elif self.scale == "linear":
            locator = MaxNLocator(self.bins, steps=(1, 2, 5, 10), integer=self.whole)
            axis.set_major_locator(locator)
            axis.set_major_formatter(FuncFormatter(lambda value, _: _written(value, None)))
        if self.limits is not None:
            (ax.set_xlim if which == "x" else ax.set_ylim)(*self.limits)
        axis.label.set_text(self.label)
        axis.label.set_fontsize(SMALL)
        axis.label.set_color(INK)


def _written(value: float, texts: Mapping[float, str] | None) -> str:
    if texts is None:
        return f"{round(value, 9):,g}".replace("-", "−")
    return next((text for place, text in texts.items() if np.isclose(place, value)), "")


def canvas(width: float, height: float, into: Canvas | None = None) -> Any:
    """Return a new figure of so many inches, or the given one."""
    if into is not None:
        return into
    return Figure(figsize=(width, height), layout="constrained", facecolor=CARD)


def panels_of(
    figure: Canvas, count: int, columns: int, **options: Any
) -> tuple[list[Axes], list[Axes]]:
    """Return axes row by row, as many as asked for, and those that are left over, emptied."""
    rows = -(-count // columns)
    axes = figure.subplots(rows, columns, squeeze=False, **options).ravel().tolist()
    for ax in axes[count:]:
        ax.set_axis_off()
    return axes[:count], axes[count:]


def title(ax: Axes, text: str, bold: bool = False) -> None:
    """Write the title of a panel."""
    ax.set_title(text, size=SMALL, color=INK, pad=4, weight="bold" if bold else "normal")


def bare(ax: Axes) -> None:
    """Frame a panel whose numbers say nothing."""
    ax.set_facecolor(CARD)
    ax.set(xticks=[], yticks=[])
    ax.spines[:].set_color(RULE)


def legend(
    figure: Canvas,
    handles: Sequence[Artist],
    columns: int = 2,
    free: Sequence[Axes] = (),
    **options: Any,
) -> None:
    """Draw the one legend of a figure: above all axes, or in the place of a panel left over.

    Parameters
    ----------
    handles : with labels; of equal ones the first is shown.
    """
    first: dict[str, Artist] = {}
    for handle in handles:
        first.setdefault(str(handle.get_label()), handle)
    shown = list(first.values())
    if not shown:
        return
    look = {"frameon": False, "fontsize": SMALL, "labelcolor": INK, **options}
    if free:
        free[0].legend(handles=shown, loc="center", **look)
    else:
        figure.legend(
            handles=shown, loc="outside upper center", ncols=columns, columnspacing=1.2, **look
        )


def stack(width: float, *parts: tuple[float, Callable[[Canvas], Any]]) -> Figure:
    """Return a figure of several plots, one below the other.

    Parameters
    ----------
    parts : height in inches, and function that draws into a figure that it is given.
    """
    heights = [height for height, _ in parts]
    figure = Figure(figsize=(width, sum(heights)), layout="constrained", facecolor=CARD)
    inner = figure.subfigures(len(parts), 1, height_ratios=heights, squeeze=False)[:, 0]
    for part, (_, draw) in zip(inner, parts, strict=True):
        part.set_facecolor(CARD)
        draw(part)
    return figure


def finish(ax: Axes, x: Axis, y: Axis, text: str, bold: bool = False) -> None:
    """Give a panel that is drawn the house look, its axes and its title."""
    plain(ax)
    x.apply(ax, "x")
    y.apply(ax, "y")
    if text:
        title(ax, text, bold)
