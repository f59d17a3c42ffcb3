"""The page of Fig. 3: panels at some steps, and L/D over all of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ...pages.numbers import short
from ...pages.palette import series
from ...pages.plots import (
    Axis,
    Curve,
    LinePanel,
    ScatterPanel,
    lines,
    scatter_grid,
    square_around,
    stack,
)
from ...pages.style import SMALL
from ..base import Experiment, PartResult, RunConfig
from ..motion import fit_decay
from .study import GAMMA, NTOP, SIGMA, Fig3Plan, XorMotion, xor_motion


def xor_part(config: RunConfig, plan: Fig3Plan) -> PartResult:
    """Diffuse XOR, and fit the rate at which D falls."""
    motion = xor_motion(range(plan.panels[-1] + 1), config.seed)
    rate, (first, last) = fit_decay(motion, float(np.abs(motion.data.points).max()))
    return PartResult(
        list(motion.rows()),
        values=xor_values(motion, plan.panels) | {"rate": rate, "first": first, "last": last},
        figures={"fig3": composite(motion, plan.panels), **xor_figures(motion, plan.panels)},
        settings={
            "set": "xor",
            "ntop": NTOP,
            "sigma": SIGMA,
            "gamma": GAMMA,
            "steps": plan.panels[-1],
        },
    )


def xor_values(motion: XorMotion, panels: Sequence[int]) -> dict[str, object]:
    """Return what `fig3/xor.md.j2` names, but for the figures."""
    shown = _shown(motion, panels)
    return {"panels": shown, "end": shown[-1], "growth": motion.growth}


def xor_figures(motion: XorMotion, panels: Sequence[int]) -> dict[str, Figure]:
    """Return a panel for each of some steps, and the curve of L/D."""
    figures = {
        f"fig3_step{step}": scatter_grid([panel], width=1.9)
        for step, panel in zip(panels, _panels(motion, panels), strict=True)
    }
    steps, ratio = motion.steps, motion.ratio
    measured = Curve(steps, ratio, "measured", 0, marker=False, width=4.0, alpha=0.45)
    marks = replace(_curve(motion, ratio, panels, 0), style="marks")
    predicted = ratio[-1] * motion.growth ** (steps - steps[-1]).astype(float)
    spectrum = Curve(
        steps, predicted, "predicted by the graph’s spectrum", 1, "dashed", marker=False
    )
    axes = _axes(motion, "L / D")
    figures["fig3_ratio"] = lines([LinePanel([measured, spectrum, marks], x=axes[0], y=axes[1])])
    return figures


def composite(motion: XorMotion, panels: Sequence[int]) -> Figure:
    """Return the paper's figure: the panels above, and D, L and L/D below."""
    named = {"L / D": motion.ratio, "D": motion.diameter, "L": motion.distance}
    curves = [_curve(motion, y, panels, index) for index, y in enumerate(named.values())]

    def names(ax: Axes) -> None:
        for index, (name, y) in enumerate(named.items()):
            end, colour = (motion.steps[-1], y[-1]), series(index)[0]
            ax.annotate(
                name,
                end,
                (9, 0),
                textcoords="offset points",
                va="center",
                size=SMALL + 1,
                color=colour,
                annotation_clip=False,
            )

    x, y = _axes(motion, "")
    above = [
        replace(panel, title=f"step {row['step']}, L/D {short(row['ratio'])}")
        for panel, row in zip(_panels(motion, panels), _shown(motion, panels), strict=True)
    ]
    return stack(
        9.2,
        (2.0, lambda part: scatter_grid(above, columns=len(above), into=part)),
        (3.0, lambda part: lines([LinePanel(curves, x=x, y=y, draw=names)], into=part)),
    )


def _panels(motion: XorMotion, panels: Sequence[int]) -> list[ScatterPanel]:
    frame = square_around(motion.positions[0])
    classes = motion.data.classes
    return [
        ScatterPanel(x, classes, frame=frame)
        for step, x in zip(motion.steps, motion.positions, strict=True)
        if step in panels
    ]


def _shown(motion: XorMotion, panels: Sequence[int]) -> list[dict[str, Any]]:
    return [row for row in motion.rows() if row["step"] in panels]


def _curve(motion: XorMotion, y: np.ndarray, panels: Sequence[int], number: int) -> Curve:
    marked = np.flatnonzero(np.isin(motion.steps, panels)).tolist()
    return Curve(motion.steps, y, colour=number, every=marked, width=2.2, size=6.0)


def _axes(motion: XorMotion, label: str) -> tuple[Axis, Axis]:
    limits = (float(motion.steps[0]), float(motion.steps[-1]))
    return Axis("diffusion steps", limits=limits), Axis(label, "log")


EXPERIMENT = Experiment(Path(__file__).parent, {"xor": xor_part}, Fig3Plan)
