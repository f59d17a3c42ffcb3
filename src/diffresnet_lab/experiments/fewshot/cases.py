"""Methods beside each other on one list of tasks: what both few-shot tables are made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ...fewshot import ConfiguredMethod, Outcome
from ...pages.section import Cell, best_cells
from .runs import Draw, failed
from .sources import FeatureSet
from .words import plus_minus


@dataclass(frozen=True, eq=False)
class Case:
    """All methods on tasks of one list; some perhaps on its beginning only.

    Parameters
    ----------
    presets, outcomes : name of a method -> how it was set up, what it made of the tasks
    rows : str
        What was done to the features before, where a table has several kinds of them.
    """

    of: FeatureSet
    draw: Draw
    presets: Mapping[str, ConfiguredMethod]
    outcomes: Mapping[str, Outcome]
    rows: str = ""


def accuracy_columns(group: Sequence[Case]) -> list[tuple[Cell, ...]]:
    """A column a case, a cell a method; cases of a group have the same methods."""
    columns = []
    for case in group:
        found = [outcome.summary for outcome in case.outcomes.values()]
        cells = [Cell(f"{each.mean:.2f}", plus_minus(each.ci95)) for each in found]
        columns.append(best_cells([each.mean for each in found], cells, digits=2))
    return columns


def case_rows(cases: Sequence[Case]) -> list[dict[str, Any]]:
    """For metrics.json: a row a case and method."""
    return [
        {
            "data": case.of.source.data,
            "backbone": case.of.source.backbone,
            "classes": case.of.classes,
            **({"features": case.rows} if case.rows else {}),
            "method": name,
            "ways": case.draw.ways,
            "shots": case.draw.shots,
            "queries": case.draw.queries,
            "dirichlet": case.draw.alpha,
            "tasks": len(found.accuracy),
            "accuracy": found.summary.mean,
            "ci95": found.summary.ci95,
            "seconds_per_task": found.seconds_per_task,
            "failed_tasks": failed(found),
            "quoted": None,
        }
        for case in cases
        for name, found in case.outcomes.items()
    ]


def method_settings(cases: Sequence[Case]) -> dict[str, str]:
    """How every method was set up, by its name and number of shots."""
    return {
        f"{name}, {case.draw.shots} shot": str(dict(chosen.settings))
        for case in cases
        for name, chosen in case.presets.items()
    }
