"""Curves along a diffusion or a training."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Int
from matplotlib.figure import Figure

from ..palette import CARD, series
from ..style import SMALL, chart, name_axes


def ratio_curve(
    steps: Int[np.ndarray, " s"],
    ratio: Float[np.ndarray, " s"],
    marked: Sequence[int] = (),
    growth: float | None = None,
) -> Figure:
    """L/D along a diffusion, on a logarithmic scale: a straight line is exponential growth.

    Parameters
    ----------
    marked : steps to be marked on the curve.
    growth : float, optional
        Growth a step that theory gives for late steps: a dashed line through the last point.
    """
    figure, ax = chart()
    colour, marker = series(0)
    ax.plot(steps, ratio, color=colour, linewidth=4.0, alpha=0.45, solid_capstyle="round")
    if growth is not None:
        accent = series(1)[0]
        theory = ratio[-1] * growth ** (steps - steps[-1]).astype(float)
        ax.plot(steps, theory, color=accent, linestyle=(0, (4, 3)), linewidth=1.5)
        ax.annotate(
            f"dashed: from the graph’s spectrum,\n× {growth:.4f} a step",
            (0.97, 0.06),
            xycoords="axes fraction",
            ha="right",
            size=SMALL,
            color=accent,
        )
    at = np.isin(steps, marked)
    ax.plot(
        steps[at],
        ratio[at],
        linestyle="",
        marker=marker,
        markersize=6,
        color=colour,
        markeredgecolor=CARD,
        clip_on=False,
        zorder=4,
    )
    ax.annotate("measured", (0.03, 0.9), xycoords="axes fraction", size=SMALL, color=colour)
    ax.set_yscale("log")
    name_axes(ax, "diffusion steps", "L / D")
    ax.minorticks_off()
    ax.set_xlim(steps[0], steps[-1])
    return figure
