"""Models trained on a graph, and how far each is ahead of another."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import isfinite
from typing import Any

from diffresnet.graphs.node_data import NodeData

from ...nodes.corruption import Corruption
from ...nodes.model_spec import ModelSpec
from ...nodes.protocol import Protocol
from ...nodes.results import (
    SplitRuns,
    accuracy_difference,
    mean_accuracy,
    run_rows,
    seconds_per_run,
)
from ...nodes.trials import run_trials
from ...pages.numbers import verdict
from ...pages.table import Row
from ...statistics import STANDARD_ERRORS_95, Estimate
from ..base import Rows, RunConfig


@dataclass(frozen=True)
class ModelResult:
    """All runs of one model on one graph."""

    dataset: str
    model: str
    title: str
    runs: Sequence[SplitRuns]

    @property
    def accuracy(self) -> Estimate:
        return mean_accuracy(self.runs)

    @property
    def seconds(self) -> float:
        return seconds_per_run(self.runs)

    def less(self, other: ModelResult) -> Estimate:
        """Return the points that this model is ahead of another, paired by split."""
        return accuracy_difference(self.runs, other.runs)

    def row(self) -> dict[str, Any]:
        """Return the numbers of runs, and the accuracy over all of them."""
        accuracy = self.accuracy
        return {
            "splits": len(self.runs),
            "inits": len(self.runs[0].accuracy),
            "accuracy": accuracy.mean,
            "std": accuracy.std,
            "standard_error": accuracy.error,
        }


def train_model(
    config: RunConfig,
    data: NodeData,
    spec: ModelSpec,
    protocol: Protocol,
    *,
    epochs: int | None = None,
    corruption: Corruption | None = None,
    jobs: int = 1,
) -> ModelResult:
    """Train a model on every split, or read what is kept in `config.shards` of it.

    Parameters
    ----------
    epochs : int, optional
        At most, whatever the spec says.
    corruption, jobs : as `run_trials` takes them.
    """
    if epochs is not None:
        training = replace(spec.training, epochs=min(epochs, spec.training.epochs))
        spec = replace(spec, training=training)
    runs = run_trials(data, spec, protocol, corruption=corruption, cache=config.shards, jobs=jobs)
    return ModelResult(data.name, spec.name, spec.title, runs)


def find_result(results: Sequence[ModelResult], dataset: str, model: str) -> ModelResult | None:
    """Return the result of a model on a data set, where there is one."""
    return next((each for each in results if (each.dataset, each.model) == (dataset, model)), None)


def all_runs(results: Sequence[ModelResult]) -> Rows:
    """Return a row for every single run."""
    return [
        {"dataset": result.dataset, "model": result.model, **row}
        for result in results
        for row in run_rows(result.runs)
    ]


def judge(difference: float | None, error: float | None) -> str:
    """Return the verdict on a difference, apart by 1.96 standard errors; "" without an error.

    Examples
    --------
    >>> judge(-2.0, 1.0), judge(1.0, 0.9), judge(9.0, None)
    ('behind', 'level', '')
    """
    if difference is None or error is None or not isfinite(error):
        return ""
    return verdict(difference, STANDARD_ERRORS_95 * error)


def judge_row(difference: str, error: str) -> Callable[[Row], str]:
    """Return a getter of the verdict on a difference of a row, by the keys of both."""
    return lambda row: judge(row.get(difference), row.get(error))
