"""Accuracy against a setting: a line with its 95% band, a panel a data set and number of shots."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, MaxNLocator, NullLocator

from ..palette import CARD, INK, MUTED, series
from ..style import SMALL, plain


@dataclass(frozen=True)
class Band:
    """One curve; all sequences are as long, x ascending.

    Parameters
    ----------
    mean, ci95 : in percent; NaN for no interval.
    chosen : float, optional
        The setting that is used elsewhere: a vertical line.
    share : percent of tasks, drawn below the curve, if given.
    """

    x: Sequence[float]
    mean: Sequence[float]
    ci95: Sequence[float]
    chosen: float | None = None
    share: Sequence[float] | None = None


def band_panels(
    panels: Mapping[str, Band],
    xlabel: str,
    *,
    logarithmic: bool = False,
    columns: int = 2,
    share_label: str = "",
    measure: str = "accuracy, %",
) -> Figure:
    """Panels side by side, each of its own scale.

    Parameters
    ----------
    panels : title -> band
    share_label : what `share` of the bands is.
    """
    shares = any(band.share is not None for band in panels.values())
    lines, columns = -(-len(panels) // columns), min(columns, len(panels))
    each = 2 if shares else 1
    figure = Figure(
        figsize=(5.6, (3.1 if shares else 2.3) * lines + 0.35),
        layout="constrained",
        facecolor=CARD,
    )
    axes = figure.subplots(
        each * lines,
        columns,
        squeeze=False,
        gridspec_kw={"height_ratios": [2.2, 1.0] * lines} if shares else None,
    )
    for index, (title, band) in enumerate(panels.items()):
        row, column = divmod(index, columns)
        ax = axes[each * row, column]
        _curve(ax, band, logarithmic)
        ax.set_title(title, size=SMALL, color=INK, weight="bold", pad=4)
        lowest = ax
        if shares:
            lowest = axes[each * row + 1, column]
            _share(lowest, band, logarithmic)
            ax.tick_params(labelbottom=False)
        lowest.set_xlabel(xlabel, size=SMALL, color=INK)
        if column == 0:
            ax.set_ylabel(measure, size=SMALL, color=INK)
            if shares:
                lowest.set_ylabel(share_label, size=SMALL, color=INK)
    for index in range(len(panels), lines * columns):
        for ax in axes[each * (lines - 1) :, index % columns]:
            ax.set_axis_off()
    if any(band.chosen is not None for band in panels.values()):
        mark = Line2D([], [], color=MUTED, linestyle="--", linewidth=1.2, label="chosen setting")
        colour, marker = series(0)
        line = Line2D([], [], color=colour, marker=marker, markersize=4.5, label="Diff-ResNet")
        figure.legend(
            handles=[line, mark],
            loc="outside upper center",
            ncols=2,
            frameon=False,
            fontsize=SMALL,
            labelcolor=INK,
        )
    return figure


def _curve(ax: Axes, band: Band, logarithmic: bool) -> None:
    plain(ax)
    colour, marker = series(0)
    mean, ci95 = np.asarray(band.mean), np.nan_to_num(np.asarray(band.ci95, dtype=float))
    ax.fill_between(band.x, mean - ci95, mean + ci95, color=colour, alpha=0.18, linewidth=0)
    ax.plot(band.x, mean, color=colour, marker=marker, markersize=4.5, linewidth=1.5)
    _scale(ax, band, logarithmic)
    ax.yaxis.set_major_locator(MaxNLocator(5))


def _share(ax: Axes, band: Band, logarithmic: bool) -> None:
    plain(ax)
    colour, marker = series(1)
    assert band.share is not None
    ax.plot(band.x, band.share, color=colour, marker=marker, markersize=4.0, linewidth=1.3)
    _scale(ax, band, logarithmic)
    ax.set_ylim(-8.0, 108.0)
    ax.set_yticks([0, 50, 100])


def _scale(ax: Axes, band: Band, logarithmic: bool) -> None:
    if logarithmic:
        ax.set_xscale("log")
        ax.set_xticks(_apart(band.x, band.chosen))
        ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: _written(value)))
        ax.xaxis.set_minor_locator(NullLocator())
    if band.chosen is not None:
        ax.axvline(band.chosen, color=MUTED, linestyle="--", linewidth=1.2, zorder=1)


def _written(value: float) -> str:
    """No longer than five characters between 0.01 and 1000."""
    return f"{value:.2g}" if value < 0.1 else f"{value:.3g}"


def _apart(x: Sequence[float], chosen: float | None, labels: int = 6) -> list[float]:
    """Values that can be written side by side on a logarithmic axis; the chosen one is of them."""
    least = (max(x) / min(x)) ** (1.0 / labels)
    kept = [value for value in x if value == chosen]
    for value in x:
        if all(max(value / other, other / value) >= least for other in kept):
            kept.append(value)
    return sorted(kept)
