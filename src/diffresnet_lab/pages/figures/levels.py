"""Accuracy of several models against the level of something: labels, damage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from ..palette import CARD, INK, series
from ..style import SMALL, name_axes, plain


class Curve(NamedTuple):
    """Means with their standard errors, NaN where there is none."""

    levels: Sequence[float]
    means: Sequence[float]
    errors: Sequence[float]


Curves = Mapping[tuple[int, str], Curve]
"""Number and name of a model -> its curve; the number, from 0 on, chooses colour and marker."""

DODGE = 0.012
"""Neighbouring curves stand so much of the panel's width apart, for the bars to be seen."""


def level_panels(panels: Mapping[str, Curves], xlabel: str, logarithmic: bool = False) -> Figure:
    """Two panels a line, all of one scale.

    The one legend takes the free place where there is one, else stands above.

    Parameters
    ----------
    panels : title -> curves.
    xlabel : of the levels.
    logarithmic : bool
        Whether equal factors of the level are equal lengths.
    """
    lines = -(-len(panels) // 2)
    figure = Figure(
        figsize=(5.6, 2.3 * lines + 0.7 * (len(panels) % 2 == 0 or len(panels) == 1)),
        layout="constrained",
        facecolor=CARD,
    )
    columns = min(2, len(panels))
    axes = figure.subplots(lines, columns, sharey=True, squeeze=False).ravel()
    models = sorted({model for curves in panels.values() for model in curves})
    for index, (ax, (title, curves)) in enumerate(zip(axes, panels.items(), strict=False)):
        _panel(ax, curves, len(models), logarithmic)
        ax.set_title(title, size=SMALL, color=INK)
        name_axes(ax, xlabel, "" if index % 2 else "accuracy, %")
    handles = {
        label: handle
        for ax in axes[: len(panels)]
        for handle, label in zip(*ax.get_legend_handles_labels(), strict=True)
    }
    names = [name for _, name in models]
    look = {"frameon": False, "fontsize": SMALL, "labelcolor": INK}
    shown = [handles[name] for name in names]
    if len(axes) > len(panels):
        axes[-1].set_axis_off()
        axes[-1].legend(shown, names, loc="center", **look)
    else:
        figure.legend(shown, names, loc="outside upper center", ncols=3, **look)
    return figure


def _panel(ax: Axes, curves: Curves, models: int, logarithmic: bool) -> None:
    plain(ax)
    levels = np.array(sorted({level for curve in curves.values() for level in curve.levels}))
    places = np.log(levels) if logarithmic else levels
    width = np.ptp(places) or 1.0
    order = {model: at for at, model in enumerate(sorted(curves))}
    for model, curve in curves.items():
        colour, marker = series(model[0])
        at = places[np.searchsorted(levels, curve.levels)]
        at = at + DODGE * width * (order[model] - (models - 1) / 2)
        ax.errorbar(
            at,
            curve.means,
            np.nan_to_num(np.asarray(curve.errors, dtype=float)),
            color=colour,
            marker=marker,
            markersize=4.5,
            linewidth=1.3,
            elinewidth=0.8,
            alpha=0.9,
            label=model[1],
        )
    ax.set_xticks(places, [f"{level:g}" for level in levels])
    ax.xaxis.set_minor_locator(NullLocator())
    ax.set_xlim(places[0] - 0.08 * width, places[-1] + 0.08 * width)
