"""Every method with its tricks, on the tasks of every feature set."""

from __future__ import annotations

from dataclasses import replace

from ...fewshot import METHODS, ConfiguredMethod, FewShotConfig, configure_method
from ...fewshot.config import FeatureTransforms
from ..experiment import Setup
from ..fewshot.cases import Case
from ..fewshot.runs import draws, run
from ..fewshot.sources import FeatureSet, feature_sets
from .plan import EQUAL, UNIT_ALONE, Plan


def there(plan: Plan) -> tuple[list[str], list[str]]:
    """Methods of the plan that there are, and that there are not."""
    found = [name for name in plan.methods if EQUAL.get(name, name) in METHODS]
    return found, [name for name in plan.methods if name not in found]


def preset_for(name: str, of: FeatureSet, shots: int) -> ConfiguredMethod:
    """A method with the tricks that it takes."""
    tricks: FeatureTransforms = "none" if name in UNIT_ALONE else "paper"
    setting = FewShotConfig(shots, tricks, of.mean, balanced=name in EQUAL)
    chosen = configure_method(EQUAL.get(name, name), setting)
    if name in UNIT_ALONE:
        return replace(chosen, note=f"{chosen.title} takes rows of length 1 alone")
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
