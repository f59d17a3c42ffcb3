"""Fig. 3: diffusion alone turns XOR into four points."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Float

from diffresnet.operators import SparseLaplacian
from diffresnet.similarity import similarity_graph

from ..data.synthetic import SyntheticSet, xor
from ..pages.figures import plane, ratio_curve
from ..pages.figures.motion import motion_figure
from ..pages.section import Picture, Section
from ..pages.words import short
from ..theory.equilibrium import equilibrium
from .experiment import Experiment, Part, Setup
from .motion import Motion, fitted_rate, follow, motion_of

PANELS = (0, 1, 10, 20, 200)
GAMMA = 1.0


@dataclass(frozen=True)
class XorMotion(Motion):
    """The four discs along a diffusion.

    Attributes
    ----------
    data : the discs at the start.
    positions : (s, n, 2)
        Where the points are after each of the steps.
    growth : float
        What L/D is multiplied by a step in the long run, by the spectrum of the graph:
        1 / max |1 - gamma lambda| over the eigenvalues lambda != 0 of the Laplacian.
    """

    data: SyntheticSet
    positions: Float[np.ndarray, "s n 2"]
    growth: float


def xor_motion(steps: Sequence[int] = PANELS, seed: int = 42) -> XorMotion:
    """Diffuse the four discs of XOR by explicit Euler steps with gamma = 1, in float64.

    The graph is the paper's: 20 nearest with the point itself, sigma 0.5, row-normalised.

    Parameters
    ----------
    steps : ascending numbers of steps to look at.

    Examples
    --------
    >>> [f"{row['ratio']:.2f}" for row in xor_motion((0, 20)).rows()]
    ['0.37', '7.35']
    """
    data = xor(seed=seed)
    weights = similarity_graph(data.points, preset="synthetic", ntop=20, bandwidth=0.5)
    laplacian = SparseLaplacian(weights, dtype=torch.float64)
    seen = list(follow(laplacian, data.points, data.subsets, steps, GAMMA))
    curves = motion_of(steps, [geometry for _, geometry in seen])
    return XorMotion(
        **vars(curves),
        data=data,
        positions=np.stack([x for x, _ in seen]),
        growth=1.0 / equilibrium(weights, GAMMA).contraction,
    )


def xor_section(motion: XorMotion, panels: Sequence[int] = PANELS) -> Section:
    """Panels at some steps, and the curve of L/D over all of them."""
    start = motion.positions[0]
    centre, reach = start.mean(0), 1.05 * np.abs(start - start.mean(0)).max()
    pictures = tuple(
        Picture(
            plane(motion.positions[index], motion.data.classes, tuple(centre), reach),
            alt=f"The four discs after {motion.steps[index]} diffusion steps: diameter "
            f"{motion.diameter[index]:.2g}, distance {motion.distance[index]:.2g}.",
            caption=f"step {motion.steps[index]}\nL/D {short(motion.ratio[index])}",
            name=f"fig3_step{motion.steps[index]}",
        )
        for index in _shown(motion, panels)
    )
    curve = Picture(
        ratio_curve(motion.steps, motion.ratio, panels, motion.growth),
        alt=f"Curve of L/D on a logarithmic scale, from {short(motion.ratio[0])} at step "
        f"{motion.steps[0]} to {short(motion.ratio[-1])} at step {motion.steps[-1]}; after the "
        f"first steps it is a straight line of slope {motion.growth:.4f} a step.",
        caption="L/D over the steps. A straight line on this scale is exponential growth; the "
        "dashed line is what the eigenvalues of the graph foretell.",
        name="fig3_ratio",
    )
    return Section(
        title="Diffusion in motion: XOR (Fig. 3 of the paper)",
        text=(
            "Four discs of 100 points in the plane; opposite discs are of one class, so that no "
            "straight line separates the classes. Every point is linked to its nearest 19, and "
            "nothing is trained: at each step each point moves to the weighted mean of those it "
            "is linked to.",
            "D is the largest diameter of a disc, L the smallest distance between two discs. "
            "Discs shrink to points and keep apart, so that L/D grows exponentially: the paper’s "
            "Proposition 1. By its theory, a network can separate classes once L/D is large.",
        ),
        galleries=(pictures, (curve,)),
    )


def xor_picture(motion: XorMotion, panels: Sequence[int] = PANELS) -> Picture:
    """The paper's figure in one: the panels above, D, L and L/D below."""
    shown = _shown(motion, panels)
    figure = motion_figure(
        [motion.positions[index] for index in shown],
        [f"step {motion.steps[index]}\nL/D {short(motion.ratio[index])}" for index in shown],
        motion.data.classes,
        {"L / D": motion.ratio, "D": motion.diameter, "L": motion.distance},
        motion.steps,
        panels,
    )
    return Picture(
        figure,
        alt=f"Above, the four discs after {', '.join(map(str, panels))} steps, shrinking to four "
        f"points. Below, on a logarithmic scale, D falls from {short(motion.diameter[0])} to "
        f"{short(motion.diameter[-1])}, L rises from {short(motion.distance[0])} to "
        f"{short(motion.distance[-1])}, and L/D rises from {short(motion.ratio[0])} to "
        f"{short(motion.ratio[-1])}.",
        caption="The four discs along the diffusion, and below them the largest diameter D of a "
        "disc, the smallest distance L between two, and L/D.",
        name="fig3",
    )


def _shown(motion: XorMotion, panels: Sequence[int]) -> list[int]:
    at = {int(step): index for index, step in enumerate(motion.steps)}
    return [at[step] for step in panels]


def _part(setup: Setup) -> Part:
    motion = xor_motion(range(PANELS[-1] + 1), setup.seed)
    rate, (first, last) = fitted_rate(motion, float(np.abs(motion.data.points).max()))
    section = xor_section(motion)
    return Part(
        section=replace(section, galleries=((xor_picture(motion),), *section.galleries)),
        rows=list(motion.rows()),
        finding=f"L/D of the four discs grows from {motion.ratio[0]:.3f} to "
        f"{short(motion.ratio[-1])} in {PANELS[-1]} diffusion steps. D falls by the factor "
        f"{rate:.5f} a step (fitted over steps {first} to {last}); the eigenvalues of the graph "
        f"foretell {1.0 / motion.growth:.5f}.",
        settings={"set": "xor", "ntop": 20, "sigma": 0.5, "gamma": GAMMA, "steps": PANELS[-1]},
    )


EXPERIMENT = Experiment("fig3", "Diffusion in motion: XOR (Fig. 3)", {"xor": _part})
