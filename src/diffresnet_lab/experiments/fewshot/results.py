"""Results of methods on the same tasks, their paired differences, and tables of both."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from ...fewshot import ConfiguredMethod, Outcome
from ...pages.table import Column, Table, pivot, table
from ..base import Rows
from .runs import TaskConfig, accuracy_difference, failed_tasks


@dataclass(frozen=True, eq=False)
class MethodResult:
    """One method on one list of tasks.

    Parameters
    ----------
    features : str
        Name of what was done to the features before, where a table has several kinds of them.
    """

    task_config: TaskConfig
    name: str
    configured: ConfiguredMethod
    outcome: Outcome
    features: str = ""

    @property
    def title(self) -> str:
        return self.configured.title

    def row(self) -> dict[str, Any]:
        """Return the row of metrics.json."""
        return {
            **self.task_config.feature_set.keys,
            **({"features": self.features} if self.features else {}),
            "method": self.name,
            "ways": self.task_config.ways,
            "shots": self.task_config.shots,
            "queries": self.task_config.queries,
            "dirichlet": self.task_config.alpha,
            "tasks": len(self.outcome.accuracy),
            "accuracy": self.outcome.summary.mean,
            "ci95": self.outcome.summary.ci95,
            "seconds_per_task": self.outcome.seconds_per_task,
            "failed_tasks": failed_tasks(self.outcome),
            "quoted": None,
        }


def grouped(results: Iterable[MethodResult]) -> list[list[MethodResult]]:
    """Return the results of each feature set and kind of features, which follow each other."""
    groups = itertools.groupby(results, lambda each: (each.task_config.feature_set, each.features))
    return [list(group) for _, group in groups]


def method_settings(results: Iterable[MethodResult]) -> dict[str, dict[str, Any]]:
    """Return the settings of every method, by its name and number of shots."""
    return {
        f"{each.name}, {each.task_config.shots} shot": dict(each.configured.settings)
        for each in results
    }


def accuracy_table(
    group: Sequence[MethodResult], before: Sequence[Column] = (), after: Sequence[Column] = ()
) -> Table:
    """Return accuracies of a group with a line for each method, and a column for each task list.

    Parameters
    ----------
    before, after : further columns, left and right of the accuracies; they read the row of the
        first task list.
    """
    rows = [{**each.row(), "title": each.title, "task": each.task_config.title} for each in group]
    accuracy = Column("", "accuracy", ".2f", error="ci95", best="largest")
    time = Column("ms a task", lambda row: 1e3 * row["seconds_per_task"], ",.1f")
    accuracies = accuracy.across(_task_titles(rows))
    columns = [Column("Method", "title"), *before, *accuracies, *after, time]
    return table(pivot(rows, "method", "task"), columns)


def differences(group: Sequence[MethodResult], pairs: Iterable[tuple[str, str]]) -> Rows:
    """Return paired differences of accuracies in points, the first of each pair less the second.

    Returns
    -------
    Rows "one", "other" (titles), "task", "difference", "ci95" for pairs of methods that are there.
    """
    results = {(each.name, each.task_config): each for each in group}
    rows = []
    for first, second in pairs:
        for task_config in dict.fromkeys(each.task_config for each in group):
            one, other = results.get((first, task_config)), results.get((second, task_config))
            if one is None or other is None:
                continue
            difference = accuracy_difference(one.outcome, other.outcome)
            rows.append(
                {
                    "one": one.title,
                    "other": other.title,
                    "task": task_config.title,
                    "difference": difference.mean,
                    "ci95": difference.ci95,
                }
            )
    return rows


def difference_table(rows: Rows, first: Column) -> Table:
    """Return differences with a line for each pair: ahead, level or behind with their intervals.

    Parameters
    ----------
    rows : of `differences`
    first : column that names the pair
    """
    verdict = Column("", "difference", "+.2f", error="ci95", verdict=True)
    columns = [first, *verdict.across(_task_titles(rows))]
    return table(pivot(rows, lambda row: (row["one"], row["other"]), "task"), columns)


def _task_titles(rows: Rows) -> list[str]:
    return list(dict.fromkeys(row["task"] for row in rows))
