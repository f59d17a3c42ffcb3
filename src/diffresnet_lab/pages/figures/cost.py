"""Seconds a task, and accuracy, against the number of diffusion steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator

from ..palette import CARD, INK, series
from ..style import SMALL, plain


@dataclass(frozen=True)
class Cost:
    """One data set and number of shots.

    Parameters
    ----------
    steps : numbers of diffusion steps.
    seconds : who trains -> seconds a task, at each number of steps
    mean, ci95 : accuracy in percent, at each number of steps
    """

    steps: Sequence[int]
    seconds: Mapping[str, Sequence[float]]
    mean: Sequence[float]
    ci95: Sequence[float]


def cost_panels(panels: Mapping[str, Cost]) -> Figure:
    """Above seconds, on a logarithmic scale; below accuracy; a column a panel, two a line."""
    columns = min(2, len(panels))
    lines = -(-len(panels) // columns)
    figure = Figure(figsize=(5.6, 3.9 * lines + 0.35), layout="constrained", facecolor=CARD)
    axes = figure.subplots(2 * lines, columns, squeeze=False)
    for index, (title, cost) in enumerate(panels.items()):
        line, column = divmod(index, columns)
        above, below = axes[2 * line : 2 * line + 2, column]
        _seconds(above, cost)
        _accuracy(below, cost)
        above.set_title(title, size=SMALL, color=INK, weight="bold", pad=4)
        above.tick_params(labelbottom=False)
        below.set_xlabel("diffusion steps r", size=SMALL, color=INK)
        if column == 0:
            above.set_ylabel("ms a task (log scale)", size=SMALL, color=INK)
            below.set_ylabel("accuracy, %", size=SMALL, color=INK)
    for index in range(len(panels), lines * columns):
        for ax in axes[2 * (lines - 1) :, index % columns]:
            ax.set_axis_off()
    figure.legend(
        *axes[0, 0].get_legend_handles_labels(),
        loc="outside upper center",
        ncols=2,
        frameon=False,
        fontsize=SMALL,
        labelcolor=INK,
    )
    return figure


def _seconds(ax: Axes, cost: Cost) -> None:
    plain(ax)
    for index, (name, seconds) in enumerate(cost.seconds.items()):
        colour, marker = series(index)
        milliseconds = 1e3 * np.asarray(seconds)
        ax.plot(
            cost.steps, milliseconds, color=colour, marker=marker, markersize=4.5, linewidth=1.5,
            label=name,
        )  # fmt: skip
    ax.set_yscale("log")
    ax.yaxis.set_major_locator(LogLocator(subs=(1.0, 3.0)))
    ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    ax.yaxis.set_minor_locator(NullLocator())
    ax.set_xticks(cost.steps)


def _accuracy(ax: Axes, cost: Cost) -> None:
    plain(ax)
    colour, marker = series(0)
    mean, ci95 = np.asarray(cost.mean), np.nan_to_num(np.asarray(cost.ci95, dtype=float))
    ax.fill_between(cost.steps, mean - ci95, mean + ci95, color=colour, alpha=0.18, linewidth=0)
    ax.plot(cost.steps, mean, color=colour, marker=marker, markersize=4.5, linewidth=1.5)
    ax.set_xticks(cost.steps)
    ax.yaxis.set_major_locator(MaxNLocator(4))
