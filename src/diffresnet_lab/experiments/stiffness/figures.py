"""Figures of stiffness: the stability region, growth over steps, and the cost of accuracy."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle

from ...pages.palette import INK, MUTED, RULE, SERIES
from ...pages.plots import Axis, Curve, LinePanel, Rule, key, lines
from ...pages.style import SMALL
from .bench import Bench
from .edge import PUBLISHED_STEPS, STEPS, EdgeGrowth, PublishedSteps
from .methods import METHODS, TARGETS, error_curves
from .spectrum import StiffGraph


def region_figure(xor: StiffGraph, symmetric: list[StiffGraph]) -> Figure:
    """Return the disc |1 - z| <= 1 with the eigenvalues of XOR, and real ones on lines below."""
    clouds = []
    for index, (gamma, name) in enumerate(((xor.gamma, "authors"), (xor.longest_step, "longest"))):
        assert gamma is not None
        z = gamma * xor.eigenvalues
        label = f"XOR, γ = {gamma:.3g} ({name})"
        clouds.append(
            Curve(z.real, z.imag, label, index, "marks", hollow=index > 0, size=3.6, alpha=0.8)
        )
    clouds.reverse()  # the smaller cloud lies on top

    def disc(ax: Axes) -> None:
        ax.add_patch(Circle((1.0, 0.0), 1.0, facecolor="#eaf3f9", edgecolor=SERIES[0], lw=1.4))
        ax.axhline(0.0, color=RULE, linewidth=0.8, zorder=1)
        ax.annotate("stable inside", (1.0, 0.72), ha="center", size=SMALL, color=SERIES[0])
        ax.set_aspect("equal", adjustable="box")

    eigenvalues: list[Curve] = []
    names: list[str] = []
    right = 2.1
    for graph in symmetric:
        if graph.gamma is not None:
            z, row = graph.gamma * graph.eigenvalues, len(names)
            right = max(right, float(z.max()) + 0.1)
            names.append(f"{graph.title}, γ = {graph.gamma:.2f}")
            for part, colour, mark in ((z <= 2.0, MUTED, "|"), (z > 2.0, SERIES[1], "D")):
                places = np.full(part.sum(), row)
                eigenvalues.append(
                    Curve(z[part], places, colour=colour, style="marks", marker=mark, size=5)
                )

    def labels(ax: Axes) -> None:
        for row, name in enumerate(names):
            ax.annotate(name, (0.0, row - 0.26), size=SMALL, va="bottom", color=INK)
        ax.set_yticks([])
        ax.spines["left"].set_visible(False)

    x = Axis("γλ (real part)", limits=(-0.1, right))
    above = LinePanel(
        clouds,
        x=Axis(limits=(-0.1, right)),
        y=Axis("imaginary part", limits=(-1.08, 1.08)),
        draw=disc,
    )
    below = LinePanel(
        eigenvalues,
        x=x,
        y=Axis(limits=(len(names) - 0.6, -0.85)),
        rules=[Rule(2.0, across="x", style="solid", colour=SERIES[0])],
        draw=labels,
    )
    heights = [3.8, 0.4 * len(names)]
    return lines(
        [above, below],
        columns=1,
        height=sum(heights) + 1.3,
        legend_columns=1,
        height_ratios=heights,
        sharex=True,
    )


def edge_figure(growth: EdgeGrowth) -> Figure:
    """Return the deviation from the mean over steps, and the fastest mode as predicted."""
    steps = np.arange(STEPS + 1)
    curves = []
    for index, (factor, size) in enumerate(growth.measured.items()):
        label = f"{factor:g} × the bound"
        marks = range(index * 3, STEPS, STEPS // 10)
        curves.append(Curve(steps, size, label, index, every=list(marks)))
        mode = growth.predicted[factor]
        mode = np.where(mode > 1e-3, mode, np.nan)
        curves.append(Curve(steps, mode, colour=index, style="dashed", marker=False, width=1.3))
    x = Axis("diffusion steps", limits=(0, STEPS))
    y = Axis("size of x − mean, start = 1", "log")
    extra = [key("predicted", "dashed")]
    return lines([LinePanel(curves, x=x, y=y)], height=3.5, extra=extra)


def pubmed_figure(pubmed: PublishedSteps) -> Figure:
    """Return sizes over steps at the published step, and within the bound."""
    steps = np.arange(PUBLISHED_STEPS + 1)
    graph = pubmed.graph
    curves = [
        Curve(steps, pubmed.size, f"x − mean, γ = {graph.gamma:g} (published)", every=3),
        Curve(steps, pubmed.along, "its part along the fastest mode", every=3),
        Curve(steps, pubmed.stable, f"x − mean, γ = {pubmed.inside:.3f}", every=3),
    ]
    published = Rule(float(graph.steps or 0), f"r = {graph.steps}, as published", "x", "dotted")
    x = Axis("diffusion steps", limits=(0, PUBLISHED_STEPS))
    y = Axis("size, start of x − mean = 1", "log")
    return lines([LinePanel(curves, x=x, y=y, rules=[published])], height=3.5)


def scaling_figure(rows: list[dict[str, Any]]) -> Figure:
    """Return products against time, for the first of the errors asked for."""
    curves = [Curve(*measured_products(rows, method), title) for method, title in METHODS.items()]
    x, y = Axis("time t (log scale)", "log"), Axis("products with L (log scale)", "log")
    return lines([LinePanel(curves, x=x, y=y)], height=3.4, legend_columns=3)


def error_figure(bench: Bench, time: float) -> Figure:
    """Return error against products at one time."""
    curves = [Curve(x, y, METHODS[m]) for m, (x, y) in error_curves(bench, time).items()]
    x = Axis("products with L (log scale)", "log")
    y = Axis("relative error (log scale)", "log")
    return lines([LinePanel(curves, x=x, y=y)], height=3.4, legend_columns=3)


def measured_products(rows: list[dict[str, Any]], method: str) -> tuple[list[float], list[float]]:
    """Return times and products of the runs of a method for the first error asked for."""
    runs = [
        row
        for row in rows
        if row["method"] == method and row["target"] == TARGETS[0] and "products" in row
    ]
    return [row["strength"] for row in runs], [row["products"] for row in runs]
