"""Points in motion: panels at some steps, and D, L and L/D along all of them in one figure."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Int
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..palette import CARD, INK, RULE, series
from ..style import SMALL, name_axes, plain


def motion_figure(
    positions: Sequence[Float[np.ndarray, "n 2"]],
    titles: Sequence[str],
    classes: Int[np.ndarray, " n"],
    curves: dict[str, Float[np.ndarray, " s"]],
    steps: Int[np.ndarray, " s"],
    marked: Sequence[int],
) -> Figure:
    """Panels above, curves on one logarithmic scale below.

    Parameters
    ----------
    positions, titles : one a panel; all panels show the same square.
    curves : name -> values; the first is drawn strongest, and each is named beside its end.
    marked : the steps of the panels, marked on every curve.
    """
    figure = Figure(figsize=(9.2, 5.0), layout="constrained", facecolor=CARD)
    grid = figure.add_gridspec(2, len(positions), height_ratios=(1.0, 1.45))
    start = positions[0]
    centre = start.mean(0)
    reach = 1.05 * np.abs(start - centre).max()
    for index, (points, title) in enumerate(zip(positions, titles, strict=True)):
        ax = figure.add_subplot(grid[0, index])
        for c in np.unique(classes):
            colour, marker = series(int(c))
            x, y = points[classes == c].T
            ax.scatter(x, y, s=9, color=colour, marker=marker, alpha=0.75, linewidths=0)
        ax.set(xticks=[], yticks=[], aspect="equal", facecolor=CARD)
        ax.set_xlim(centre[0] - reach, centre[0] + reach)
        ax.set_ylim(centre[1] - reach, centre[1] + reach)
        ax.spines[:].set_color(RULE)
        ax.set_title(title, size=SMALL + 1, color=INK)
    below = figure.add_subplot(grid[1, :])
    _curves(below, curves, steps, marked)
    return figure


def _curves(
    ax: Axes,
    curves: dict[str, Float[np.ndarray, " s"]],
    steps: Int[np.ndarray, " s"],
    marked: Sequence[int],
) -> None:
    plain(ax)
    at = np.isin(steps, marked)
    for index, (name, values) in enumerate(curves.items()):
        colour, marker = series((0, 1, 2)[index % 3])
        ax.plot(steps, values, color=colour, linewidth=2.6 if index == 0 else 1.8)
        ax.plot(
            steps[at],
            values[at],
            linestyle="",
            marker=marker,
            markersize=6.5,
            color=colour,
            markeredgecolor=CARD,
            clip_on=False,
            zorder=4,
        )
        ax.annotate(
            name,
            (steps[-1], values[-1]),
            (9, 0),
            textcoords="offset points",
            va="center",
            size=SMALL + 1,
            color=colour,
            annotation_clip=False,
        )
    ax.set_yscale("log")
    ax.minorticks_off()
    ax.set_xlim(steps[0], steps[-1])
    name_axes(ax, "diffusion steps", "")
