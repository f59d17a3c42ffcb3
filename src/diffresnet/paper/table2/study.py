"""The five methods on the tasks of every feature set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ...fewshot.evaluation import Outcome
from ...fewshot.presets import Preset, Setting, preset
from ...fewshot.tricks import Centre, Chain, unit
from ..experiment import Setup
from ..fewshot.runs import Draw, draws, failed, known, run
from ..fewshot.sources import FeatureSet, feature_sets
from .plan import Plan


@dataclass(frozen=True, eq=False)
class Case:
    """All methods on the same tasks.

    Parameters
    ----------
    rows : str
        "raw" or "unit".
    presets, outcomes : name of a method -> how it was set up, what it made of the tasks
    """

    of: FeatureSet
    rows: str
    draw: Draw
    presets: Mapping[str, Preset]
    outcomes: Mapping[str, Outcome]


def preset_for(name: str, of: FeatureSet, rows: str, shots: int) -> Preset:
    """A method of Table II; none of the tricks of Table III but, for "unit", the first two."""
    chosen = preset(name, Setting(shots, "none", of.mean))
    return chosen if rows == "raw" else replace(chosen, transform=Chain((Centre(of.mean), unit)))


def run_table(setup: Setup, plan: Plan) -> list[Case]:
    """Run everything, or read what `setup.shards` has of it."""
    names, _ = known(plan.methods)
    cases = []
    for of in feature_sets(setup, plan.classes, plan.sources):
        for rows in plan.rows:
            for draw in draws(of, plan.shots):
                presets = {name: preset_for(name, of, rows, draw.shots) for name in names}
                outcomes = {
                    name: run(setup, of, each, draw, plan.tasks, plan.jobs)
                    for name, each in presets.items()
                }
                cases.append(Case(of, rows, draw, presets, outcomes))
    return cases


def table_rows(cases: Sequence[Case]) -> list[dict[str, Any]]:
    """A row a feature set, kind of rows, number of shots and method."""
    return [
        {
            "data": case.of.source.data,
            "backbone": case.of.source.backbone,
            "classes": case.of.classes,
            "features": case.rows,
            "method": name,
            "ways": case.draw.ways,
            "shots": case.draw.shots,
            "queries": case.draw.queries,
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


def settings_of(cases: Sequence[Case], plan: Plan) -> dict[str, Any]:
    """What was run, and with what."""
    methods = {
        f"{name}, {case.draw.shots} shot": str(dict(chosen.settings))
        for case in cases
        for name, chosen in case.presets.items()
    }
    return {"tasks": plan.tasks, "classes": plan.classes, "threads": plan.jobs, **methods}
