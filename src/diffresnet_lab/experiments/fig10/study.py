"""Seconds a task by the plain loop and by the exact shortcut, and accuracy, against r."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, median
from typing import Any

import torch

from ...fewshot import InternalDiffusion, Outcome, gather
from ...fewshot.network import initial_weights
from ...fewshot.objective import TaskObjective
from ...fewshot.plain import plain_task
from ..experiment import Setup
from ..fewshot.curves import preset_of, setting_of
from ..fewshot.runs import Draw, draws, run
from ..fewshot.sources import SOURCES, Classes, FeatureSet, Source, feature_sets


@dataclass(frozen=True)
class Plan:
    """How much is run.

    Parameters
    ----------
    steps : numbers of diffusion steps; 0 is no diffusion, whatever the strength.
    tasks : int
        For accuracies, of which all are trained by the shortcut.
    timed : int
        For seconds, of which each is trained in both ways, on one thread.
    jobs : int
        Threads, where time is not taken.
    """

    steps: tuple[int, ...] = (0, 1, 2, 3, 4, 6, 8, 10)
    tasks: int = 200
    timed: int = 8
    shots: tuple[int, ...] = (1, 5)
    sources: tuple[Source, ...] = SOURCES
    classes: Classes = "novel"
    jobs: int = 2


TWO_CORES = Plan()
QUICK = Plan((0, 2, 10), tasks=16, timed=1, classes="val", sources=SOURCES[:1], jobs=1)


@dataclass(frozen=True, eq=False)
class Cost:
    """One r.

    Parameters
    ----------
    outcome : Outcome
        On all tasks, by the shortcut.
    plain, exact : float
        Median seconds of a task.
    alike : float
        Percent of queries of the timed tasks that both give the same class.
    """

    of: FeatureSet
    draw: Draw
    steps: int
    gamma: float
    outcome: Outcome
    plain: float
    exact: float
    alike: float


def run_costs(setup: Setup, plan: Plan) -> list[list[Cost]]:
    """A list for each feature set and number of shots; r ascends in it."""
    found = []
    for of in feature_sets(setup, plan.classes, plan.sources):
        for draw in draws(of, plan.shots):
            setting = setting_of(of, draw.shots)
            strength = setting.gamma * setting.diffusion_steps
            cuts = [(r, strength / r if r else 0.0) for r in plan.steps]
            seconds = _timed(setup, plan, of, draw, cuts)
            outcomes = [
                run(
                    setup,
                    of,
                    preset_of(of, draw.shots, steps=r, gamma=gamma),
                    draw,
                    plan.tasks,
                    plan.jobs,
                )
                for r, gamma in cuts
            ]
            found.append(
                [
                    Cost(of, draw, *cut, outcome, *clocks)
                    for cut, outcome, clocks in zip(cuts, outcomes, seconds, strict=True)
                ]
            )
    return found


def _timed(
    setup: Setup, plan: Plan, of: FeatureSet, draw: Draw, cuts: Sequence[tuple[int, float]]
) -> list[tuple[float, float, float]]:
    """Seconds of a task by the plain loop and by the shortcut, and percent of queries alike.

    All r take turns on every task, so that what else the machine does falls on all. The shortcut
    is timed from features to scores; the plain loop is handed its graph and initial weights.
    """
    tasks = draw.tasks(of, plan.timed, setup.seed)
    x = of.features.tensor()
    clocks: list[list[tuple[float, float, float]]] = [[] for _ in cuts]
    for index in range(-1, plan.timed):  # the first is to warm up, and to compile
        at = max(index, 0)
        for clock, (r, gamma) in zip(clocks, cuts, strict=True):
            chosen = preset_of(of, draw.shots, steps=r, gamma=gamma)
            assert isinstance(chosen.method, InternalDiffusion)
            batch = chosen.transform(gather(x, tasks[at : at + 1]))
            start = time.perf_counter()
            scores = chosen.method(batch)
            middle = time.perf_counter()
            if index < 0:
                continue
            objective = TaskObjective.from_batch(batch, chosen.method.network_config)
            points = objective.points
            weights = initial_weights(batch.seeds, points.shape[-1], batch.ways, points)
            began = time.perf_counter()
            expected = plain_task(objective, chosen.method.training, weights, 0)
            ended = time.perf_counter()
            expected = expected[batch.support.shape[1] :]
            alike = float((expected.argmax(-1) == scores[0].argmax(-1)).to(torch.float).mean())
            clock.append((ended - began, middle - start, 100.0 * alike))
    return [
        (median(c[0] for c in clock), median(c[1] for c in clock), fmean(c[2] for c in clock))
        for clock in clocks
    ]


def cost_rows(found: Sequence[Sequence[Cost]]) -> list[dict[str, Any]]:
    """A row a feature set, number of shots and r."""
    return [
        {
            "data": cost.of.source.data,
            "backbone": cost.of.source.backbone,
            "classes": cost.of.classes,
            "shots": cost.draw.shots,
            "steps": cost.steps,
            "gamma": cost.gamma,
            "tasks": len(cost.outcome.accuracy),
            "accuracy": cost.outcome.summary.mean,
            "ci95": cost.outcome.summary.ci95,
            "plain_seconds_per_task": cost.plain,
            "exact_seconds_per_task": cost.exact,
            "same_predictions": cost.alike,
        }
        for costs in found
        for cost in costs
    ]
