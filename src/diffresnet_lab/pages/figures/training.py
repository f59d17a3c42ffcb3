"""Networks in training: where they put the points, and how often they are right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from ..palette import CARD, INK, RULE, series
from ..style import SMALL, legend_above, plain


@dataclass(frozen=True)
class Panel:
    """Points in the plane at one moment.

    Parameters
    ----------
    line : (3,), optional
        (a, b, c) of the straight line a x + b y + c = 0 that decides between two classes.
    """

    title: str
    points: Float[np.ndarray, "n 2"]
    line: Float[np.ndarray, "3"] | None = None


def feature_grid(rows: Mapping[str, Sequence[Panel]], classes: Int[np.ndarray, " n"]) -> Figure:
    """Rows of panels, each as large as its own points, with the line that decides between them.

    Parameters
    ----------
    rows : name -> panels, as many in each row.
    """
    columns = len(next(iter(rows.values())))
    figure = Figure(
        figsize=(1.12 * columns + 0.3, 1.36 * len(rows)), layout="constrained", facecolor=CARD
    )
    axes = figure.subplots(len(rows), columns, squeeze=False)
    for row, (name, panels) in zip(axes, rows.items(), strict=True):
        for ax, panel in zip(row, panels, strict=True):
            _points_and_line(ax, panel, classes)
        row[0].set_ylabel(name, size=SMALL, color=INK)
    return figure


def _points_and_line(ax: Axes, panel: Panel, classes: Int[np.ndarray, " n"]) -> None:
    centre = (panel.points.min(0) + panel.points.max(0)) / 2
    reach = 1.12 * max(float(np.abs(panel.points - centre).max()), 1e-12)
    ax.set_facecolor(CARD)
    for c in np.unique(classes):
        colour, marker = series(int(c))
        x, y = panel.points[classes == c].T
        ax.scatter(x, y, s=7, color=colour, marker=marker, alpha=0.6, linewidths=0, rasterized=True)
    if panel.line is not None:
        ends = _within(panel.line, centre, reach)
        ax.plot(ends[:, 0], ends[:, 1], color=INK, linewidth=1.6)
    ax.set(xticks=[], yticks=[], aspect="equal")
    ax.set_xlim(centre[0] - reach, centre[0] + reach)
    ax.set_ylim(centre[1] - reach, centre[1] + reach)
    ax.set_title(panel.title, size=SMALL, color=INK, pad=3)
    for spine in ax.spines.values():
        spine.set_color(RULE)


def _within(
    line: Float[np.ndarray, "3"], centre: Float[np.ndarray, "2"], reach: float
) -> Float[np.ndarray, "2 2"]:
    """Two points of the line, on both sides of the foot of the perpendicular from the centre."""
    normal, offset = line[:2], line[2]
    size = max(float(np.linalg.norm(normal)), 1e-300)
    foot = centre - (normal @ centre + offset) / size * normal / size
    along = np.array([-normal[1], normal[0]]) / size
    return np.stack([foot - 3 * reach * along, foot + 3 * reach * along])


def accuracy_curves(
    curves: Mapping[str, Mapping[str, Float[np.ndarray, "s e"]]], xlabel: str = "training steps"
) -> Figure:
    """Accuracy over training, a panel a data set: the first run, and the middle of all runs.

    Parameters
    ----------
    curves : panel -> name of a curve -> accuracies in percent, a row a run.
        The first row is drawn as a line with markers; of all rows the range between the quartiles
        is shaded.
    """
    figure = Figure(figsize=(4.8, 1.75 * len(curves) + 0.4), layout="constrained", facecolor=CARD)
    axes = figure.subplots(len(curves), 1, sharex=True, squeeze=False)[:, 0]
    for ax, (panel, named) in zip(axes, curves.items(), strict=True):
        plain(ax)
        for index, (name, runs) in enumerate(named.items()):
            colour, marker = series(index)
            at = np.arange(runs.shape[1])
            low, high = np.percentile(runs, [25, 75], axis=0)
            ax.fill_between(at, low, high, color=colour, alpha=0.16, linewidth=0)
            ax.plot(
                at,
                runs[0],
                color=colour,
                marker=marker,
                markersize=4,
                linewidth=1.6,
                markeredgecolor=CARD,
                markeredgewidth=0.6,
                label=name,
                clip_on=False,
                zorder=3,
            )
        ax.set_title(panel, size=SMALL, color=INK, loc="left", weight="bold", pad=3)
        ax.set_ylim(30, 102)
        ax.set_yticks((40, 60, 80, 100))
        ax.set_xlim(0, at[-1])
        ax.xaxis.set_major_locator(MaxNLocator(6, integer=True))
        ax.set_ylabel("accuracy, %", size=SMALL, color=INK)
    axes[-1].set_xlabel(xlabel, size=SMALL, color=INK)
    handles, labels = axes[0].get_legend_handles_labels()
    legend_above(figure, handles, labels, ncols=len(labels))
    return figure
