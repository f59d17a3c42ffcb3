"""Fig. 3: diffusion alone turns XOR into four points."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Int

from ..data.synthetic import SyntheticSet, xor
from ..errors import InputError
from ..flow import ExplicitEuler, diffuse, subset_geometry
from ..operators import SparseLaplacian
from ..report.figures import plane, ratio_curve
from ..report.section import Picture, Section
from ..similarity import similarity_graph
from .experiment import Experiment, Part, Setup

PANELS = (0, 1, 10, 20, 200)
GAMMA = 1.0


@dataclass(frozen=True)
class XorMotion:
    """Points along a diffusion, with their geometry.

    Attributes
    ----------
    steps : (s,)
    positions : (s, n, 2)
        Where the points are after each of the steps.
    diameter, distance : (s,)
        D and L of the four discs.
    growth : float
        What L/D is multiplied by a step in the long run, by the spectrum of the graph:
        1 / max |1 - gamma lambda| over the eigenvalues lambda != 0 of the Laplacian.
    """

    data: SyntheticSet
    steps: Int[np.ndarray, " s"]
    positions: Float[np.ndarray, "s n 2"]
    diameter: Float[np.ndarray, " s"]
    distance: Float[np.ndarray, " s"]
    growth: float

    @property
    def ratio(self) -> Float[np.ndarray, " s"]:
        """L / D."""
        return self.distance / self.diameter

    def rows(self) -> Iterator[dict[str, Any]]:
        """A row a step, as `reproduce fig3` writes them."""
        columns = (self.steps, self.diameter, self.distance, self.ratio)
        for values in zip(*(column.tolist() for column in columns), strict=True):
            yield dict(zip(("step", "diameter", "distance", "ratio"), values, strict=True))


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
    if not len(steps) or min(steps) < 0 or list(steps) != sorted(set(steps)):
        raise InputError("steps must be ascending numbers from 0 on")
    data = xor(seed=seed)
    weights = similarity_graph(data.points, preset="synthetic", ntop=20, sigma=0.5)
    laplacian = SparseLaplacian(weights, dtype=torch.float64)
    x, subsets, done = torch.from_numpy(data.points), torch.from_numpy(data.subsets), 0
    positions, geometry = [], []
    for step in steps:
        x = diffuse(laplacian, x, ExplicitEuler(GAMMA, step - done))
        done = step
        positions.append(x.numpy())
        geometry.append(subset_geometry(x, subsets))
    return XorMotion(
        data,
        np.asarray(steps),
        np.stack(positions),
        np.array([g.diameter for g in geometry]),
        np.array([g.distance for g in geometry]),
        _growth(laplacian.to_dense().numpy()),
    )


def _growth(laplacian: Float[np.ndarray, "n n"]) -> float:
    eigenvalues = np.linalg.eigvals(laplacian)
    moving = eigenvalues[np.abs(eigenvalues) > 1e-9]
    return float(1.0 / np.abs(1.0 - GAMMA * moving).max())


def xor_section(motion: XorMotion, panels: Sequence[int] = PANELS) -> Section:
    """Panels at some steps, and the curve of L/D over all of them."""
    at = {int(step): index for index, step in enumerate(motion.steps)}
    shown = [at[step] for step in panels]
    start = motion.positions[0]
    centre, reach = start.mean(0), 1.05 * np.abs(start - start.mean(0)).max()
    pictures = tuple(
        Picture(
            plane(motion.positions[index], motion.data.classes, tuple(centre), reach),
            alt=f"The four discs after {motion.steps[index]} diffusion steps: diameter "
            f"{motion.diameter[index]:.2g}, distance {motion.distance[index]:.2g}.",
            caption=f"step {motion.steps[index]}\nL/D {_short(motion.ratio[index])}",
            name=f"fig3_step{motion.steps[index]}",
        )
        for index in shown
    )
    curve = Picture(
        ratio_curve(motion.steps, motion.ratio, panels, motion.growth),
        alt=f"Curve of L/D on a logarithmic scale, from {_short(motion.ratio[0])} at step "
        f"{motion.steps[0]} to {_short(motion.ratio[-1])} at step {motion.steps[-1]}; after the "
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


def _short(ratio: float) -> str:
    if ratio < 1000:
        return f"{ratio:.3g}"
    mantissa, exponent = f"{ratio:.1e}".split("e")
    return (
        f"{mantissa} × 10{str(int(exponent)).translate(str.maketrans('0123456789', '⁰¹²³⁴⁵⁶⁷⁸⁹'))}"
    )


def _part(setup: Setup) -> Part:
    motion = xor_motion(range(PANELS[-1] + 1), setup.seed)
    late = motion.ratio[-1] / motion.ratio[-101]
    return Part(
        section=xor_section(motion),
        rows=list(motion.rows()),
        finding=f"L/D of the four discs grows from {motion.ratio[0]:.3f} to "
        f"{_short(motion.ratio[-1])} in {PANELS[-1]} diffusion steps, by {late**0.01:.4f} a step "
        f"over the last hundred; the eigenvalues of the graph foretell {motion.growth:.4f}.",
        settings={"set": "xor", "ntop": 20, "sigma": 0.5, "gamma": GAMMA, "steps": PANELS[-1]},
    )


EXPERIMENT = Experiment("fig3", "Diffusion in motion: XOR (Fig. 3)", {"xor": _part})
