"""Stability of time steps: the region in the complex plane, growth, and what accuracy costs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Float, Shaped
from matplotlib.artist import Artist
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Circle

from ..palette import CARD, INK, MUTED, RULE, SERIES, series
from ..style import SMALL, chart, name_axes, plain


def stability_region(
    clouds: Mapping[str, Shaped[np.ndarray, " m"]], rays: Mapping[str, Float[np.ndarray, " m"]]
) -> Figure:
    """The region |1 - z| <= 1 of explicit Euler, and eigenvalues times the step in it.

    Parameters
    ----------
    clouds : name -> complex z = gamma lambda, in the plane.
    rays : name -> real z, each on a line of its own below; those past 2 are marked.
    """
    heights = (3.8, 0.4 * len(rays))
    figure = Figure(figsize=(4.8, sum(heights) + 0.9), layout="constrained", facecolor=CARD)
    upper, lower = figure.subplots(2, sharex=True, height_ratios=heights)
    plain(upper)
    plain(lower)
    upper.add_patch(Circle((1.0, 0.0), 1.0, facecolor="#eaf3f9", edgecolor=SERIES[0], lw=1.4))
    upper.axhline(0.0, color=RULE, linewidth=0.8, zorder=1)
    for index, (name, z) in enumerate(clouds.items()):
        colour, marker = series(index)
        upper.plot(
            z.real,
            z.imag,
            linestyle="",
            marker=marker,
            markersize=3.4 + 0.6 * index,
            markerfacecolor=colour if index == 0 else "none",
            markeredgecolor=colour,
            markeredgewidth=0.7,
            alpha=0.8,
            label=name,
            rasterized=True,
            zorder=4 - index,
        )
    upper.annotate("stable inside", (1.0, 0.72), ha="center", size=SMALL, color=SERIES[0])
    upper.set_ylim(-1.08, 1.08)
    upper.set_aspect("equal", adjustable="box")
    upper.set_ylabel("imaginary part", size=SMALL, color=INK)
    for index, (name, z) in enumerate(rays.items()):
        lower.plot([0.0, z.max()], [index, index], color=RULE, linewidth=1.2, zorder=1)
        for inside, colour, marker in ((True, MUTED, "|"), (False, SERIES[1], "D")):
            chosen = z[(z <= 2.0 + 1e-9) == inside]
            lower.plot(
                chosen,
                np.full(len(chosen), index),
                linestyle="",
                marker=marker,
                markersize=6 if inside else 5,
                color=colour,
                zorder=3,
            )
        lower.annotate(name, (0.0, index - 0.26), size=SMALL, va="bottom", color=INK)
    lower.axvline(2.0, color=SERIES[0], linewidth=1.4)
    lower.set_yticks([])
    lower.set_ylim(len(rays) - 0.6, -0.85)
    lower.spines["left"].set_visible(False)
    lower.set_xlabel("γλ (real part)", size=SMALL, color=INK)
    right = max([2.1, *(float(z.max()) + 0.1 for z in rays.values())])
    lower.set_xlim(-0.1, right)
    figure.legend(
        *upper.get_legend_handles_labels(),
        loc="outside upper center",
        frameon=False,
        fontsize=SMALL,
        labelcolor=INK,
        markerscale=1.5,
    )
    return figure


def growth_curves(
    steps: Float[np.ndarray, " s"] | Shaped[np.ndarray, " s"],
    measured: Mapping[str, Float[np.ndarray, " s"]],
    foretold: Mapping[str, Float[np.ndarray, " s"]],
    ylabel: str,
    mark: tuple[int, str] | None = None,
) -> Figure:
    """What grows and what fades over steps, on a logarithmic scale.

    Parameters
    ----------
    foretold : name of a measured curve -> what theory gives for it, dashed in the same colour.
    mark : a step and what to call it, at a vertical line.
    """
    figure, ax = chart(height=3.5)
    every = max(1, len(steps) // 10)
    for index, (name, values) in enumerate(measured.items()):
        colour, marker = series(index)
        ax.plot(
            steps,
            values,
            color=colour,
            marker=marker,
            markevery=(index * every // 4, every),
            markersize=4.5,
            linewidth=1.6,
            label=name,
        )
        if name in foretold:
            ax.plot(steps, foretold[name], color=colour, linestyle=(0, (4, 3)), linewidth=1.3)
    if mark is not None:
        ax.axvline(mark[0], color=MUTED, linewidth=1.0, linestyle=":")
        ax.annotate(
            mark[1],
            (mark[0], 0.98),
            (4, 0),
            xycoords=("data", "axes fraction"),
            textcoords="offset points",
            va="top",
            size=SMALL,
            color=MUTED,
        )
    ax.set_yscale("log")
    ax.minorticks_off()
    ax.set_xlim(steps[0], steps[-1])
    name_axes(ax, "diffusion steps", ylabel)
    _legend(figure, ax.get_legend_handles_labels()[0], 2, dashed=bool(foretold))
    return figure


def cost_curves(
    curves: Mapping[str, tuple[Float[np.ndarray, " m"], Float[np.ndarray, " m"]]],
    xlabel: str,
    ylabel: str,
) -> Figure:
    """One curve a method, both scales logarithmic."""
    figure, ax = chart(height=3.4)
    for index, (name, (x, y)) in enumerate(curves.items()):
        colour, marker = series(index)
        ax.plot(x, y, color=colour, marker=marker, markersize=5, linewidth=1.6, label=name)
    ax.set_xscale("log")
    ax.set_yscale("log")
    ax.minorticks_off()
    name_axes(ax, xlabel, ylabel)
    _legend(figure, ax.get_legend_handles_labels()[0], 3)
    return figure


def _legend(figure: Figure, handles: Sequence[Artist], columns: int, dashed: bool = False) -> None:
    if dashed:
        handles = [*handles, Line2D([], [], color=MUTED, linestyle=(0, (4, 3)), label="foretold")]
    figure.legend(
        handles=handles,
        loc="outside upper center",
        ncols=columns,
        columnspacing=1.2,
        frameon=False,
        fontsize=SMALL,
        labelcolor=INK,
    )
