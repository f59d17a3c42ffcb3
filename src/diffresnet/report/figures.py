"""Figures as objects: nothing here touches pyplot or changes a setting for others."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence

import matplotlib
import numpy as np
from jaxtyping import Bool, Float, Int
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator

from .palette import CARD, GRID, INK, MUTED, RULE, class_colours, legible_on, series

SMALL = 9.0
"""Points of type: pictures are drawn at about the width at which a phone shows them."""


def svg(figure: Figure) -> bytes:
    """A figure as SVG whose bytes depend on nothing but the figure; its letters are outlines."""
    buffer = io.BytesIO()
    with matplotlib.rc_context({"svg.hashsalt": "diffresnet", "svg.fonttype": "path"}):
        figure.savefig(buffer, format="svg", dpi=200, metadata={"Date": None, "Creator": None})
    return buffer.getvalue()


def plane(
    points: Float[np.ndarray, "n 2"],
    classes: Int[np.ndarray, " n"],
    centre: tuple[float, float],
    reach: float,
) -> Figure:
    """Points of a few classes in the plane, each class with its colour and its marker.

    Parameters
    ----------
    centre, reach : the square that is shown; the same for panels that are to be compared.
    """
    figure, ax = _square(1.9)
    for c in np.unique(classes):
        colour, marker = series(int(c))
        x, y = points[classes == c].T
        ax.scatter(x, y, s=9, color=colour, marker=marker, alpha=0.75, linewidths=0)
    ax.set_xlim(centre[0] - reach, centre[0] + reach)
    ax.set_ylim(centre[1] - reach, centre[1] + reach)
    return figure


def class_map(
    points: Float[np.ndarray, "n 2"],
    classes: Int[np.ndarray, " n"],
    labelled: Bool[np.ndarray, " n"],
    names: Sequence[str] | None = None,
) -> Figure:
    """Many points coloured by class: the labelled ones as stars, and a badge at each class.

    A badge stands just outside the point of the class that is nearest to the median of the class.
    """
    figure, ax = _square(4.4)
    colours = np.array(class_colours(int(classes.max()) + 1))
    x, y = points.T
    ax.scatter(
        x[~labelled],
        y[~labelled],
        s=11,
        c=colours[classes[~labelled]],
        alpha=0.8,
        linewidths=0,
        rasterized=True,  # thousands of dots weigh less as pixels
    )
    ax.scatter(
        x[labelled],
        y[labelled],
        s=105,
        c=colours[classes[labelled]],
        marker="*",
        edgecolors=INK,
        linewidths=0.7,
        zorder=3,
    )
    for c in np.unique(classes):
        own = points[classes == c]
        at = own[np.linalg.norm(own - np.median(own, axis=0), axis=1).argmin()]
        outwards = at - points.mean(0)
        away = 15.0 * outwards / max(float(np.linalg.norm(outwards)), 1e-9)
        ax.annotate(
            str(c) if names is None else names[c],
            (at[0], at[1]),
            (away[0], away[1]),
            textcoords="offset points",
            size=10.5,
            weight="bold",
            ha="center",
            va="center",
            color=legible_on(colours[c]),
            bbox={"boxstyle": "circle,pad=0.25", "fc": colours[c], "ec": CARD, "lw": 1.4},
            zorder=4,
        )
    ax.margins(0.11)
    return figure


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
    figure = Figure(figsize=(4.8, 3.0), layout="constrained", facecolor=CARD)
    ax = figure.subplots()
    _plain(ax)
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
    ax.set_xlabel("diffusion steps", size=SMALL, color=INK)
    ax.set_ylabel("L / D", size=SMALL, color=INK)
    ax.minorticks_off()
    ax.set_xlim(steps[0], steps[-1])
    return figure


def error_chart(
    scores: Mapping[str, Mapping[int, Float[np.ndarray, " draws"]]], xlabel: str
) -> Figure:
    """Error rates of several methods: each draw as a dot, the mean as a marker.

    Parameters
    ----------
    scores : title of a method, number of labels -> accuracies in percent, one a draw.
    """
    figure = Figure(figsize=(4.8, 4.0), layout="constrained", facecolor=CARD)
    ax = figure.subplots()
    _plain(ax)
    counts = list(next(iter(scores.values())))
    offsets = np.linspace(-0.34, 0.34, len(scores)) if len(scores) > 1 else np.zeros(1)
    for index, (title, of_method) in enumerate(scores.items()):
        colour, marker = series(index)
        x = np.arange(len(counts)) + offsets[index]
        errors = [100.0 - np.asarray(of_method[count]) for count in counts]
        for at, error in zip(x, errors, strict=True):
            ax.scatter(np.full(len(error), at), error, s=11, color=colour, alpha=0.35, linewidths=0)
        ax.plot(
            x,
            [error.mean() for error in errors],
            linestyle="",
            marker=marker,
            markersize=8.5,
            color=colour,
            markeredgecolor=CARD,
            markeredgewidth=1.2,
            label=title,
            zorder=3,
        )
    for between in range(1, len(counts)):
        ax.axvline(between - 0.5, color=RULE, linewidth=0.8)
    ax.set_yscale("log")
    ax.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    ax.minorticks_off()
    ax.set_xticks(range(len(counts)), [str(count) for count in counts])
    ax.tick_params(axis="x", length=0)
    ax.grid(visible=False, axis="x")
    ax.set_xlim(-0.5, len(counts) - 0.5)
    ax.set_xlabel(xlabel, size=SMALL, color=INK)
    ax.set_ylabel("wrong labels per 100 (log scale)", size=SMALL, color=INK)
    figure.legend(
        loc="outside upper center", ncols=2, frameon=False, fontsize=SMALL, labelcolor=INK
    )
    return figure


def _square(inches: float) -> tuple[Figure, Axes]:
    """A frame without numbers, for maps whose unit says nothing; one unit is as long both ways."""
    figure = Figure(figsize=(inches, inches), facecolor=CARD)
    ax = figure.add_axes((0.01, 0.01, 0.98, 0.98))
    ax.set_facecolor(CARD)
    ax.set_aspect("equal", adjustable="datalim")
    ax.set(xticks=[], yticks=[])
    for spine in ax.spines.values():
        spine.set_color(RULE)
    return figure, ax


def _plain(ax: Axes) -> None:
    ax.set_facecolor(CARD)
    ax.spines[["top", "right"]].set_visible(False)
    ax.spines[["left", "bottom"]].set_color(RULE)
    ax.tick_params(which="both", colors=MUTED, labelsize=SMALL)
    ax.grid(color=GRID, linewidth=0.8)
    ax.set_axisbelow(True)
