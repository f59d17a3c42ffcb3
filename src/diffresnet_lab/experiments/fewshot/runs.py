"""Methods run over the tasks of a feature set, in shards of the run cache."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, is_dataclass
from typing import Any

import joblib
import numpy as np

from ...cache import Arrays, RunCache
from ...fewshot import (
    ConfiguredMethod,
    FewShotConfig,
    Outcome,
    Tasks,
    configure_method,
    evaluate,
    sample_tasks,
)
from ...fewshot.config import FeatureTransforms
from ...pages.numbers import count
from ...statistics import Estimate, sample_mean
from ..base import RunConfig
from .plan import TaskPlan
from .sources import FeatureSet, feature_sets

SHARD = 256
"""Tasks of a shard; what a stop can lose."""

UNEQUAL_ALPHA = 2.0
"""Concentration of the Dirichlet distribution of unequal numbers of queries."""


@dataclass(frozen=True)
class TaskConfig:
    """A list of tasks (episodes) of a feature set, but for its length and seed.

    Parameters
    ----------
    queries : a class; their mean number with `alpha`.
    alpha : float, optional
        Numbers of queries are unequal, by a Dirichlet distribution of this concentration.
    """

    feature_set: FeatureSet
    shots: int
    queries: int = 15
    alpha: float | None = None

    @property
    def ways(self) -> int:
        return self.feature_set.source.ways

    @property
    def title(self) -> str:
        """Name beside that of the feature set, such as "20 classes, 5 shots, unequal"."""
        ways = "" if self.ways == 5 else f"{self.ways} classes, "
        unequal = "" if self.alpha is None else ", unequal"
        return f"{ways}{count(self.shots, 'shot')}{unequal}"

    @property
    def full_title(self) -> str:
        return f"{self.feature_set.title}, {self.title}"

    def sample(self, number: int, seed: int) -> Tasks:
        """Return the first so many tasks; fewer are the beginning of more."""
        labels = self.feature_set.features.labels
        return sample_tasks(
            labels, self.ways, self.shots, self.queries, number, seed, alpha=self.alpha
        )

    def method_config(
        self, feature_transforms: FeatureTransforms = "paper", **options: Any
    ) -> FewShotConfig:
        """Return the settings of methods, by default with the transforms of Table III."""
        return FewShotConfig(self.shots, feature_transforms, self.feature_set.mean, **options)

    def diff_resnet(self, **options: Any) -> ConfiguredMethod:
        """Return Diff-ResNet (internal diffusion) with the transforms of Table III.

        Parameters
        ----------
        **options : of `FewShotConfig`, where they differ from its defaults.
        """
        return configure_method("internal", self.method_config(**options))


def task_configs(
    feature_set: FeatureSet, shots: Sequence[int], alpha: float | None = None
) -> list[TaskConfig]:
    """Return one for each number of shots, of as many queries as the set has rows for."""
    queries = 15 if alpha is None else feature_set.source.unequal_queries
    return [TaskConfig(feature_set, each, queries, alpha) for each in shots]


def all_task_configs(config: RunConfig, plan: TaskPlan) -> list[TaskConfig]:
    """Return one for each feature set of a plan and each number of shots."""
    sets = feature_sets(config, plan)
    return [each for feature_set in sets for each in task_configs(feature_set, plan.shots)]


def run_method(
    config: RunConfig,
    configured: ConfiguredMethod,
    task_config: TaskConfig,
    number: int,
    jobs: int = 1,
) -> Outcome:
    """Run a method on the first tasks of a list, or read what the run cache has of it.

    Parameters
    ----------
    number : int
        Tasks that the plan has; the source may take a share of them only.
    jobs : int
        Threads, each with whole batches; seconds of the outcome are then by the clock of all.
    """
    feature_set = task_config.feature_set
    number = feature_set.source.task_count(number)
    tasks = task_config.sample(number, config.seed)
    parts = [tasks[first : first + SHARD] for first in range(0, number, SHARD)]
    # A shorter list has a shorter last shard, which is another file.
    shards = {f"{SHARD * index:06}-{len(part)}": part for index, part in enumerate(parts)}
    cache = RunCache.open(
        config.shards,
        f"{feature_set.source.name}-{type(configured.method).__name__}",
        [feature_set.digest, configured.method, *map(_digestible, configured.transform.parts)],
        [task_config.ways, task_config.shots, task_config.queries, task_config.alpha],
        [config.seed, jobs],
    )
    if cache.missing(shards):  # what compiles at its first call is not to be in the seconds
        evaluate(configured.method, feature_set.features, tasks[:1], configured.transform)
    arrays = cache.run(
        {
            name: joblib.delayed(_evaluate)(feature_set, configured, part, jobs)
            for name, part in shards.items()
        },
        valid=lambda name, shard: _valid(shard, shards[name]),
    ).values()
    predicted = np.concatenate([shard["predicted"] for shard in arrays]).astype(np.int64)
    return Outcome(
        predicted,
        100.0 * (predicted == tasks.query_labels).mean(axis=1),
        sum(float(shard["seconds"]) for shard in arrays),
        sum(int(shard["diverged"]) for shard in arrays),
    )


def accuracy_difference(one: Outcome, other: Outcome) -> Estimate:
    """Return the mean paired difference over the tasks that both have: lists begin alike."""
    both = min(len(one.accuracy), len(other.accuracy))
    return sample_mean(one.accuracy[:both] - other.accuracy[:both])


def failed_tasks(outcome: Outcome) -> float:
    """Return the percent of tasks whose queries are all given to one class: training failed.

    Scores that are not numbers, of a training that diverged, are read as the first class.
    """
    predicted = outcome.predicted
    return 100.0 * float((predicted == predicted[:, :1]).all(axis=1).mean())


def _evaluate(
    feature_set: FeatureSet, configured: ConfiguredMethod, tasks: Tasks, jobs: int
) -> Arrays:
    """Return the arrays of a shard; accuracies are computed anew from predictions."""
    with joblib.parallel_config(backend="threading"):
        outcome = evaluate(
            configured.method, feature_set.features, tasks, configured.transform, jobs=jobs
        )
    return {
        "predicted": outcome.predicted.astype(np.int16),
        "seconds": np.array(outcome.seconds),
        "diverged": np.array(outcome.diverged),
    }


def _valid(arrays: Arrays, tasks: Tasks) -> bool:
    shapes = {"predicted": tasks.query_labels.shape, "seconds": (), "diverged": ()}
    return {name: array.shape for name, array in arrays.items()} == shapes


def _digestible(transform: Any) -> Any:
    """Return a transform's settings, or its name if it is a function."""
    return transform if is_dataclass(transform) else transform.__name__
