"""Accuracies of many models as dots, a panel a data set."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from ..palette import CARD, INK, MUTED, series
from ..style import SMALL, plain


@dataclass(frozen=True)
class Dot:
    """One accuracy in percent.

    Parameters
    ----------
    error : float
        Half the length of the bar; NaN for none.
    quoted : float, optional
        A published accuracy beside it.
    ours : bool
        Whether it is what the page is about.
    """

    accuracy: float
    error: float
    quoted: float | None = None
    ours: bool = False


def accuracy_dots(panels: Mapping[str, Mapping[str, Dot]]) -> Figure:
    """A row a model and a panel a data set, side by side; our own have a colour.

    Parameters
    ----------
    panels : data set -> model -> dot. A model may be missing from some of them.
    """
    models = list(dict.fromkeys(model for dots in panels.values() for model in dots))
    figure = Figure(
        figsize=(2.0 + 1.25 * max(len(panels), 2), 0.215 * len(models) + 1.2),
        layout="constrained",
        facecolor=CARD,
    )
    axes = figure.subplots(1, len(panels), sharey=True, squeeze=False)[0]
    for ax, (name, dots) in zip(axes, panels.items(), strict=True):
        plain(ax)
        for model, dot in dots.items():
            y = models.index(model)
            colour, marker = (series(0)[0], "D") if dot.ours else (MUTED, "o")
            error = 0.0 if np.isnan(dot.error) else dot.error
            ax.errorbar(
                dot.accuracy,
                y,
                xerr=error,
                color=colour,
                marker=marker,
                markersize=4.5,
                elinewidth=1.6,
                capsize=2.5,
            )
            if dot.quoted is not None:
                ax.scatter(
                    dot.quoted,
                    y,
                    s=40,
                    facecolors="none",
                    edgecolors=series(1)[0],
                    marker="s",
                    zorder=4,
                )
        ax.set_title(name, size=SMALL, color=INK, weight="bold", pad=4)
        ax.xaxis.set_major_locator(MaxNLocator(3, integer=True))
        ax.set_ylim(len(models) - 0.5, -0.5)
        ax.set_yticks(range(len(models)), models)
        ax.tick_params(axis="y", length=0)
        for label in ax.get_yticklabels():
            label.set_color(INK)
    figure.supxlabel("accuracy on test nodes, %", size=SMALL, color=INK)
    figure.legend(
        handles=_legend(
            any(d.quoted is not None for dots in panels.values() for d in dots.values())
        ),
        loc="outside upper center",
        ncols=3,
        frameon=False,
        fontsize=SMALL,
        labelcolor=INK,
        handletextpad=0.2,
        columnspacing=1.2,
    )
    return figure


def _legend(quoted: bool) -> list[Line2D]:
    def mark(label: str, marker: str, colour: str, hollow: bool = False) -> Line2D:
        face = "none" if hollow else colour
        return Line2D([], [], ls="", marker=marker, color=colour, markerfacecolor=face, label=label)

    marks = [mark("Diff-ResNet", "D", series(0)[0]), mark("others", "o", MUTED)]
    return [*marks, mark("quoted", "s", series(1)[0], hollow=True)] if quoted else marks
