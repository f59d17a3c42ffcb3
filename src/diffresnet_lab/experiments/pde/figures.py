"""Figures of the PDE: errors in time, accuracy against the noise, and gradients."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure

from ...pages.palette import INK, series
from ...pages.plots import Axis, Curve, LinePanel, key, lines
from .plan import AgreementPlan
from .robustness import SIGMAS as NOISES
from .robustness import ModelScores

DRAWN = ("clean", "attack 0.1", "attack 0.2")
NOISY = {"noise at test": "test", "noise in training": "training"}


def convergence_figure(plan: AgreementPlan, errors: Mapping[str, dict[str, list[float]]]) -> Figure:
    """Return errors against the number of steps: a line style a scheme, a colour a set."""
    curves = []
    for index, (name, of_set) in enumerate(errors.items()):
        curves.append(Curve(plan.steps, of_set["network"], name, index))
        curves.append(Curve(plan.steps, of_set["strang"], colour=index, style="dashed"))
    x = Axis("steps a block (1 / dt)", "log2", ticks=plan.steps)
    panel = LinePanel(curves, x=x, y=Axis("largest error at the probes", "log"))
    extra = [key("network’s steps"), key("Strang’s steps", "dashed")]
    return lines([panel], height=3.6, legend_columns=3, extra=extra)


def robustness_figure(results: list[ModelScores]) -> Figure:
    """Return accuracy against the noise, a panel a set; dashed where it is in training too."""
    noises = sorted({s.sigma for s in results})
    panels = []
    sets = list(dict.fromkeys(s.set_name for s in results))
    for index, name in enumerate(sets):
        same = [s for s in results if s.set_name == name]
        curves = []
        for model in NOISY:
            for number, measure in enumerate(DRAWN):
                late = model == "noise in training"
                line = [s for s in same if s.model == model or (s.model == "plain" and not late)]
                values = [s.measured[measure] for s in line]
                errors = [np.std(v, ddof=1) / np.sqrt(len(v)) for v in values]
                curves.append(
                    Curve(
                        [noises.index(s.sigma) for s in line],
                        [float(np.mean(v)) for v in values],
                        f"{measure}, {model}",
                        number,
                        "dashed" if late else "solid",
                        errors,
                        hollow=late,
                        size=5.0,
                    )
                )
        ticks = {float(place): f"{sigma:g}" for place, sigma in enumerate(noises)}
        x = Axis("noise σ" if index >= len(sets) - 2 else "", ticks=ticks)
        panels.append(LinePanel(curves, name, x=x, y=Axis("" if index % 2 else "accuracy, %")))
    return lines(panels, width=5.6, height=0.9 + 2.2 * ((len(panels) + 1) // 2))


def gradient_curves(noisy: list[ModelScores]) -> dict[str, dict[str, list[float]]]:
    """Return the steepest gradients of plainly trained networks, and their bounds, by set."""
    at_test = [s for s in noisy if s.model == "noise at test"]
    return {
        kind: {
            name: [float(np.max(s.measured[kind])) for s in at_test if s.set_name == name]
            for name in dict.fromkeys(s.set_name for s in at_test)
        }
        for kind in ("slope", "slope bound")
    }


def gradient_figure(gradients: dict[str, dict[str, list[float]]], still: list[float]) -> Figure:
    """Return the steepest gradients against the noise, with what is proved of them."""
    curves = []
    for index, (name, values) in enumerate(gradients["slope"].items()):
        curves.append(Curve(NOISES, values, name, index, size=5.0))
        bound = gradients["slope bound"][name]
        colour = series(index)[0]
        curves.append(Curve(NOISES, bound, colour=colour, style="dotted", marker=False))
    curves.append(Curve(NOISES, still, "bound without velocity", INK, "dashed", marker=False))
    x = Axis("noise σ", "log", ticks=NOISES)
    panel = LinePanel(curves, x=x, y=Axis("largest |∇u|", "log"))
    extra = [key("bound of each network", "dotted")]
    return lines([panel], height=3.6, legend_columns=3, extra=extra)
