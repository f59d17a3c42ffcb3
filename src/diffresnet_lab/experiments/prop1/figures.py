"""Figures of Proposition 1: L/D over steps, the window of parameters, and connectivity."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ...pages.palette import MUTED
from ...pages.plots import Axis, Curve, LinePanel, Rule, heat_map, lines
from ...pages.style import SMALL
from .plan import Prop1Plan
from .rates import CaseMotion
from .window import BOUNDS, ParameterWindow


def rates_figure(motions: tuple[CaseMotion, ...]) -> Figure:
    """Return L/D against steps, a panel a set, with the prediction by the graph dashed."""
    panels: list[LinePanel] = []
    for motion in motions:
        steps, ratio = motion.motion.steps, motion.motion.ratio
        curves = [Curve(steps, ratio, "measured", marker=False, width=3.2, alpha=0.6)]
        predicted = motion.predicted()
        late = steps >= 0.35 * steps[-1]
        if predicted is not None:
            label = "predicted by\nthe graph"
            curves.append(Curve(steps[late], predicted[late], label, style="dashed", marker=False))
        # Room for powers of ten on the axis of what hardly changes.
        flat = ratio.max() < 30.0 * ratio.min()
        limits = (ratio.min() / 5.0, 5.0 * ratio.max()) if flat else None
        left, last = len(panels) % 2 == 0, len(panels) >= len(motions) - 2
        x = Axis("diffusion steps" if last else "", limits=(0, steps[-1]), bins=3)
        y = Axis("L / D" if left else "", "log", limits=limits)
        panels.append(LinePanel(curves, motion.case.name, x=x, y=y))
    return lines(panels, width=5.4, height=1.8 * ((len(panels) + 1) // 2), legend_free=True)


def window_map(window: ParameterWindow) -> Figure:
    """Return L/D on XOR over ntop and sigma, with signs where the proposition does not apply."""
    signs = [
        "×" if joined else "○" if broken else ""
        for joined, broken in zip(window.joined, window.broken, strict=True)
    ]
    inside = [window.ntops.index(k) for k in window.applies]
    return heat_map(
        window.ratio,
        [str(k) for k in window.ntops],
        [f"{s:g}" for s in window.sigmas],
        ("ntop (the point itself counted)", "σ", f"L / D after {window.steps} steps"),
        signs=[signs] * len(window.sigmas),
        frame=(inside[0], inside[-1]) if inside else None,
    )


def digits_figure(
    plan: Prop1Plan, cross: Float[np.ndarray, " k"], pieces: Float[np.ndarray, " k"]
) -> Figure:
    """Return edges between classes, and pieces of the classes, over the number of neighbours."""
    k = plan.neighbours
    share = Axis("% of edges\nbetween classes", limits=(0, None))
    number = Axis("pieces", "log", ticks=(10, 20, 50, 100, 200), limits=(6, None))
    above = LinePanel([Curve(k, 100.0 * cross, colour=0)], y=share)
    below = LinePanel(
        [Curve(k, pieces, colour=1)],
        x=Axis("neighbours of each digit"),
        y=number,
        rules=[Rule(10, "10: every class connected", below=True)],
    )
    return lines([above, below], columns=1, height=4.0, sharex=True)


def connecting_figure(plan: Prop1Plan, connecting: Float[np.ndarray, "n draws 2"]) -> Figure:
    """Return the smallest connecting k over the number of points, and two multiples of log n."""
    x = np.asarray(plan.counts, float)
    labels = ("edges without direction: connected", "edges with direction: one closed class")
    curves = []
    for index, label in enumerate(labels):
        k = connecting[:, :, index]
        curves.append(Curve(x, k.mean(1), label, band=(k.min(1), k.max(1))))
    for share in BOUNDS:
        curves.append(Curve(x, share * np.log(x), colour=MUTED, style="dashed", marker=False))

    def names(ax: Axes) -> None:
        for share in BOUNDS:
            place = (x[1], share * np.log(x[1]))
            ax.annotate(
                f"{share:g} ln n",
                place,
                (4, -4),
                textcoords="offset points",
                va="top",
                size=SMALL,
                color=MUTED,
            )

    points = Axis("points in the disc, n", "log", ticks=plan.counts)
    panel = LinePanel(curves, x=points, y=Axis("smallest k", limits=(0, None)), draw=names)
    return lines([panel], height=3.2, legend_columns=1)
