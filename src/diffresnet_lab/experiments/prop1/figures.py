"""Figures of Proposition 1: L/D along diffusions, and the window of ntop and sigma."""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib
import numpy as np
from jaxtyping import Bool, Float, Int
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from ...pages.palette import CARD, INK, MUTED, legible_on, series
from ...pages.style import SMALL, chart, name_axes, plain
from .rates import Followed


def rates_figure(cases: Sequence[Followed]) -> Figure:
    """L/D against steps, a panel a set, with what the graph foretells as a dashed line."""
    rows = (len(cases) + 2) // 2
    figure = Figure(figsize=(5.4, 1.75 * rows), layout="constrained", facecolor=CARD)
    grid = figure.subplots(rows, 2, squeeze=False)
    measured, foretold = series(0)[0], series(1)[0]
    for ax, found in zip(grid.flat, cases, strict=False):
        plain(ax)
        steps, ratio = found.motion.steps, found.motion.ratio
        ax.plot(steps, ratio, color=measured, linewidth=3.2, alpha=0.6, solid_capstyle="round")
        theory = _foretold(found)
        if theory is not None:
            late = steps >= 0.35 * steps[-1]
            ax.plot(steps[late], theory[late], color=foretold, linestyle=(0, (3, 2)), linewidth=1.6)
        ax.set_yscale("log")
        if ratio.max() < 30.0 * ratio.min():  # room for powers of ten on the axis
            ax.set_ylim(ratio.min() / 5.0, 5.0 * ratio.max())
        ax.minorticks_off()
        ax.locator_params(axis="x", nbins=3)
        ax.xaxis.set_major_formatter("{x:,.0f}")
        ax.set_xlim(0, steps[-1])
        ax.set_title(found.case.name, size=SMALL, color=INK)
    for ax in list(grid.flat)[len(cases) :]:
        ax.axis("off")
    legend = (
        Line2D([], [], color=measured, linewidth=3.2, alpha=0.6, label="measured"),
        Line2D([], [], color=foretold, linestyle=(0, (3, 2)), label="foretold by\nthe graph"),
    )
    list(grid.flat)[-1].legend(
        handles=legend, loc="center", frameon=False, fontsize=SMALL, labelcolor=INK
    )
    figure.supxlabel("diffusion steps", size=SMALL, color=INK)
    figure.supylabel("L / D", size=SMALL, color=INK)
    return figure


def _foretold(found: Followed) -> Float[np.ndarray, " s"] | None:
    """The late course of L/D by the graph; None where D and L both vanish."""
    steps = found.motion.steps.astype(float)
    if found.end.diameter > 0.0:
        return np.full(len(steps), found.end.ratio)
    if found.end.distance > 0.0:
        last: float = found.motion.ratio[-1]
        return np.asarray(last * found.graph.contraction ** (steps[-1] - steps))
    return None


def window_map(
    ntops: Sequence[int],
    sigmas: Sequence[float],
    ratio: Float[np.ndarray, "s k"],
    joined: Bool[np.ndarray, " k"],
    broken: Bool[np.ndarray, " k"],
    steps: int,
) -> Figure:
    """L/D after some steps over ntop and sigma, and why the proposition does not apply.

    Parameters
    ----------
    ratio : (sigmas, ntops)
    joined : (ntops,)
        Where some edge joins two subsets.
    broken : (ntops,)
        Where some subset does not end at one point.
    """
    figure = Figure(figsize=(5.4, 4.3), layout="constrained", facecolor=CARD)
    ax = figure.subplots()
    colours = matplotlib.colormaps["cividis"]
    norm = LogNorm(ratio[ratio > 0].min(), ratio[np.isfinite(ratio)].max())
    image = ax.pcolormesh(ratio, cmap=colours, norm=norm, edgecolors=CARD, linewidth=0.6)
    for column in range(len(ntops)):
        for row in range(len(sigmas)):
            sign = "×" if joined[column] else "○" if broken[column] else ""
            shade = matplotlib.colors.to_hex(colours(norm(ratio[row, column])))
            ax.text(
                column + 0.5,
                row + 0.5,
                sign,
                ha="center",
                va="center",
                size=SMALL + 1,
                color=legible_on(shade),
            )
    inside = np.flatnonzero(~joined & ~broken)
    if inside.size:
        left, right = inside[0], inside[-1] + 1
        ax.plot(
            [left, right, right, left, left],
            [0, 0, len(sigmas), len(sigmas), 0],
            color=series(1)[0],
            linewidth=3.0,
            clip_on=False,
            zorder=5,
        )
    ax.set_xticks(np.arange(len(ntops)) + 0.5, [str(k) for k in ntops])
    ax.set_yticks(np.arange(len(sigmas)) + 0.5, [f"{s:g}" for s in sigmas])
    ax.tick_params(length=0, colors=MUTED, labelsize=SMALL)
    ax.spines[:].set_visible(False)
    name_axes(ax, "ntop (the point itself counted)", "σ")
    bar = figure.colorbar(image, ax=ax, location="top", aspect=40, pad=0.02)
    bar.set_label(f"L / D after {steps} steps", size=SMALL, color=INK)
    bar.ax.tick_params(labelsize=SMALL, colors=MUTED)
    bar.outline.set_visible(False)
    return figure


