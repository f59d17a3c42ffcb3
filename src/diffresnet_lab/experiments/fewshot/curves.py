"""Accuracy of Diff-ResNet against one of its settings: what Fig. 7, 8 and 9 have in common."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from diffresnet.errors import InputError

from ...fewshot import (
    METHODS,
    ConfiguredMethod,
    FewShotConfig,
    Outcome,
    configure_method,
)
from ...statistics import Estimate
from ..experiment import Setup
from .runs import Draw, ahead, draws, run
from .sources import SOURCES, Classes, FeatureSet, Source, feature_sets

METHOD = "internal"


@dataclass(frozen=True)
class Plan:
    """How much is run for a figure.

    Parameters
    ----------
    jobs : int
        Threads.
    """

    tasks: int = 200
    shots: tuple[int, ...] = (1, 5)
    sources: tuple[Source, ...] = SOURCES
    classes: Classes = "novel"
    jobs: int = 2

    @classmethod
    def of(cls, setup: Setup) -> Plan:
        """The plan for two cores, or a glimpse of it."""
        return QUICK if setup.quick else TWO_CORES


TWO_CORES = Plan()
QUICK = Plan(tasks=16, classes="val", sources=SOURCES[:1], jobs=1)


@dataclass(frozen=True)
class Value:
    """A setting that is tried.

    Parameters
    ----------
    x : float
        Where it stands in the figure.
    settings : what of `FewShotConfig` differs from the preset
    """

    x: float
    settings: dict[str, Any] = field(default_factory=dict)


Values = Callable[[FewShotConfig], Sequence[Value]]
"""The setting as it is elsewhere -> the values to try, ascending."""


@dataclass(frozen=True, eq=False)
class Curve:
    """All values on the same tasks.

    Parameters
    ----------
    chosen : float
        The value of the preset.
    past : percent of tasks at each value whose step is past the stability bound, if counted.
    """

    of: FeatureSet
    draw: Draw
    values: tuple[Value, ...]
    outcomes: tuple[Outcome, ...]
    chosen: float
    past: tuple[float, ...] | None = None

    @property
    def title(self) -> str:
        return f"{self.of.source.title}, {self.draw.title}"

    @property
    def best(self) -> int:
        """Of which value the mean is largest."""
        means = [found.summary.mean for found in self.outcomes]
        return means.index(max(means))

    def behind_best(self, index: int) -> Estimate:
        """Paired; the best was chosen by the same tasks, so that it flatters the best."""
        return ahead(self.outcomes[index], self.outcomes[self.best])

    @property
    def at_chosen(self) -> int | None:
        found = [i for i, value in enumerate(self.values) if abs(value.x - self.chosen) < 1e-9]
        return found[0] if found else None


def setting_of(of: FeatureSet, shots: int, **other: Any) -> FewShotConfig:
    return FewShotConfig(shots, "paper", of.mean, **other)


def preset_of(of: FeatureSet, shots: int, **other: Any) -> ConfiguredMethod:
    """Diff-ResNet with the tricks of Table III.

    Raises
    ------
    InputError
        If there is no such method.
    """
    if METHOD not in METHODS:
        raise InputError(f"this experiment needs the method {METHOD}, which is not there")
    return configure_method(METHOD, setting_of(of, shots, **other))


def curves(
    setup: Setup, plan: Plan, values: Values, chosen: Callable[[FewShotConfig], float]
) -> list[Curve]:
    """Every value for every feature set and number of shots."""
    found = []
    for of in feature_sets(setup, plan.classes, plan.sources):
        for draw in draws(of, plan.shots):
            setting = setting_of(of, draw.shots)
            tried = tuple(values(setting))
            outcomes = tuple(
                run(
                    setup,
                    of,
                    preset_of(of, draw.shots, **value.settings),
                    draw,
                    plan.tasks,
                    plan.jobs,
                )
                for value in tried
            )
            found.append(Curve(of, draw, tried, outcomes, chosen(setting)))
    return found


def curve_rows(found: Sequence[Curve], name: str) -> list[dict[str, Any]]:
    """A row a curve and value."""
    rows = []
    for curve in found:
        for index, (value, outcome) in enumerate(zip(curve.values, curve.outcomes, strict=True)):
            behind = curve.behind_best(index)
            row = {
                "data": curve.of.source.data,
                "backbone": curve.of.source.backbone,
                "classes": curve.of.classes,
                "shots": curve.draw.shots,
                "tasks": len(outcome.accuracy),
                name: value.x,
                **value.settings,
                "accuracy": outcome.summary.mean,
                "ci95": outcome.summary.ci95,
                "less_best": behind.mean,
                "less_best_ci95": behind.ci95,
                "seconds_per_task": outcome.seconds_per_task,
            }
            if curve.past is not None:
                row["past_bound"] = curve.past[index]
            rows.append(row)
    return rows
