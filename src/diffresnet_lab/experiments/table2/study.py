"""The five methods of Table II on the tasks of every feature set."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from ...fewshot import (
    ConfiguredMethod,
    ExternalDiffusion,
    centre_and_normalize,
    configure_method,
)
from ..base import RunConfig
from ..fewshot.plan import FewShotPlan
from ..fewshot.results import MethodResult
from ..fewshot.runs import TaskConfig, run_method, task_configs
from ..fewshot.sources import feature_sets

FeatureKind = Literal["raw", "unit"]
"""Rows of a task as the backbone gives them; or less the mean of the base classes and of length 1,
for features that are too long to train on at the published rate."""

RAW_MU = {
    "cifarfs_efficientnet-lite0": {1: 1e-7, 5: 1e-3},
    "cifarfs_resnet18": {1: 1e-7, 5: 1e-5},
    "omniglot_conv4": {1: 3e-3, 5: 3e-3},
}
"""Source and shots -> the weight of external diffusion on raw features.

Chosen on validation tasks (`benchmarks/choose_fewshot.py --tricks none`) after a first run of the
table, in which the weights of rows of length 1 made training diverge on raw ones.
"""


@dataclass(frozen=True)
class Table2Plan(FewShotPlan):
    """How much of Table II is run."""

    features: tuple[FeatureKind, ...]
    methods: tuple[str, ...]


def configure(name: str, task_config: TaskConfig, features: FeatureKind) -> ConfiguredMethod:
    """Return a method with no transform of Table III but, for "unit", the first two."""
    configured = configure_method(name, task_config.method_config("none"))
    if features == "unit":
        return replace(configured, transform=centre_and_normalize(task_config.feature_set.mean))
    mu = RAW_MU.get(task_config.feature_set.source.name, {}).get(task_config.shots)
    if mu is not None and isinstance(configured.method, ExternalDiffusion):
        return replace(configured, method=replace(configured.method, mu=mu))
    return configured


def run_table(config: RunConfig, plan: Table2Plan) -> list[MethodResult]:
    """Run every method on every list of tasks, or read what the run cache has of it."""
    results = []
    for feature_set in feature_sets(config, plan):
        for features in plan.features:
            for tasks in task_configs(feature_set, plan.shots):
                for name in plan.methods:
                    method = configure(name, tasks, features)
                    outcome = run_method(config, method, tasks, plan.tasks, plan.jobs)
                    results.append(MethodResult(tasks, name, method, outcome, features))
    return results
