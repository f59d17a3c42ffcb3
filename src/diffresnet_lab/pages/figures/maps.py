"""Points in the plane, coloured by class."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Float, Int
from matplotlib.figure import Figure

from ..palette import CARD, INK, class_colours, legible_on, series
from ..style import square


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
    figure, ax = square(1.9)
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
    figure, ax = square(4.4)
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
