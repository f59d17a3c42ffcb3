"""Fields over the plane, and how their answers stand up to moved inputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float, Int
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from ..palette import CARD, CLASSES, INK, MUTED, RULE, series
from ..style import SMALL, name_axes, plain

FIELD = LinearSegmentedColormap.from_list("field", [CLASSES[0], CARD, CLASSES[1]])
DOTS = ("#0b3f75", "#8a4b00")
DOT_MARKERS = ("o", "^")


@dataclass(frozen=True)
class FieldRow:
    """One set under several fields.

    Parameters
    ----------
    fields : (p, nx, ny), probabilities of class 1 over the square that is shown.
    titles : one a field, written above it.
    centre, reach : the square.
    """

    name: str
    points: Float[np.ndarray, "n 2"]
    classes: Int[np.ndarray, " n"]
    fields: Float[np.ndarray, "p nx ny"]
    titles: tuple[str, ...]
    centre: tuple[float, float]
    reach: float


def field_panels(rows: Sequence[FieldRow], width: float = 5.2) -> Figure:
    """A panel a field, a row a set: shades for the probability, a line where it is one half."""
    columns = len(rows[0].fields)
    figure = Figure(
        figsize=(width, width / columns * len(rows) * 1.1), layout="constrained", facecolor=CARD
    )
    axes = figure.subplots(len(rows), columns, squeeze=False)
    for row, line in zip(rows, axes, strict=True):
        (cx, cy), r = row.centre, row.reach
        box = (cx - r, cx + r, cy - r, cy + r)
        for field, title, ax in zip(row.fields, row.titles, line, strict=True):
            ax.imshow(field.T, origin="lower", extent=box, cmap=FIELD, vmin=0.0, vmax=1.0)
            if field.min() < 0.5 < field.max():
                ax.contour(field.T, [0.5], origin="lower", extent=box, colors=[INK], linewidths=1.3)
            for c in (0, 1):
                x, y = row.points[row.classes == c].T
                ax.scatter(
                    x, y, s=3, color=DOTS[c], marker=DOT_MARKERS[c], linewidths=0, rasterized=True
                )
            ax.set(xlim=box[:2], ylim=box[2:], xticks=[], yticks=[])
            ax.set_title(title, size=SMALL, color=INK)
            for spine in ax.spines.values():
                spine.set_color(RULE)
        line[0].set_ylabel(row.name, size=SMALL, color=INK)
    return figure


def convergence_chart(
    steps: Sequence[int], errors: Mapping[str, Mapping[str, Sequence[float]]], xlabel: str
) -> Figure:
    """Errors against the number of steps, both logarithmic.

    Parameters
    ----------
    errors : scheme -> set -> an error for each of `steps`. Each scheme has a line style.
    """
    figure = Figure(figsize=(4.8, 3.6), layout="constrained", facecolor=CARD)
    ax = figure.subplots()
    plain(ax)
    styles: tuple[Literal["solid", "dashed", "dotted"], ...] = ("solid", "dashed", "dotted")
    for style, of_scheme in zip(styles, errors.values(), strict=False):
        for index, values in enumerate(of_scheme.values()):
            colour, marker = series(index)
            ax.plot(steps, values, color=colour, linestyle=style, marker=marker, markersize=4.5)
    ax.set_xscale("log", base=2)
    ax.set_yscale("log")
    ax.set_xticks(steps, [str(m) for m in steps])
    ax.minorticks_off()
    name_axes(ax, xlabel, "largest error at the probes")
    handles = [
        Line2D([], [], color=MUTED, linestyle=style, label=name)
        for style, name in zip(styles, errors, strict=False)
    ]
    handles += [
        Line2D([], [], color=series(i)[0], marker=series(i)[1], linestyle="", label=name)
        for i, name in enumerate(next(iter(errors.values())))
    ]
    figure.legend(
        handles=handles,
        loc="outside upper center",
        ncols=3,
        frameon=False,
        fontsize=SMALL,
        labelcolor=INK,
    )
    return figure


@dataclass(frozen=True)
class SweepPanel:
    """Accuracies of one set against sigma.

    Parameters
    ----------
    curves : name of a curve -> (sigmas, means, standard errors); names recur in all panels.
    dashed : names of the curves that are drawn dashed, in the colour of the curve that has the
        same name up to the last comma.
    """

    title: str
    curves: Mapping[str, tuple[Sequence[float], Sequence[float], Sequence[float]]]
    dashed: frozenset[str] = frozenset()


def sweep_panels(panels: Sequence[SweepPanel], xlabel: str, ylabel: str) -> Figure:
    """Two panels a line, one a set, with one legend above them all; sigma = 0 has its place."""
    lines = -(-len(panels) // 2)
    figure = Figure(figsize=(5.6, 0.9 + 2.2 * lines), layout="constrained", facecolor=CARD)
    axes = figure.subplots(lines, 2, squeeze=False).ravel()
    for ax in axes[len(panels) :]:
        ax.set_visible(False)
    handles: dict[str, Line2D] = {}
    for panel, ax in zip(panels, axes, strict=False):
        plain(ax)
        sigmas = sorted({s for of_one, *_ in panel.curves.values() for s in of_one})
        place = {sigma: at for at, sigma in enumerate(sigmas)}
        colours: dict[str, int] = {}
        for name, (of_one, means, errors) in panel.curves.items():
            colour, marker = series(colours.setdefault(name.rpartition(",")[0], len(colours)))
            late = name in panel.dashed
            bars = ax.errorbar(
                [place[s] for s in of_one],
                means,
                errors,
                color=colour,
                marker=marker,
                markersize=5,
                markerfacecolor=CARD if late else colour,
                linestyle=(0, (4, 2)) if late else "-",
                linewidth=1.4,
                elinewidth=0.8,
            )
            handles.setdefault(name, bars)
        ax.set_xticks(range(len(sigmas)), [f"{s:g}" for s in sigmas])
        ax.set_title(panel.title, size=SMALL, color=INK)
        name_axes(ax, xlabel, ylabel)
    figure.legend(
        handles=list(handles.values()),
        labels=list(handles),
        loc="outside upper center",
        ncols=2,
        frameon=False,
        fontsize=SMALL,
        labelcolor=INK,
    )
    return figure


def slope_chart(
    sigmas: Sequence[float],
    measured: Mapping[str, Sequence[float]],
    still: Sequence[float],
    proved: Mapping[str, Sequence[float]],
) -> Figure:
    """The steepest slope of fields against sigma, both logarithmic, with what is proved of it.

    Parameters
    ----------
    measured, proved : set -> a slope for each sigma.
    still : the bound without velocity.
    """
    figure = Figure(figsize=(4.8, 3.6), layout="constrained", facecolor=CARD)
    ax = figure.subplots()
    plain(ax)
    for index, (name, values) in enumerate(measured.items()):
        colour, marker = series(index)
        ax.plot(sigmas, values, color=colour, marker=marker, markersize=5, label=name)
        ax.plot(sigmas, proved[name], color=colour, linestyle=(0, (1, 1.5)))
    ax.plot(sigmas, still, color=INK, linestyle=(0, (4, 2)), label="bound without velocity")
    ax.plot([], [], color=MUTED, linestyle=(0, (1, 1.5)), label="bound of each network")
    ax.set_xscale("log")
    ax.set_yscale("log")
    ax.set_xticks(sigmas, [f"{s:g}" for s in sigmas])
    ax.minorticks_off()
    name_axes(ax, "noise σ", "largest |∇u|")
    figure.legend(
        loc="outside upper center", ncols=3, frameon=False, fontsize=SMALL, labelcolor=INK
    )
    return figure
