"""The five methods on the tasks of every feature set."""

from __future__ import annotations

from dataclasses import replace

from ...fewshot.methods.external import External
from ...fewshot.presets import Preset, Setting, preset
from ...fewshot.tricks import Centre, Chain, unit
from ..experiment import Setup
from ..fewshot.cases import Case
from ..fewshot.runs import draws, known, run
from ..fewshot.sources import FeatureSet, feature_sets
from .plan import RAW_MU, Plan


def preset_for(name: str, of: FeatureSet, rows: str, shots: int) -> Preset:
    """A method of Table II; none of the tricks of Table III but, for "unit", the first two."""
    chosen = preset(name, Setting(shots, "none", of.mean))
    if rows == "unit":
        return replace(chosen, transform=Chain((Centre(of.mean), unit)))
    mu = RAW_MU.get(of.source.name, {}).get(shots)
    if mu is not None and isinstance(chosen.method, External):
        return replace(chosen, method=replace(chosen.method, mu=mu))
    return chosen


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
                cases.append(Case(of, draw, presets, outcomes, rows))
    return cases
