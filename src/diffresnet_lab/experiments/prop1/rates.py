"""L/D along diffusions, and the rate of D beside the prediction by the graph's eigenvalues."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from jaxtyping import Float

from ...theory.equilibrium import Equilibrium, equilibrium, limit
from ...theory.geometry import SubsetGeometry, subset_geometry
from ..base import RunConfig
from ..motion import Motion, fit_decay, follow
from .cases import SYNTHETIC, SubsetCase, digits_cases, hulls_apart, synthetic_case
from .plan import Prop1Plan

GAMMA = 1.0
VANISHED = 1e-9
"""Share of its start below which a size counts as nothing."""


@dataclass(frozen=True)
class CaseMotion:
    """A case, the measurements along its diffusion, and the prediction by its graph.

    Attributes
    ----------
    end : SubsetGeometry
        D and L of the limit, by the graph; 0 where they vanish.
    settled : bool
        Each subset ends at one point: all of it leads to one closed class.
    convex : bool
        The convex hulls of the subsets are disjoint at the start.
    fitted, window : the measured factor of D a step and the steps that it was fitted on, or None
        where D does not vanish.
    """

    case: SubsetCase
    motion: Motion
    graph: Equilibrium
    end: SubsetGeometry
    settled: bool
    convex: bool
    fitted: float | None
    window: tuple[int, int] | None

    @property
    def applies(self) -> bool:
        """Return whether the assumptions hold: components, and hulls that are apart."""
        return self.settled and self.convex and self.case.cross_weight == 0.0

    @property
    def lowest(self) -> int:
        """Return the index of the smallest L/D."""
        return int(self.motion.ratio.argmin())

    def row(self) -> dict[str, Any]:
        """Return the numbers as `reproduce prop1` writes them."""
        first, last = self.window or (None, None)
        ratio, steps = self.motion.ratio, self.motion.steps
        return {
            "set": self.case.name,
            "subsets": len(np.unique(self.case.subsets)),
            "closed_classes": self.graph.classes,
            "cross_weight": self.case.cross_weight,
            "each_subset_ends_at_one_point": self.settled,
            "hulls_apart": self.convex,
            "assumptions_hold": self.applies,
            "smallest_eigenvalue": self.graph.eigenvalue.real,
            "smallest_eigenvalue_imaginary": self.graph.eigenvalue.imag,
            "predicted_factor": self.graph.contraction,
            "fitted_factor": self.fitted,
            "fitted_from": first,
            "fitted_to": last,
            "ratio_start": float(ratio[0]),
            "ratio_lowest": float(ratio[self.lowest]),
            "step_of_lowest": int(steps[self.lowest]),
            "ratio_end": float(ratio[-1]),
            "steps": int(steps[-1]),
            "final_diameter": self.end.diameter,
            "final_distance": self.end.distance,
        }

    def predicted(self) -> Float[np.ndarray, " s"] | None:
        """Return the late course of L/D by the graph; None where D and L both vanish."""
        steps = self.motion.steps.astype(float)
        if self.end.diameter > 0.0:
            return np.full(len(steps), self.end.ratio)
        if self.end.distance > 0.0:
            return self.motion.ratio[-1] * self.graph.contraction ** (steps[-1] - steps)
        return None


@lru_cache(maxsize=1)
def case_motions(config: RunConfig, plan: Prop1Plan) -> tuple[CaseMotion, ...]:
    """Follow all cases; the result is kept, since two parts of the experiment need it."""
    cases = [synthetic_case(name, config.seed, plan.decades) for name in SYNTHETIC]
    cases += digits_cases(plan.digits_decades)
    return tuple(follow_case(case, plan.looks) for case in cases)


def follow_case(case: SubsetCase, looks: int = 60) -> CaseMotion:
    """Diffuse until the slowest mode must have fallen by `case.decades`.

    Parameters
    ----------
    looks : how often D and L are measured, evenly and as often again by powers.
    """
    graph = equilibrium(case.weights, GAMMA)
    last = max(case.paper_steps, int(np.ceil(-case.decades / np.log10(graph.contraction))))
    evenly = np.linspace(0, last, looks).round().astype(int)
    by_powers = np.geomspace(1, last, looks).round().astype(int)
    steps = np.union1d(np.union1d(evenly, by_powers), [case.paper_steps]).tolist()
    moments = follow(case.laplacian(), case.points, case.subsets, steps, GAMMA)
    motion = Motion.of_geometry(steps, [geometry for _, geometry in moments])
    end = _end(case, motion)
    settled = all(_one_end(graph.ends[case.subsets == s]) for s in np.unique(case.subsets))
    fitted = window = None
    if end.diameter == 0.0:
        fitted, window = fit_decay(motion, float(np.abs(case.points).max()))
    convex = hulls_apart(case.points, case.subsets)
    return CaseMotion(case, motion, graph, end, settled, convex, fitted, window)


def _end(case: SubsetCase, motion: Motion) -> SubsetGeometry:
    ends = torch.from_numpy(limit(case.weights, case.points))
    limits = subset_geometry(ends, torch.from_numpy(case.subsets))
    nothing = VANISHED * motion.diameter[0]
    return SubsetGeometry(
        limits.diameter if limits.diameter > nothing else 0.0,
        limits.distance if limits.distance > nothing else 0.0,
    )


def _one_end(ends: np.ndarray) -> bool:
    return bool(ends[0] >= 0 and (ends == ends[0]).all())
