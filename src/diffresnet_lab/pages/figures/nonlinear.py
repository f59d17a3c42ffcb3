"""Points moved by several flows side by side, and accuracy along the strength of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Float, Int
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..palette import CARD, INK, MUTED, RULE, series
from ..style import SMALL, plain

Curves = Mapping[str, tuple[Sequence[float], Float[np.ndarray, " strengths"]]]
"""Title of a flow -> strengths, and the accuracy in percent at each."""


def moved_panels(
    panels: Mapping[str, Float[np.ndarray, "m 2"]], classes: Int[np.ndarray, " n"]
) -> Figure:
    """The same points in several places, a panel each, all in the same frame.

    Parameters
    ----------
    panels : title -> points; those past the first n have no class, and are grey crosses.
    """
    everything = np.concatenate(list(panels.values()))
    low, high = everything.min(0), everything.max(0)
    margin = 0.05 * (high - low)
    aspect = float((high - low)[1] / (high - low)[0])
    columns = min(2, len(panels))
    rows = -(-len(panels) // columns)
    width = 4.8
    height = rows * (width / columns * aspect + 0.25)
    figure = Figure(figsize=(width, height), layout="constrained", facecolor=CARD)
    axes = figure.subplots(rows, columns, squeeze=False).ravel()
    for ax in axes[len(panels) :]:
        ax.set_axis_off()
    n = len(classes)
    for ax, (title, points) in zip(axes, panels.items(), strict=False):
        _frame(ax, title)
        x, y = points[n:].T
        ax.scatter(x, y, s=11, color=MUTED, marker="x", linewidths=0.8, alpha=0.75)
        for c in np.unique(classes):
            colour, marker = series(int(c))
            x, y = points[:n][classes == c].T
            ax.scatter(x, y, s=9, color=colour, marker=marker, alpha=0.7, linewidths=0)
        ax.set_xlim(low[0] - margin[0], high[0] + margin[0])
        ax.set_ylim(low[1] - margin[1], high[1] + margin[1])
    return figure


def _frame(ax: Axes, title: str) -> None:
    ax.set_title(title, size=SMALL, color=INK, pad=4)
    ax.set_facecolor(CARD)
    ax.set_aspect("equal")
    ax.set(xticks=[], yticks=[])
    for spine in ax.spines.values():
        spine.set_color(RULE)


def strength_panels(
    rows: Sequence[str], columns: Sequence[str], curves: Mapping[str, Mapping[str, Curves]]
) -> Figure:
    """Accuracy along the strength, a panel for each row and column; strength 0 stands at the left.

    Parameters
    ----------
    curves : row, then column -> curves of that panel, the same flows in each.
    """
    height = 1.55 * len(rows) + 1.1
    figure = Figure(figsize=(4.8, height), layout="constrained", facecolor=CARD)
    axes = figure.subplots(len(rows), len(columns), squeeze=False)
    for i, row in enumerate(rows):
        for j, column in enumerate(columns):
            ax = axes[i, j]
            plain(ax)
            ax.set_title(f"{row}, {column}", size=SMALL, color=INK, pad=3)
            for index, (title, (strengths, values)) in enumerate(curves[row][column].items()):
                colour, marker = series(index)
                t = np.asarray(strengths, dtype=float)
                t[0] = t[1] / (t[2] / t[1])  # where 0 stands on a logarithmic scale
                ax.plot(
                    t,
                    values,
                    color=colour,
                    marker=marker,
                    markersize=3.6,
                    linewidth=1.2,
                    alpha=0.9,
                    label=title if i == j == 0 else None,
                )
            ax.set_xscale("log")
            ax.minorticks_off()
            every = [(float(t[0]), "0")]
            every += [(float(s), f"{s:g}") for s in strengths[1:] if np.log10(s) % 1 == 0]
            ax.set_xticks([at for at, _ in every], [text for _, text in every])
            ax.tick_params(labelsize=SMALL - 1.5)
    figure.supxlabel("strength t of the flow", size=SMALL, color=INK)
    figure.supylabel("accuracy in percent", size=SMALL, color=INK)
    figure.legend(
        loc="outside upper center", ncols=3, frameon=False, fontsize=SMALL - 1, labelcolor=INK
    )
    return figure
