"""Accuracy and Dirichlet energy against depth: two rows of panels, a column a data set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullLocator

from ..palette import CARD, INK, MUTED, series
from ..style import SMALL, legend_above, plain

FLOOR = 1e-8
"""Energies below are drawn here: the rounding of float32 features is not far."""


@dataclass(frozen=True)
class DepthCurve:
    """One kind of network; all sequences are as long.

    Parameters
    ----------
    error : half the length of the bars; NaN for none.
    before, after : energies at initialisation and after training.
    """

    depth: Sequence[int]
    accuracy: Sequence[float]
    error: Sequence[float]
    before: Sequence[float]
    after: Sequence[float]


def depth_figure(
    panels: Mapping[str, Mapping[str, DepthCurve]], constant: Mapping[str, float]
) -> Figure:
    """Above accuracy, below energy; lines are trained networks, dashes untrained ones.

    Parameters
    ----------
    panels : data set -> name of a curve -> its numbers
    constant : data set -> the energy of features alike at all nodes, a dotted line
    """
    figure = Figure(
        figsize=(1.1 + 1.45 * max(len(panels), 2), 4.6), layout="constrained", facecolor=CARD
    )
    axes = figure.subplots(2, len(panels), sharex="col", sharey="row", squeeze=False)
    for column, (name, curves) in enumerate(panels.items()):
        above, below = axes[:, column]
        for index, (label, curve) in enumerate(curves.items()):
            _draw(above, below, curve, *series(index), label)
        below.axhline(
            constant[name], color=MUTED, linestyle=":", linewidth=1.4, label="alike at all nodes"
        )
        above.set_title(name, size=SMALL, color=INK, weight="bold", pad=4)
        for ax in (above, below):
            plain(ax)
            ax.set_xscale("log", base=2)
            depths = next(iter(curves.values())).depth
            ax.set_xticks(depths, [str(depth) for depth in depths])
            ax.xaxis.set_minor_locator(NullLocator())
        below.set_yscale("log")
        below.set_ylim(_lowest(panels) / 3, 3.0)
        below.yaxis.set_major_locator(LogLocator(numticks=6))
        below.yaxis.set_minor_locator(NullLocator())
        below.set_xlabel("depth", size=SMALL, color=INK)
    axes[0, 0].set_ylabel("accuracy, %", size=SMALL, color=INK)
    axes[1, 0].set_ylabel("Dirichlet energy", size=SMALL, color=INK)
    handles, labels = axes[1, 0].get_legend_handles_labels()
    legend_above(figure, handles, labels, ncols=2)
    return figure


def _lowest(panels: Mapping[str, Mapping[str, DepthCurve]]) -> float:
    curves = [curve for of in panels.values() for curve in of.values()]
    return max(FLOOR, min(min(*curve.before, *curve.after) for curve in curves))


def _draw(
    above: Axes, below: Axes, curve: DepthCurve, colour: str, marker: str, label: str
) -> None:
    errors = np.nan_to_num(np.asarray(curve.error))
    look: dict[str, Any] = {"color": colour, "marker": marker, "markersize": 5.0, "linewidth": 1.6}
    above.errorbar(curve.depth, curve.accuracy, yerr=errors, elinewidth=1.2, **look)
    before, after = (np.maximum(energies, FLOOR) for energies in (curve.before, curve.after))
    below.plot(curve.depth, after, label=label, **look)
    below.plot(
        curve.depth, before, **{**look, "linewidth": 1.1}, linestyle="--", markerfacecolor=CARD
    )
