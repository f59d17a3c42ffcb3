"""Sizes of a run of the PDE experiment."""

from __future__ import annotations

from dataclasses import dataclass

from .network import FlowTrainingConfig


@dataclass(frozen=True)
class AgreementPlan:
    """Sizes of the comparison of both solvers.

    Parameters
    ----------
    sets : names of point sets, see `network.SETS`.
    cells : of the grid, along its longer side.
    samples, fine_samples : particles a probe: of the noisy network, and in the limit of short
        steps.
    probes : points of the set, and as many places of the window.
    steps : residual steps a block whose error in time is measured.
    """

    sets: tuple[str, ...]
    cells: int
    samples: int
    fine_samples: int
    probes: int
    training: FlowTrainingConfig
    steps: tuple[int, ...] = (1, 2, 4, 8)


@dataclass(frozen=True)
class RobustnessPlan:
    """Sizes of the tests under moved inputs.

    Parameters
    ----------
    sets : names of point sets, see `network.SETS`.
    seeds : of splits and initial weights.
    labels : numbers of labelled points a class
    tested : points to test on
    cells : of the grid, along its longer side.
    """

    sets: tuple[str, ...]
    seeds: int
    labels: tuple[int, ...]
    tested: int
    cells: int
    training: FlowTrainingConfig


@dataclass(frozen=True)
class PdePlan:
    """Sizes of both parts."""

    agreement: AgreementPlan
    robustness: RobustnessPlan
