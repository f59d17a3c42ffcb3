"""Figures of Theorem 2: thresholds, L/D on digits, and pairs that an edge joins."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ...pages.palette import CARD, INK
from ...pages.plots import Axis, Curve, LinePanel, Rule, image_pairs, lines
from ...pages.style import SMALL
from .digits import DigitGraphs, DigitsChain
from .plan import Theorem2Plan
from .threshold import Threshold

EARLIEST = 0.5
"""Place of time 0 on a logarithmic axis."""


def threshold_figure(results: list[Threshold], plan: Theorem2Plan) -> Figure:
    """Return measured thresholds and sufficient ratios over the number of subsets."""
    measured, bounds = [], []
    for dim in plan.dimensions:
        of_dim = [result for result in results if result.dim == dim]
        worst, sharp = ([getattr(each, name) for each in of_dim] for name in ("worst", "sharp"))
        measured.append(Curve(plan.counts, worst, f"d = {dim}", hollow=True))
        bounds.append(Curve(plan.counts, sharp, f"d = {dim}", style="dashed", hollow=True))
    x, ticks = Axis("subsets N", ticks=plan.counts), (1, 10, 100)
    left = LinePanel(measured, "largest found", x=x, y=Axis("L / D", "log", ticks=ticks))
    right = LinePanel(bounds, "enough by Theorem 2", x=x, y=Axis("", "log", ticks=ticks))
    return lines([left, right], height=3.9, legend_columns=5, sharey=True)


def digits_figure(result: DigitsChain) -> Figure:
    """Return L/D over time on both graphs, with stars where a direction and the certificate are."""
    times = [each.moment.time for each in result.plain]

    def curve(label: str, times: list[float], ratios: list[float]) -> Curve:
        return Curve(np.maximum(times, EARLIEST), ratios, label)

    ratios = {moment.time: moment.ratio for moment in result.cleaned}
    curves = [
        curve("oracle’s graph, its components", list(ratios), list(ratios.values())),
        curve("plain graph, the same components", times, [each.ratio for each in result.plain]),
        curve("plain graph, the ten classes", times, [each.class_ratio for each in result.plain]),
    ]
    chain = result.chain

    def stars(ax: Axes) -> None:
        marks = (("direction found", chain.direction_at), ("certificate", chain.certificate_at))
        for text, time in marks:
            if time is not None:
                place = (max(time, EARLIEST), ratios[time])
                ax.plot(*place, "*", markersize=13, color=INK, markeredgecolor=CARD, zorder=4)
                ax.annotate(
                    text,
                    place,
                    (-7, 6),
                    textcoords="offset points",
                    ha="right",
                    size=SMALL,
                    color=INK,
                    bbox={"fc": CARD, "ec": "none", "pad": 1.0},
                )

    powers = {10.0**k: f"{10**k:g}" for k in range(4) if 10**k <= max(times)}
    panel = LinePanel(
        curves,
        x=Axis("time t of diffusion", "log", ticks={EARLIEST: "0", **powers}),
        y=Axis("L / D", "log"),
        rules=[Rule(chain.needed, f"enough: L/D > {chain.needed:.0f}")],
        draw=stars,
    )
    return lines([panel], height=4.2, legend_columns=1)


def joined_figure(graphs: DigitGraphs, edges: list[int]) -> Figure:
    """Return pairs of images that an edge joins across classes."""
    images = graphs.points.reshape(-1, 8, 8)
    first, second, _ = graphs.edges
    pairs = [(images[first[e]], images[second[e]]) for e in edges]
    names = [(f"a {graphs.classes[first[e]]}", f"a {graphs.classes[second[e]]}") for e in edges]
    return image_pairs(pairs, names)
