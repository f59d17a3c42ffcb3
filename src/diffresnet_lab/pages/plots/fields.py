"""Values over the plane: a map of numbers, and fields under the points that they classify."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import matplotlib
import numpy as np
from jaxtyping import Float, Int
from matplotlib.colors import LinearSegmentedColormap, LogNorm, to_hex
from matplotlib.figure import Figure

from ..palette import CARD, CLASSES, INK, MUTED, legible_on, series
from ..style import SMALL, name_axes
from .axes import Canvas, bare, canvas, title

FIELD = LinearSegmentedColormap.from_list("field", [CLASSES[0], CARD, CLASSES[1]])
DOTS = (("#0b3f75", "o"), ("#8a4b00", "^"))


def heat_map(
    values: Float[np.ndarray, "rows columns"],
    columns: Sequence[str],
    rows: Sequence[str],
    labels: tuple[str, str, str],
    *,
    signs: Sequence[Sequence[str]] = (),
    frame: tuple[int, int] | None = None,
    width: float = 5.4,
    height: float = 4.3,
    into: Canvas | None = None,
) -> Figure:
    """Return positive numbers as colours on a logarithmic scale.

    Parameters
    ----------
    columns, rows : names of both axes' values
    labels : of the columns, the rows and the colours.
    signs : row -> column -> a sign in the cell, optional
    frame : first and last of the columns that are framed.
    """
    figure: Figure = canvas(width, height, into)
    ax = figure.subplots()
    colours = matplotlib.colormaps["cividis"]
    norm = LogNorm(values[values > 0].min(), values[np.isfinite(values)].max())
    image = ax.pcolormesh(values, cmap=colours, norm=norm, edgecolors=CARD, linewidth=0.6)
    for row, of_row in enumerate(signs):
        for column, sign in enumerate(of_row):
            ink = legible_on(to_hex(colours(norm(values[row, column]))))
            place = (column + 0.5, row + 0.5)
            ax.text(*place, sign, ha="center", va="center", size=SMALL + 1, color=ink)
    if frame is not None:
        left, right, top = frame[0], frame[1] + 1, len(rows)
        corners = [(left, 0), (right, 0), (right, top), (left, top), (left, 0)]
        ax.plot(*zip(*corners, strict=True), color=series(1)[0], lw=3.0, clip_on=False, zorder=5)
    ax.set_xticks(np.arange(len(columns)) + 0.5, list(columns))
    ax.set_yticks(np.arange(len(rows)) + 0.5, list(rows))
    ax.tick_params(length=0, colors=MUTED, labelsize=SMALL)
    ax.spines[:].set_visible(False)
    name_axes(ax, labels[0], labels[1])
    bar = figure.colorbar(image, ax=ax, location="top", aspect=40, pad=0.02)
    bar.set_label(labels[2], size=SMALL, color=INK)
    bar.ax.tick_params(labelsize=SMALL, colors=MUTED)
    bar.outline.set_visible(False)
    return figure


@dataclass(frozen=True)
class FieldRow:
    """One set of two classes under several fields.

    Parameters
    ----------
    fields : (p, nx, ny), probabilities of class 1 over the square that is shown.
    titles : one a field, written above it.
    centre, reach : the square, and half its side.
    """

    name: str
    points: Float[np.ndarray, "n 2"]
    classes: Int[np.ndarray, " n"]
    fields: Float[np.ndarray, "p nx ny"]
    titles: tuple[str, ...]
    centre: tuple[float, float]
    reach: float


def field_grid(rows: Sequence[FieldRow], width: float = 5.2, into: Canvas | None = None) -> Figure:
    """Return a panel a field, a row a set: shades for the probability, a line where it is 1/2."""
    columns = len(rows[0].fields)
    figure: Figure = canvas(width, width / columns * len(rows) * 1.1, into)
    axes = figure.subplots(len(rows), columns, squeeze=False)
    for row, line in zip(rows, axes, strict=True):
        (cx, cy), r = row.centre, row.reach
        box = (cx - r, cx + r, cy - r, cy + r)
        for field, text, ax in zip(row.fields, row.titles, line, strict=True):
            bare(ax)
            ax.imshow(field.T, origin="lower", extent=box, cmap=FIELD, vmin=0.0, vmax=1.0)
            if field.min() < 0.5 < field.max():
                ax.contour(field.T, [0.5], origin="lower", extent=box, colors=[INK], linewidths=1.3)
            for c, (colour, marker) in enumerate(DOTS):
                x, y = row.points[row.classes == c].T
                ax.scatter(x, y, s=3, color=colour, marker=marker, linewidths=0, rasterized=True)
            ax.set(xlim=box[:2], ylim=box[2:])
            title(ax, text)
        line[0].set_ylabel(row.name, size=SMALL, color=INK)
    return figure
