"""The sweep of Fig. 5: graphs x networks x depths x splits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import joblib
import numpy as np
from jaxtyping import Float

from ...nodes.oversmoothing import constant_energy
from ...nodes.protocol import Protocol
from ...nodes.training import EarlyStoppingConfig
from ..experiment import Setup
from ..table1.graphs import citation_graphs
from .depth import CURVES, DepthRuns, depth_runs


@dataclass(frozen=True)
class DepthPlan:
    """What is run; `dataclasses.replace` makes another of it.

    Parameters
    ----------
    splits, inits : int
    width : int
        Of all hidden layers of all networks.
    epochs : int
        At most, of every run.
    jobs : int
        Processes.
    device : str
        As torch names it.
    """

    splits: int = 5
    inits: int = 2
    depths: tuple[int, ...] = (2, 4, 8, 16, 32)
    datasets: tuple[str, ...] = ("cora", "citeseer", "pubmed")
    width: int = 64
    epochs: int = 10_000
    jobs: int = 2
    device: str = "cpu"

    @property
    def trained(self) -> bool:
        """Whether early stopping, and not the cap on epochs, ends most runs."""
        return self.epochs >= 1000


PAPER = DepthPlan()
"""All three graphs: for a graphics processor, or for a day of two cores."""

TWO_CORES = DepthPlan(splits=3, datasets=("cora", "citeseer"))
"""Half an hour of two cores. Pubmed is left out: an epoch at depth 32 is 2 to 3 seconds there."""

QUICK = DepthPlan(1, 1, (2, 8), ("cora",), epochs=40, jobs=1)


@dataclass(frozen=True)
class Point:
    """One network at one depth on one graph.

    Attributes
    ----------
    curve : key of `depth.CURVES`
    constant : float
        Dirichlet energy that features alike at all nodes have on this graph.
    """

    dataset: str
    curve: str
    depth: int
    constant: float
    runs: Sequence[DepthRuns]

    @property
    def by_split(self) -> Float[np.ndarray, " s"]:
        """Mean accuracy over the initialisations on each split."""
        return np.array([run.accuracy.mean() for run in self.runs])

    @property
    def accuracy(self) -> float:
        return float(self.by_split.mean())

    def median(self, name: str) -> float:
        """The median over all runs of `before`, `after`, `spread_before` or `spread_after`."""
        return float(np.median([getattr(run, name) for run in self.runs]))


def clustered_error(by_split: Float[np.ndarray, " s"]) -> float:
    """Standard error of a mean over splits; NaN for one split."""
    if len(by_split) < 2:
        return float("nan")
    return float(by_split.std(ddof=1) / len(by_split) ** 0.5)


def run_depths(setup: Setup, plan: DepthPlan) -> list[Point]:
    """Train everything, or read what `setup.shards` has of it."""
    points = []
    training = EarlyStoppingConfig(epochs=plan.epochs)
    protocol = Protocol(plan.splits, plan.inits, seed=setup.seed)
    for data in citation_graphs(setup, plan.datasets, plan.device):
        constant = constant_energy(data)
        for curve, settings in CURVES.items():
            for depth in plan.depths:
                runs = joblib.Parallel(n_jobs=plan.jobs)(
                    joblib.delayed(depth_runs)(
                        data,
                        settings(data, depth, plan.width),
                        protocol,
                        training,
                        split,
                        setup.shards,
                    )
                    for split in range(plan.splits)
                )
                points.append(Point(data.name, curve, depth, constant, runs))
    return points


@dataclass(frozen=True)
class Loss:
    """What the largest depth has lost of the accuracy of the smallest.

    Attributes
    ----------
    relative : float
        In percent of the accuracy at the smallest depth.
    points : float
        In points of accuracy.
    error : float
        Standard error of the points, paired by split and clustered by it.
    """

    relative: float
    points: float
    error: float


def loss(shallow: Point, deep: Point) -> Loss:
    """From one depth to another, on the same splits."""
    lost = shallow.by_split - deep.by_split
    points = float(lost.mean())
    return Loss(100.0 * points / shallow.accuracy, points, clustered_error(lost))


def depth_rows(points: Sequence[Point], plan: DepthPlan) -> list[dict[str, Any]]:
    """A row a graph, network and depth."""
    return [
        {
            "dataset": point.dataset,
            "model": "gcn" if point.curve == "gcn" else "diff_resnet",
            "depth_of": "layers" if point.curve == "gcn" else point.curve,
            "depth": point.depth,
            "width": plan.width,
            "splits": plan.splits,
            "inits": plan.inits,
            "accuracy": point.accuracy,
            "std": float(np.concatenate([run.accuracy for run in point.runs]).std()),
            "standard_error": clustered_error(point.by_split),
            "energy_before": point.median("before"),
            "energy_after": point.median("after"),
            "energy_of_constants": point.constant,
            "spread_before": point.median("spread_before"),
            "spread_after": point.median("spread_after"),
            "epochs": float(np.mean([run.epochs.mean() for run in point.runs])),
            "seconds_per_run": sum(run.seconds for run in point.runs) / (plan.splits * plan.inits),
        }
        for point in points
    ]
