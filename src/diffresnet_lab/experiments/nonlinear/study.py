"""Linear and nonlinear flow side by side: strengths chosen on some draws, measured on others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.stats
from jaxtyping import Float
from sklearn.utils.parallel import Parallel, delayed

from .data import CORRUPTIONS, SETS, Corruption, cloud, draw_labels
from .flows import FLOWS, LINEAR, STRENGTHS, Variant, accuracy, astray_share, moved_along

# A difference of fewer points is none, however small its standard error.
SMALLEST = 0.1


@dataclass(frozen=True)
class StudySettings:
    """What is drawn.

    Parameters
    ----------
    labels : numbers of labels a class (in XOR: a disc).
    tuning, draws : draws of the points to choose on, and other draws to measure on.
    label_draws : draws of the labelled rows for each of them.
    per_class : points of each class of the synthetic sets.
    """

    sets: tuple[str, ...] = SETS
    corruptions: tuple[Corruption, ...] = CORRUPTIONS
    labels: tuple[int, ...] = (1, 5)
    tuning: int = 2
    draws: int = 4
    label_draws: int = 20
    per_class: int = 100
    seed: int = 42


@dataclass(frozen=True)
class Outcome:
    """One flow on one set, with one corruption and number of labels.

    Attributes
    ----------
    curves : (draws, strengths)
        Accuracy in percent of the chosen variant, on the draws that were not chosen on.
    chosen : index of the strength that was best on the tuning draws.
    astray : share of the weight of true points that leads to another class or an added point,
        after the flow with the chosen strength; mean over draws.
    """

    set: str
    corruption: Corruption
    labels: int
    flow: str
    variant: Variant
    strengths: tuple[float, ...]
    curves: Float[np.ndarray, "draws strengths"]
    chosen: int
    astray: float

    @property
    def case(self) -> tuple[str, str, int]:
        """What all flows are compared on."""
        return self.set, self.corruption, self.labels

    @property
    def accuracy(self) -> Float[np.ndarray, " draws"]:
        """At the chosen strength, a draw of the points each."""
        return self.curves[:, self.chosen]

    @property
    def unmoved(self) -> Float[np.ndarray, " draws"]:
        """At strength 0."""
        return self.curves[:, 0]

    @property
    def strength(self) -> float:
        return self.strengths[self.chosen]


@dataclass(frozen=True)
class Difference:
    """Mean and standard error over so many draws, in percentage points."""

    mean: float
    error: float
    draws: int

    @property
    def verdict(self) -> int:
        """1 ahead, -1 behind, 0 even: within `SMALLEST`, or Student's 95% interval holds 0."""
        if self.draws < 2 or abs(self.mean) < SMALLEST:
            return 0
        if abs(self.mean) <= scipy.stats.t.ppf(0.975, self.draws - 1) * self.error:
            return 0
        return 1 if self.mean > 0 else -1


def study(settings: StudySettings) -> list[Outcome]:
    """All outcomes. Sets and corruptions are joblib tasks, each with random numbers of its own."""
    cases = [(name, how) for name in settings.sets for how in settings.corruptions]
    found = Parallel()(delayed(_case)(name, how, settings) for name, how in cases)
    return [outcome for outcomes in found for outcome in outcomes]


def _case(name: str, corruption: Corruption, settings: StudySettings) -> list[Outcome]:
    strengths = STRENGTHS.get(name, STRENGTHS["plane"])
    variants = {variant for _, several in FLOWS.values() for variant in several}
    tuned = [
        _measure(name, corruption, draw, settings, variants, strengths)
        for draw in range(settings.tuning)
    ]
    best = {
        (labels, flow): _best(several, [run[0] for run in tuned], labels)
        for labels in settings.labels
        for flow, (_, several) in FLOWS.items()
    }
    needed = {variant for variant, _ in best.values()}
    measured = [
        _measure(name, corruption, settings.tuning + draw, settings, needed, strengths)
        for draw in range(settings.draws)
    ]
    return [
        Outcome(
            name,
            corruption,
            labels,
            flow,
            variant,
            strengths,
            np.stack([curves[variant, labels] for curves, _ in measured]),
            at,
            float(np.mean([astray[variant][at] for _, astray in measured])),
        )
        for (labels, flow), (variant, at) in best.items()
    ]


def _measure(
    name: str,
    corruption: Corruption,
    draw: int,
    settings: StudySettings,
    variants: set[Variant],
    strengths: tuple[float, ...],
) -> tuple[dict[tuple[Variant, int], np.ndarray], dict[Variant, np.ndarray]]:
    """Accuracy of each variant and number of labels at all strengths, and what goes astray."""
    where = [SETS.index(name), CORRUPTIONS.index(corruption), draw]
    rng = np.random.default_rng([settings.seed, *where])
    points = cloud(name, corruption, rng, settings.per_class)
    drawn = {
        labels: draw_labels(points.subsets, labels, settings.label_draws, rng)
        for labels in settings.labels
    }
    curves, astray = {}, {}
    for variant in variants:
        path = list(moved_along(points, variant, strengths))
        for labels, labelled in drawn.items():
            curves[variant, labels] = np.array(
                [accuracy(z, points.classes, labelled) for z in path]
            )
        astray[variant] = np.array([astray_share(points, z, variant) for z in path])
    return curves, astray


def _best(
    several: tuple[Variant, ...],
    tuned: list[dict[tuple[Variant, int], np.ndarray]],
    labels: int,
) -> tuple[Variant, int]:
    """The variant and strength of best mean accuracy; of equal strengths, the middle one."""
    means = {v: np.mean([curves[v, labels] for curves in tuned], axis=0) for v in several}
    variant = max(several, key=lambda v: means[v].max())
    equal = np.flatnonzero(means[variant] == means[variant].max())
    return variant, int(equal[len(equal) // 2])


def differences(outcomes: Sequence[Outcome]) -> dict[tuple[str, str, int, str], Difference]:
    """(*case, flow) -> how far it is ahead of the linear flow, draw by draw on the same points."""
    linear = {o.case: o.accuracy for o in outcomes if o.flow == LINEAR}
    return {
        (*o.case, o.flow): Difference(
            float((o.accuracy - linear[o.case]).mean()),
            standard_error(o.accuracy - linear[o.case]),
            len(o.accuracy),
        )
        for o in outcomes
    }


def outcome_rows(outcomes: Sequence[Outcome]) -> Iterator[dict[str, Any]]:
    """A row an outcome, as in metrics.json; `difference` is to the linear random-walk flow."""
    ahead = differences(outcomes)
    for o in outcomes:
        yield {
            "data": o.set,
            "corruption": o.corruption,
            "labels_per_class": o.labels,
            "flow": o.flow,
            "variant": o.variant.words,
            "strength": o.strength,
            "draws": len(o.accuracy),
            "accuracy": float(o.accuracy.mean()),
            "standard_error": standard_error(o.accuracy),
            "difference": ahead[*o.case, o.flow].mean,
            "difference_error": ahead[*o.case, o.flow].error,
            "unmoved": float(o.unmoved.mean()),
            "best_on_these_draws": float(o.curves.mean(0).max()),
            "astray": 100.0 * o.astray,
        }


def standard_error(values: Float[np.ndarray, " draws"]) -> float:
    """Of the mean; NaN of a single draw."""
    return float(values.std(ddof=1) / np.sqrt(len(values))) if len(values) > 1 else float("nan")
