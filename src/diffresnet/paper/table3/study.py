"""Every method with its tricks, on the tasks of every feature set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ...fewshot.evaluation import Outcome
from ...fewshot.presets import METHODS, Preset, Setting, preset
from ..experiment import Setup
from ..fewshot.runs import Draw, draws, failed, run
from ..fewshot.sources import FeatureSet, feature_sets
from .plan import EQUAL, Plan


@dataclass(frozen=True, eq=False)
class Case:
    """All methods on tasks of one list; some on its beginning only.

    Parameters
    ----------
    presets, outcomes : name of a method -> how it was set up, what it made of the tasks
    """

    of: FeatureSet
    draw: Draw
    presets: Mapping[str, Preset]
    outcomes: Mapping[str, Outcome]


def there(plan: Plan) -> tuple[list[str], list[str]]:
    """Methods of the plan that there are, and that there are not."""
    found = [name for name in plan.methods if EQUAL.get(name, name) in METHODS]
    return found, [name for name in plan.methods if name not in found]


def preset_for(name: str, of: FeatureSet, shots: int) -> Preset:
    """A method with the tricks that it takes."""
    setting = Setting(shots, "paper", of.mean, balanced=name in EQUAL)
    chosen = preset(EQUAL.get(name, name), setting)
    return replace(chosen, title=f"{chosen.title} (equal)") if name in EQUAL else chosen


def run_table(setup: Setup, plan: Plan) -> list[Case]:
    """Run everything, or read what `setup.shards` has of it."""
    names, _ = there(plan)
    cases = []
    for of in feature_sets(setup, plan.classes, plan.sources):
        for alpha in plan.alphas:
            for draw in draws(of, plan.shots, alpha):
                presets = {name: preset_for(name, of, draw.shots) for name in names}
                outcomes = {
                    name: run(setup, of, each, draw, plan.of(name), plan.jobs)
                    for name, each in presets.items()
                }
                cases.append(Case(of, draw, presets, outcomes))
    return cases


def table_rows(cases: Sequence[Case]) -> list[dict[str, Any]]:
    """A row a feature set, kind of queries, number of shots and method."""
    return [
        {
            "data": case.of.source.data,
            "backbone": case.of.source.backbone,
            "classes": case.of.classes,
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


def settings_of(cases: Sequence[Case], plan: Plan) -> dict[str, Any]:
    """What was run, and with what."""
    methods = {
        f"{name}, {case.draw.shots} shot": str(dict(chosen.settings))
        for case in cases
        for name, chosen in case.presets.items()
    }
    return {
        "tasks": plan.tasks,
        "tasks_of_some": dict(plan.own),
        "classes": plan.classes,
        "threads": plan.jobs,
        **methods,
    }
