"""The runs of Table I: every model on every graph, and by how much models differ."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator, Sequence
from dataclasses import replace
from math import ceil
from pathlib import Path
from typing import Any

from diffresnet.graphs.node_data import NodeData

from ...nodes.model_spec import ModelSpec
from ...nodes.models.diff_resnet import RELEASED, published_config
from ...nodes.protocol import Protocol
from ...nodes.registry import model_spec, registered_spec
from ...statistics import Estimate
from ..base import Rows, RunConfig
from ..nodes.graphs import required_graphs
from ..nodes.results import ModelResult, find_result, judge, train_model
from ..plans import read_toml
from .plan import Table1Plan

REFERENCE = "diff_resnet"
WITHOUT = "no_diff_resnet"
BEST = "best"
SHORTER = "diff_resnet_mended"
OURS = (REFERENCE, SHORTER, "diff_resnet_once", BEST)
"""The models with diffusion that are Diff-ResNets."""


def published(model: str, dataset: str) -> tuple[float, float] | None:
    """Return the published mean and standard deviation in percent; None where there is none.

    Examples
    --------
    >>> published("grand_nl_rw", "citeseer"), published("mlp", "cora")
    ((74.1, 1.7), None)
    """
    accuracies = read_toml(Path(__file__).with_name("published.toml")).get(model, {})
    return tuple(accuracies[dataset]) if dataset in accuracies else None


def without_library(plan: Table1Plan) -> tuple[str, ...]:
    """Return the models of the plan that need a library which is not installed."""
    libraries = {model: registered_spec(model).library for model in plan.models}
    return tuple(
        model
        for model, name in libraries.items()
        if name and importlib.util.find_spec(name) is None
    )


def with_shorter_steps(data: NodeData) -> ModelSpec | None:
    """Return the published Diff-ResNet with shorter steps, where its own are past the bound.

    The strength gamma r stays what it is; steps are at most 0.9 of the longest stable one. Dropout
    acts before every step, so that there is more of it. None where the published step is stable.
    """
    config, longest = published_config(data), data.laplacian.max_step()
    if config is None or config.gamma <= longest:
        return None
    strength = config.gamma * config.steps
    steps = ceil(strength / (0.9 * longest))
    config = replace(config, gamma=strength / steps, steps=steps)
    return replace(RELEASED, name=SHORTER, title="Diff-ResNet, shorter steps", config=config)


def specs_of(data: NodeData, plan: Table1Plan) -> Iterator[ModelSpec]:
    """Yield the models of the plan on a graph; that of shorter steps follows the published one."""
    missing = (*without_library(plan), *plan.too_slow(data.name))
    for name in plan.models:
        if name in missing:
            continue
        yield model_spec(name, data)
        shorter = with_shorter_steps(data) if name == REFERENCE else None
        if shorter is not None:
            yield shorter


def run_table(config: RunConfig, plan: Table1Plan) -> list[ModelResult]:
    """Train every model on every graph, or read what `config.shards` has of it.

    Raises
    ------
    InputError
        If the graphs are not there.
    """
    results = []
    for data in required_graphs(config, plan.datasets, plan.device):
        for spec in specs_of(data, plan):
            protocol = Protocol(*plan.runs_of(spec.name, data.name), seed=config.seed)
            results.append(
                train_model(config, data, spec, protocol, epochs=plan.epochs, jobs=plan.jobs)
            )
    return results


def table_rows(results: Sequence[ModelResult]) -> Rows:
    """Return a row for each data set and model, with its difference to the released Diff-ResNet.

    `best_ahead` is what the best Diff-ResNet is ahead of the model, `quoted` what was published.
    """
    rows = []
    for result in results:
        accuracy = published(result.model, result.dataset)
        row: dict[str, Any] = {
            "dataset": result.dataset,
            "model": result.model,
            **result.row(),
            "seconds_per_run": result.seconds,
            "quoted": None if accuracy is None else "{} ± {}".format(*accuracy),
        }
        reference = find_result(results, result.dataset, REFERENCE)
        if reference is not None and reference is not result:
            difference = result.less(reference)
            row |= {
                "difference": difference.mean,
                "difference_error": difference.error,
                "difference_splits": difference.clusters,
            }
        best = find_result(results, result.dataset, BEST)
        if best is not None and best is not result:
            difference = best.less(result)
            row |= {"best_ahead": difference.mean, "best_ahead_error": difference.error}
        rows.append(row)
    return rows


def diffusion_gains(results: Sequence[ModelResult]) -> dict[str, Estimate]:
    """Return what Diff-ResNet gains over No-Diff-ResNet on each data set, paired by split."""
    gains = {}
    for result in results:
        other = find_result(results, result.dataset, WITHOUT)
        if result.model == REFERENCE and other is not None:
            gains[result.dataset] = result.less(other)
    return gains


def mean_gain(gains: Sequence[Estimate]) -> Estimate:
    """Return the mean over data sets, whose splits are independent of each other's."""
    error = sum(each.error**2 for each in gains) ** 0.5 / len(gains)
    mean = sum(each.mean for each in gains) / len(gains)
    return Estimate(mean, error, min(each.clusters for each in gains))


def rival_rows(results: Sequence[ModelResult]) -> Rows:
    """Return how the released and the best Diff-ResNet stand to the baselines of each data set.

    A row has names of the baselines that it is `ahead` of, `level` with and `behind`, where there
    are splits enough to say; and the `closest` one, which it is ahead of by `points` ± `error`.
    """
    rows = []
    for ours in results:
        rivals = {
            other.title: ours.less(other)
            for other in results
            if other.dataset == ours.dataset and other.model not in (*OURS, WITHOUT)
        }
        if ours.model not in (REFERENCE, BEST) or not rivals:
            continue
        row: dict[str, Any] = {"dataset": ours.dataset, "title": ours.title}
        verdicts = {name: judge(each.mean, each.error) for name, each in rivals.items()}
        if "" not in verdicts.values():
            for verdict in ("ahead", "level", "behind"):
                row[verdict] = [name for name, each in verdicts.items() if each == verdict]
        closest = min(rivals, key=lambda name: rivals[name].mean)
        points = rivals[closest]
        row |= {"closest": closest, "points": points.mean, "error": points.error}
        rows.append({**row, "splits": points.clusters})
    return rows
