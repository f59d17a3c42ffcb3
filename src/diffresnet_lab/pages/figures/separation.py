"""What Theorem 2 asks for and what is there: thresholds of L/D, L/D over time, joined images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Float
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from ..palette import CARD, INK, MUTED, RULE, series
from ..style import SMALL, chart, name_axes, plain

DASHED = (0, (4, 3))


def threshold_curves(
    counts: Sequence[int],
    measured: Mapping[int, Sequence[float]],
    bounds: Mapping[int, Sequence[float]],
) -> Figure:
    """Largest measured threshold of L/D against the number of subsets, and the sufficient ratio.

    Two panels of one scale: measured thresholds as markers on solid lines, bounds dashed.

    Parameters
    ----------
    counts : numbers of subsets.
    measured, bounds : dimension -> a value for each of the counts.
    """
    figure = Figure(figsize=(4.8, 3.9), layout="constrained", facecolor=CARD)
    left, right = figure.subplots(1, 2, sharey=True)
    for index, dim in enumerate(measured):
        colour, marker = series(index)
        line = {"color": colour, "marker": marker, "markersize": 6, "linewidth": 1.5, "mfc": "none"}
        left.plot(counts, measured[dim], label=f"d = {dim}", **line)
        right.plot(counts, bounds[dim], linestyle=DASHED, **line)
    for ax, title in ((left, "largest found"), (right, "enough by Theorem 2")):
        plain(ax)
        ax.set_yscale("log")
        ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        ax.set_xticks(counts, [str(count) for count in counts])
        ax.set_title(title, size=SMALL, color=INK)
        ax.minorticks_off()
    name_axes(left, "subsets N", "L / D")
    name_axes(right, "subsets N", "")
    figure.legend(
        loc="outside upper center",
        ncols=5,
        frameon=False,
        fontsize=SMALL,
        labelcolor=INK,
        columnspacing=1.0,
        handletextpad=0.4,
        handlelength=1.4,
    )
    return figure


def ratios_over_time(
    curves: Mapping[str, tuple[Sequence[float], Sequence[float]]],
    bounds: Mapping[str, float],
    marked: Mapping[str, tuple[float, float]] | None = None,
) -> Figure:
    """L/D against the strength of diffusion, both logarithmic; strength 0 stands at its left end.

    Parameters
    ----------
    curves : name -> strengths and ratios.
    bounds : words -> a ratio, drawn as a dashed line with the words above it.
    marked : words -> a strength and a ratio, drawn as a star.
    """
    figure, ax = chart(height=4.2)
    last = max(max(times) for times, _ in curves.values())
    for index, (name, (times, ratios)) in enumerate(curves.items()):
        colour, marker = series(index)
        at = np.maximum(np.asarray(times), 0.5)
        ax.plot(at, ratios, color=colour, marker=marker, markersize=4.5, linewidth=1.6, label=name)
    for words, ratio in bounds.items():
        ax.axhline(ratio, color=MUTED, linestyle=DASHED, linewidth=1.2)
        ax.annotate(
            words, (0.5, ratio), (2, 3), textcoords="offset points", size=SMALL, color=MUTED
        )
    for words, (time, ratio) in (marked or {}).items():
        at = max(time, 0.5)
        ax.plot([at], [ratio], "*", markersize=13, color=INK, markeredgecolor=CARD, zorder=4)
        ax.annotate(
            words,
            (at, ratio),
            (-7, 6),
            textcoords="offset points",
            size=SMALL,
            color=INK,
            bbox={"fc": CARD, "ec": "none", "pad": 1.0},
            ha="right",
        )
    ax.set_xscale("log")
    ax.set_yscale("log")
    ax.minorticks_off()
    ticks = [t for t in (1.0, 10.0, 100.0, 1000.0, 10_000.0) if t <= last]
    ax.set_xticks([0.5, *ticks], ["0", *(f"{t:g}" for t in ticks)])
    name_axes(ax, "strength t of diffusion", "L / D")
    figure.legend(
        loc="outside upper center", ncols=1, frameon=False, fontsize=SMALL, labelcolor=INK
    )
    return figure


def image_pairs(
    pairs: Sequence[tuple[Float[np.ndarray, "h w"], Float[np.ndarray, "h w"]]],
    titles: Sequence[tuple[str, str]],
) -> Figure:
    """Pairs of grey images, one above the other and joined by a line, each with a word at it."""
    figure = Figure(figsize=(0.8 * len(pairs), 2.35), facecolor=CARD)
    axes = figure.subplots(2, len(pairs), squeeze=False)
    figure.subplots_adjust(left=0.01, right=0.99, top=0.88, bottom=0.12, wspace=0.12, hspace=0.28)
    for column, (images, words) in enumerate(zip(pairs, titles, strict=True)):
        for row, (image, word) in enumerate(zip(images, words, strict=True)):
            ax = axes[row, column]
            ax.imshow(image, cmap="gray_r", interpolation="nearest")
            ax.set(xticks=[], yticks=[])
            for spine in ax.spines.values():
                spine.set_color(RULE)
            if row == 0:
                ax.set_title(word, size=SMALL, color=INK, pad=3)
            else:
                ax.set_xlabel(word, size=SMALL, color=INK, labelpad=3)
                ax.annotate(
                    "",
                    (0.5, 1.0),
                    (0.5, 1.4),
                    xycoords="axes fraction",
                    arrowprops={"arrowstyle": "-", "color": series(1)[0], "linewidth": 2.0},
                )
    return figure
