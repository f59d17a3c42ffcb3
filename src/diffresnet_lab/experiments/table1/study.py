"""The runs of Table I: every model on every graph, and what pairs of models differ by."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import ceil
from typing import Any

from diffresnet.graphs.node_data import NodeData

from ...nodes.model_spec import ModelSpec
from ...nodes.models.diff_resnet import RELEASED, published_config
from ...nodes.protocol import Protocol
from ...nodes.registry import model_spec
from ...nodes.results import (
    SplitRuns,
    accuracy_difference,
    mean_accuracy,
    run_rows,
    seconds_per_run,
)
from ...nodes.trials import run_trials
from ...statistics import Estimate
from ..experiment import Setup
from .graphs import citation_graphs
from .plan import Plan
from .quoted import Quoted, quoted

REFERENCE = "diff_resnet"
WITHOUT = "no_diff_resnet"
BEST = "best"
MENDED = "diff_resnet_mended"
OURS = (REFERENCE, MENDED, "diff_resnet_once", BEST)
"""The models with diffusion that are Diff-ResNets."""

BY_ODE = ("gde", "cgnn", "grand_l", "grand_nl", "grand_nl_rw")
"""Models that torchdiffeq, an optional dependency, integrates."""


@dataclass(frozen=True)
class Result:
    """All runs of one model on one graph, and what was published of it."""

    dataset: str
    model: str
    title: str
    runs: Sequence[SplitRuns]
    quoted: Quoted | None = None

    @property
    def splits(self) -> int:
        return len(self.runs)

    @property
    def inits(self) -> int:
        return len(self.runs[0].accuracy)

    @property
    def accuracy(self) -> Estimate:
        return mean_accuracy(self.runs)

    @property
    def seconds(self) -> float:
        return seconds_per_run(self.runs)


def difference(one: Result, other: Result) -> Estimate:
    """`one` less `other`, paired by split."""
    return accuracy_difference(one.runs, other.runs)


def left_out(plan: Plan) -> tuple[str, ...]:
    """Models of the plan that need torchdiffeq where it is not installed."""
    if importlib.util.find_spec("torchdiffeq") is not None:
        return ()
    return tuple(model for model in plan.models if model in BY_ODE)


def mended(data: NodeData) -> ModelSpec | None:
    """The published Diff-ResNet with more and shorter steps, where its own are past the bound.

    The strength gamma r stays what it is; steps are at most 0.9 of the longest stable one. Dropout
    acts before every step, so that there is more of it. None where nothing is to be mended.
    """
    published, longest = published_config(data), data.laplacian.max_step()
    if published is None or published.gamma <= longest:
        return None
    strength = published.gamma * published.steps
    steps = ceil(strength / (0.9 * longest))
    config = replace(published, gamma=strength / steps, steps=steps)
    return replace(RELEASED, name=MENDED, title="Diff-ResNet, shorter steps", config=config)


def specs_of(data: NodeData, plan: Plan) -> Iterator[ModelSpec]:
    """The models of the plan on a graph; the mended Diff-ResNet follows the published one."""
    missing = (*left_out(plan), *plan.too_slow(data.name))
    for name in plan.models:
        if name in missing:
            continue
        yield model_spec(name, data)
        mend = mended(data) if name == REFERENCE else None
        if mend is not None:
            yield mend


def run_table(setup: Setup, plan: Plan) -> list[Result]:
    """Train everything, or read what `setup.shards` has of it."""
    results = []
    for data in citation_graphs(setup, plan.datasets, plan.device):
        for spec in specs_of(data, plan):
            counts = plan.of(spec.name, data.name)
            epochs = min(plan.epochs, spec.training.epochs)
            capped = replace(spec, training=replace(spec.training, epochs=epochs))
            protocol = Protocol(counts.splits, counts.inits, seed=setup.seed)
            runs = run_trials(data, capped, protocol, cache=setup.shards, jobs=plan.jobs)
            published = quoted(spec.name, data.name)
            results.append(Result(data.name, spec.name, spec.title, runs, published))
    return results


def find(results: Sequence[Result], dataset: str, model: str) -> Result | None:
    """The result of a model on a data set, where there is one."""
    return next((r for r in results if (r.dataset, r.model) == (dataset, model)), None)


def all_runs(results: Sequence[Result]) -> list[dict[str, Any]]:
    """A row a run."""
    return [
        {"dataset": result.dataset, "model": result.model, **row}
        for result in results
        for row in run_rows(result.runs)
    ]


def table_rows(results: Sequence[Result]) -> list[dict[str, Any]]:
    """A row a data set and model, with its difference to Diff-ResNet as published.

    `best_ahead` is what the best Diff-ResNet is ahead of the model.
    """
    rows = []
    for result in results:
        row: dict[str, Any] = {
            "dataset": result.dataset,
            "model": result.model,
            "splits": result.splits,
            "inits": result.inits,
            "accuracy": result.accuracy.mean,
            "std": result.accuracy.std,
            "standard_error": result.accuracy.error,
            "seconds_per_run": result.seconds,
            "quoted": None if result.quoted is None else str(result.quoted),
        }
        reference = find(results, result.dataset, REFERENCE)
        if reference is not None and reference is not result:
            ahead = difference(result, reference)
            row |= {
                "difference": ahead.mean,
                "difference_error": ahead.error,
                "difference_splits": ahead.clusters,
            }
        best = find(results, result.dataset, BEST)
        if best is not None and best is not result:
            ahead = difference(best, result)
            row |= {"best_ahead": ahead.mean, "best_ahead_error": ahead.error}
        rows.append(row)
    return rows
