"""Error rates of methods beside each other."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from jaxtyping import Float
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator

from ..palette import CARD, INK, RULE, series
from ..style import SMALL, chart, name_axes


def error_chart(
    scores: Mapping[str, Mapping[int, Float[np.ndarray, " draws"]]], xlabel: str
) -> Figure:
    """Error rates of several methods: each draw as a dot, the mean as a marker.

    Parameters
    ----------
    scores : title of a method, number of labels -> accuracies in percent, one a draw.
    """
    figure, ax = chart(height=4.0)
    counts = list(next(iter(scores.values())))
    offsets = np.linspace(-0.34, 0.34, len(scores)) if len(scores) > 1 else np.zeros(1)
    for index, (title, of_method) in enumerate(scores.items()):
        colour, marker = series(index)
        x = np.arange(len(counts)) + offsets[index]
        errors = [100.0 - np.asarray(of_method[count]) for count in counts]
        for at, error in zip(x, errors, strict=True):
            ax.scatter(np.full(len(error), at), error, s=11, color=colour, alpha=0.35, linewidths=0)
        ax.plot(
            x,
            [error.mean() for error in errors],
            linestyle="",
            marker=marker,
            markersize=8.5,
            color=colour,
            markeredgecolor=CARD,
            markeredgewidth=1.2,
            label=title,
            zorder=3,
        )
    for between in range(1, len(counts)):
        ax.axvline(between - 0.5, color=RULE, linewidth=0.8)
    ax.set_yscale("log")
    ax.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    ax.minorticks_off()
    ax.set_xticks(range(len(counts)), [str(count) for count in counts])
    ax.tick_params(axis="x", length=0)
    ax.grid(visible=False, axis="x")
    ax.set_xlim(-0.5, len(counts) - 0.5)
    name_axes(ax, xlabel, "wrong labels per 100 (log scale)")
    figure.legend(
        loc="outside upper center", ncols=2, frameon=False, fontsize=SMALL, labelcolor=INK
    )
    return figure
