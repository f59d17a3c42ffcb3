"""The five methods on the tasks of every feature set."""

from __future__ import annotations

from dataclasses import replace

from ...fewshot import (
    ConfiguredMethod,
    ExternalDiffusion,
    FewShotConfig,
    centre_and_normalize,
    configure_method,
)
from ..experiment import Setup
from ..fewshot.cases import Case
from ..fewshot.runs import draws, known, run
from ..fewshot.sources import FeatureSet, feature_sets
from .plan import RAW_MU, Plan


def preset_for(name: str, of: FeatureSet, rows: str, shots: int) -> ConfiguredMethod:
    """A method of Table II; none of the tricks of Table III but, for "unit", the first two."""
    chosen = configure_method(name, FewShotConfig(shots, "none", of.mean))
    if rows == "unit":
        return replace(chosen, transform=centre_and_normalize(of.mean))
    mu = RAW_MU.get(of.source.name, {}).get(shots)
    if mu is not None and isinstance(chosen.method, ExternalDiffusion):
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