def digits_window(
    neighbours: Sequence[int], cross: Float[np.ndarray, " k"], pieces: Int[np.ndarray, " k"]
) -> Figure:
    """Share of edges between classes, and pieces that the classes fall into, over neighbours."""
    figure = Figure(figsize=(4.8, 4.0), layout="constrained", facecolor=CARD)
    above, below = figure.subplots(2, 1, sharex=True)
    curves = ((above, 100.0 * cross, "% of edges\nbetween classes"), (below, pieces, "pieces"))
    for index, (ax, values, name) in enumerate(curves):
        plain(ax)
        colour, marker = series(index)
        ax.plot(neighbours, values, color=colour, marker=marker, markersize=4.5, linewidth=1.8)
        name_axes(ax, "neighbours of each digit" if ax is below else "", name)
    above.set_ylim(bottom=0)
    below.set_yscale("log")
    below.set_yticks([10, 20, 50, 100, 200], ["10", "20", "50", "100", "200"])
    below.minorticks_off()
    below.set_ylim(bottom=6)
    below.axhline(10, color=MUTED, linestyle=(0, (3, 2)), linewidth=1.2)
    below.annotate(
        "10: every class connected", (0.97, 10), (0, -12), xycoords=("axes fraction", "data"),
        textcoords="offset points", ha="right", size=SMALL, color=MUTED,
    )  # fmt: skip
    return figure


def connecting_curve(
    counts: Sequence[int],
    connected: Float[np.ndarray, "n draws"],
    closed: Float[np.ndarray, "n draws"],
    bounds: tuple[float, float],
) -> Figure:
    """The smallest connecting k against the number of points, beside two multiples of log n."""
    figure, ax = chart(height=3.2)
    x = np.asarray(counts, float)
    drawn = (
        (connected, "edges without direction: connected"),
        (closed, "edges with direction: one closed class"),
    )
    for index, (values, name) in enumerate(drawn):
        colour, marker = series(index)
        ax.fill_between(x, values.min(1), values.max(1), color=colour, alpha=0.15, linewidth=0)
        ax.plot(x, values.mean(1), color=colour, marker=marker, markersize=5.5, label=name)
    for share in bounds:
        ax.plot(x, share * np.log(x), color=MUTED, linestyle=(0, (3, 2)), linewidth=1.2)
        ax.annotate(
            f"{share:g} ln n",
            (x[1], share * np.log(x[1])),
            (4, -4),
            textcoords="offset points",
            ha="left",
            va="top",
            size=SMALL,
            color=MUTED,
        )
    ax.set_xscale("log")
    ax.set_xticks(x, [f"{n:,}" for n in counts])
    ax.minorticks_off()
    ax.set_ylim(bottom=0)
    name_axes(ax, "points in the disc, n", "smallest k")
    figure.legend(loc="outside upper center", frameon=False, fontsize=SMALL, labelcolor=INK)
    return figure
