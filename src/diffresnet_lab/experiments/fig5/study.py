"""The runs of Fig. 5: graphs x networks x depths x splits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...cache import Arrays
from ...nodes.oversmoothing import constant_energy
from ...nodes.protocol import Protocol
from ...nodes.training import EarlyStoppingConfig
from ...statistics import Estimate, clustered_mean, paired_difference
from ..base import Rows, RunConfig
from ..nodes.graphs import required_graphs
from .networks import NETWORKS, train_splits
from .plan import Fig5Plan

CLAIMS = {"blocks": "less than 10%", "steps": "less than 10%", "gcn": "more than 50%"}
"""What of the accuracy is lost at depth 32 on average, says the paper."""


@dataclass(frozen=True)
class DepthResult:
    """One network at one depth on one graph.

    Attributes
    ----------
    network : key of `networks.NETWORKS`
    constant : float
        Dirichlet energy of features that are the same at every node of this graph.
    splits : of each split, arrays as `networks.train_splits` returns them.
    """

    dataset: str
    network: str
    depth: int
    constant: float
    splits: Sequence[Arrays]

    @property
    def accuracies(self) -> list[np.ndarray]:
        return [arrays["accuracy"] for arrays in self.splits]

    @property
    def accuracy(self) -> Estimate:
        return clustered_mean(self.accuracies)

    def median(self, measure: str) -> float:
        """Return the median of an array over all runs."""
        return float(np.median(np.concatenate([arrays[measure] for arrays in self.splits])))


def run_depths(config: RunConfig, plan: Fig5Plan) -> list[DepthResult]:
    """Train every network at every depth, or read what `config.shards` has of it.

    Raises
    ------
    InputError
        If the graphs are not there.
    """
    results = []
    training = EarlyStoppingConfig(epochs=plan.epochs)
    protocol = Protocol(plan.splits, plan.inits, seed=config.seed)
    for data in required_graphs(config, plan.datasets, plan.device):
        constant = constant_energy(data)
        for name, network in NETWORKS.items():
            for depth in plan.depths:
                splits = train_splits(
                    data,
                    network(data, depth, plan.width),
                    protocol,
                    training,
                    cache=config.shards,
                    jobs=plan.jobs,
                )
                results.append(DepthResult(data.name, name, depth, constant, splits))
    return results


def depth_rows(results: Sequence[DepthResult], plan: Fig5Plan) -> Rows:
    """Return a row for each graph, network and depth."""
    rows = []
    for result in results:
        accuracy = result.accuracy
        rows.append(
            {
                "dataset": result.dataset,
                "model": "gcn" if result.network == "gcn" else "diff_resnet",
                "depth_of": "layers" if result.network == "gcn" else result.network,
                "depth": result.depth,
                "width": plan.width,
                "splits": plan.splits,
                "inits": plan.inits,
                "accuracy": accuracy.mean,
                "std": accuracy.std,
                "standard_error": accuracy.error,
                "energy_before": result.median("energy_before"),
                "energy_after": result.median("energy_after"),
                "energy_of_constants": result.constant,
                "spread_before": result.median("spread_before"),
                "spread_after": result.median("spread_after"),
                "epochs": float(np.mean([arrays["epochs"].mean() for arrays in result.splits])),
                "seconds_per_run": float(np.sum([arrays["seconds"] for arrays in result.splits]))
                / (plan.splits * plan.inits),
            }
        )
    return rows


def change_rows(results: Sequence[DepthResult]) -> Rows:
    """Return by how much accuracy changes from the least depth to the greatest.

    A row for each graph and network: `points` ± `error`, paired by split, and `relative`, in
    percent of the accuracy at the least depth.
    """
    groups: dict[tuple[str, str], list[DepthResult]] = {}
    for result in results:
        groups.setdefault((result.dataset, result.network), []).append(result)
    rows = []
    for (dataset, network), depths in groups.items():
        shallow, deep = depths[0], depths[-1]
        change = paired_difference(deep.accuracies, shallow.accuracies)
        rows.append(
            {
                "dataset": dataset,
                "network": network,
                "points": change.mean,
                "error": change.error,
                "relative": 100.0 * change.mean / shallow.accuracy.mean,
            }
        )
    return rows


def claim_rows(changes: Rows, judged: bool) -> Rows:
    """Return the mean relative change of each network over graphs, beside the paper's claim.

    Parameters
    ----------
    judged : whether depth and training are those of the claim.
    """
    rows = []
    for network, claim in CLAIMS.items():
        relative = float(np.mean([r["relative"] for r in changes if r["network"] == network]))
        holds = relative < -50.0 if network == "gcn" else relative > -10.0
        rows.append(
            {
                "network": network,
                "relative": relative,
                "claim": claim,
                "holds": holds if judged else None,
            }
        )
    return rows
