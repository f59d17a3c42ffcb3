"""Every method with its transforms, on the tasks of every feature set."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from ...fewshot import ConfiguredMethod, configure_method
from ...fewshot.config import FeatureTransforms
from ..base import RunConfig
from ..fewshot.plan import FewShotPlan
from ..fewshot.results import MethodResult
from ..fewshot.runs import UNEQUAL_ALPHA, TaskConfig, run_method, task_configs
from ..fewshot.sources import feature_sets

BALANCED = {"best_balanced": "best"}
"""Names here of methods that are told that all classes have equally many queries."""

NORMALIZED_ALONE = ("tim", "alpha_tim")
"""Methods that take rows of length 1 and no other transform: better so on validation classes, but
for alpha-TIM with 5 shots and equal queries."""

ALPHAS = {"equal": None, "unequal": UNEQUAL_ALPHA}


@dataclass(frozen=True)
class Table3Plan(FewShotPlan):
    """How much of Table III is run.

    Parameters
    ----------
    tasks_by_method : method -> tasks, where it has not the number of all.
    queries : numbers of queries of the classes of a task.
    methods : in the order of the table.
    """

    tasks_by_method: Mapping[str, int]
    queries: tuple[Literal["equal", "unequal"], ...]
    methods: tuple[str, ...]


def configure(name: str, task_config: TaskConfig) -> ConfiguredMethod:
    """Return a method with the transforms that it takes."""
    transforms: FeatureTransforms = "none" if name in NORMALIZED_ALONE else "paper"
    config = task_config.method_config(transforms, balanced=name in BALANCED)
    configured = configure_method(BALANCED.get(name, name), config)
    if name in NORMALIZED_ALONE:
        return replace(configured, note=f"{configured.title} takes rows of length 1 alone")
    if name in BALANCED:
        return replace(configured, title=f"{configured.title} (equal)")
    return configured


def run_table(config: RunConfig, plan: Table3Plan) -> list[MethodResult]:
    """Run every method on every list of tasks, or read what the run cache has of it."""
    results = []
    for feature_set in feature_sets(config, plan):
        for queries in plan.queries:
            for tasks in task_configs(feature_set, plan.shots, ALPHAS[queries]):
                for name in plan.methods:
                    method = configure(name, tasks)
                    number = plan.tasks_by_method.get(name, plan.tasks)
                    outcome = run_method(config, method, tasks, number, plan.jobs)
                    results.append(MethodResult(tasks, name, method, outcome))
    return results
