"""Seconds a task by the plain loop and by the exact shortcut, and accuracy, against r."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import fmean, median
from typing import Any, NamedTuple

import torch

from ...fewshot import InternalDiffusion, Outcome, TaskBatch, gather
from ...fewshot.network import initial_weights
from ...fewshot.objective import TaskObjective
from ...fewshot.plain import plain_task
from ..base import RunConfig
from ..fewshot.plan import FewShotPlan
from ..fewshot.runs import TaskConfig, all_task_configs, run_method


@dataclass(frozen=True)
class Fig10Plan(FewShotPlan):
    """How much is run.

    Parameters
    ----------
    steps : numbers r of diffusion steps, ascending; 0 is no diffusion, whatever the strength.
    timed : tasks that are trained in both ways, on one thread; `tasks` are for accuracies, by the
        shortcut.
    """

    steps: tuple[int, ...]
    timed: int


class Timing(NamedTuple):
    """Seconds by the plain loop and by the shortcut, and percent of queries of the same class."""

    plain: float
    exact: float
    agreement: float


@dataclass(frozen=True, eq=False)
class StepCost:
    """One number of steps r on one list of tasks.

    Parameters
    ----------
    outcome : Outcome
        On all tasks, by the shortcut.
    timing : Timing
        Median seconds of the timed tasks, and the mean share of queries that agree.
    """

    task_config: TaskConfig
    steps: int
    gamma: float
    outcome: Outcome
    timing: Timing

    def row(self) -> dict[str, Any]:
        """Return the row of metrics.json."""
        return {
            **self.task_config.feature_set.keys,
            "shots": self.task_config.shots,
            "steps": self.steps,
            "gamma": self.gamma,
            "tasks": len(self.outcome.accuracy),
            "accuracy": self.outcome.summary.mean,
            "ci95": self.outcome.summary.ci95,
            "plain_seconds_per_task": self.timing.plain,
            "exact_seconds_per_task": self.timing.exact,
            "same_predictions": self.timing.agreement,
        }


def run_costs(config: RunConfig, plan: Fig10Plan) -> list[list[StepCost]]:
    """Return the costs of each feature set and number of shots; r ascends among them."""
    groups = []
    for task_config in all_task_configs(config, plan):
        default = task_config.method_config()
        strength = default.gamma * default.diffusion_steps
        cuts = [(r, strength / r if r else 0.0) for r in plan.steps]
        timings = timed(task_config, cuts, plan.timed, config.seed)
        group = []
        for (r, gamma), timing in zip(cuts, timings, strict=True):
            method = task_config.diff_resnet(steps=r, gamma=gamma)
            outcome = run_method(config, method, task_config, plan.tasks, plan.jobs)
            group.append(StepCost(task_config, r, gamma, outcome, timing))
        groups.append(group)
    return groups


def timed(
    task_config: TaskConfig, cuts: Sequence[tuple[int, float]], count: int, seed: int
) -> list[Timing]:
    """Return the timing of each (r, gamma) over the first `count` tasks.

    All r take turns on every task, so that what else the machine does falls on all.
    """
    tasks = task_config.sample(count, seed)
    x = task_config.feature_set.features.tensor()
    timings: list[list[Timing]] = [[] for _ in cuts]
    for index in range(-1, count):
        for timings_of_cut, (r, gamma) in zip(timings, cuts, strict=True):
            configured = task_config.diff_resnet(steps=r, gamma=gamma)
            assert isinstance(configured.method, InternalDiffusion)
            task = tasks[max(index, 0) : max(index, 0) + 1]
            batch = configured.transform(gather(x, task))
            if index < 0:  # compile, and import what the first optimizer of a process imports
                short = replace(configured.method.training, epochs=1)
                timed_task(replace(configured.method, training=short), batch)
            else:
                timings_of_cut.append(timed_task(configured.method, batch))
    return [
        Timing(
            median(each.plain for each in timings_of_cut),
            median(each.exact for each in timings_of_cut),
            fmean(each.agreement for each in timings_of_cut),
        )
        for timings_of_cut in timings
    ]


def timed_task(method: InternalDiffusion, batch: TaskBatch) -> Timing:
    """Train one task in both ways.

    The shortcut is timed from features to scores; the plain loop is handed its graph and initial
    weights.
    """
    start = time.perf_counter()
    scores = method(batch)
    exact = time.perf_counter() - start
    objective = TaskObjective.from_batch(batch, method.network_config)
    points = objective.points
    weights = initial_weights(batch.seeds, points.shape[-1], batch.ways, points)
    start = time.perf_counter()
    expected = plain_task(objective, method.training, weights, 0)
    plain = time.perf_counter() - start
    expected = expected[batch.support.shape[1] :]
    same = (expected.argmax(-1) == scores[0].argmax(-1)).to(torch.float)
    return Timing(plain, exact, 100.0 * float(same.mean()))
