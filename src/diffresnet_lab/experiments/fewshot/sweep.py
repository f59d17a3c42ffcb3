"""Accuracy of Diff-ResNet against one of its settings: the study of Fig. 7, 8 and 9."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ...fewshot import FewShotConfig, Outcome
from ...statistics import Estimate
from ..base import Rows, RunConfig
from .plan import FewShotPlan
from .runs import TaskConfig, accuracy_difference, all_task_configs, run_method

Options = Mapping[str, Any]
"""Fields of `FewShotConfig` that differ from its defaults."""


@dataclass(frozen=True)
class SweepPlan(FewShotPlan):
    """How much of a sweep is run.

    Parameters
    ----------
    values : numbers of neighbours (Fig. 7), or of diffusion steps (Fig. 8 and 9).
    """

    values: tuple[int, ...]


@dataclass(frozen=True)
class SweptSetting:
    """The setting that a figure is about.

    Parameters
    ----------
    column : str
        Its key in metrics.json.
    symbol : str
        Its name in sentences and on the axis.
    read : FewShotConfig -> its value
    options : (default config, values of the plan) -> options that are tried
        The default ones are among them.
    logarithmic : bool
        Whether its axis is.
    """

    column: str
    symbol: str
    read: Callable[[FewShotConfig], float]
    options: Callable[[FewShotConfig, Sequence[int]], Iterable[Options]]
    logarithmic: bool = False


@dataclass(frozen=True, eq=False)
class Sweep:
    """All values of a setting on the same tasks, ascending.

    Parameters
    ----------
    default : int
        Index of the value that the tables use.
    past_bound : percent of tasks at each value whose step is past the stability bound, if counted.
    """

    task_config: TaskConfig
    values: tuple[float, ...]
    options: tuple[Options, ...]
    outcomes: tuple[Outcome, ...]
    default: int
    past_bound: tuple[float, ...] | None = None

    @property
    def best(self) -> int:
        """Index of the value with the highest mean accuracy."""
        return int(np.argmax([outcome.summary.mean for outcome in self.outcomes]))

    def less_best(self, index: int) -> Estimate:
        """Return the paired difference of a value from the best one.

        The best was picked on the same tasks, which flatters it.
        """
        return accuracy_difference(self.outcomes[index], self.outcomes[self.best])


def run_sweeps(config: RunConfig, plan: SweepPlan, setting: SweptSetting) -> list[Sweep]:
    """Run Diff-ResNet with every value, for every feature set and number of shots."""
    sweeps = []
    for task_config in all_task_configs(config, plan):
        default = task_config.method_config()
        tried = {
            setting.read(replace(default, **options)): options
            for options in setting.options(default, plan.values)
        }
        values = tuple(sorted(tried))
        options = tuple(tried[value] for value in values)
        outcomes = tuple(
            run_method(config, task_config.diff_resnet(**each), task_config, plan.tasks, plan.jobs)
            for each in options
        )
        nearest = int(np.argmin(np.abs(np.array(values) - setting.read(default))))
        sweeps.append(Sweep(task_config, values, options, outcomes, nearest))
    return sweeps


def sweep_rows(sweep: Sweep, column: str) -> Rows:
    """Return a row for each value."""
    rows = []
    for index, (value, outcome) in enumerate(zip(sweep.values, sweep.outcomes, strict=True)):
        less_best = sweep.less_best(index)
        row = {
            **sweep.task_config.feature_set.keys,
            "shots": sweep.task_config.shots,
            "tasks": len(outcome.accuracy),
            column: value,
            **sweep.options[index],
            "accuracy": outcome.summary.mean,
            "ci95": outcome.summary.ci95,
            "less_best": less_best.mean,
            "less_best_ci95": less_best.ci95,
            "seconds_per_task": outcome.seconds_per_task,
        }
        if sweep.past_bound is not None:
            row["past_bound"] = sweep.past_bound[index]
        rows.append(row)
    return rows
