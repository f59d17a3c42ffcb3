"""Linear and nonlinear flow side by side: tuned on some draws, measured on others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import joblib
import numpy as np
import scipy.stats
from jaxtyping import Float

from ...pages.numbers import verdict
from ...sweep import sweep
from .data import CORRUPTIONS, SETS, cloud, draw_labels
from .flows import FLOWS, LINEAR, TIMES, Variant, accuracy, astray_share, moved_along
from .plan import Corruption, NonlinearPlan

# A difference of fewer points is none, however small its standard error.
SMALLEST = 0.1


@dataclass(frozen=True)
class FlowOutcome:
    """One flow on one set, with one corruption and number of labels.

    Attributes
    ----------
    curves : (draws, times)
        Accuracy in percent of the chosen variant, on the draws that were not chosen on.
    chosen : index of the time that was best on the tuning draws.
    astray : share of the weight of true points that leads to another class or an added point,
        after the flow with the chosen time; mean over draws.
    """

    set: str
    corruption: Corruption
    labels: int
    flow: str
    variant: Variant
    times: tuple[float, ...]
    curves: Float[np.ndarray, "draws times"]
    chosen: int
    astray: float

    @property
    def case(self) -> tuple[str, str, int]:
        """Return set, corruption and labels, on which all flows are compared."""
        return self.set, self.corruption, self.labels

    @property
    def accuracy(self) -> Float[np.ndarray, " draws"]:
        """Return the accuracy at the chosen time, for each draw of the points."""
        return self.curves[:, self.chosen]

    @property
    def unmoved(self) -> Float[np.ndarray, " draws"]:
        """Return the accuracy at time 0."""
        return self.curves[:, 0]

    @property
    def time(self) -> float:
        return self.times[self.chosen]


@dataclass(frozen=True)
class Difference:
    """Mean difference over draws in percentage points, and its standard error."""

    mean: float
    error: float
    draws: int

    @property
    def verdict(self) -> str:
        """Return ahead or behind where Student's 95% interval leaves out 0, and level elsewhere."""
        if self.draws < 2 or abs(self.mean) < SMALLEST:
            return "level"
        return verdict(self.mean, scipy.stats.t.ppf(0.975, self.draws - 1) * self.error)


def study(plan: NonlinearPlan, seed: int) -> list[FlowOutcome]:
    """Run every flow on every case.

    Sets and corruptions are calls of a `sweep`, each with random numbers of its own.
    """
    cases = [(name, kind) for name in plan.sets for kind in plan.corruptions]
    results = sweep(joblib.delayed(_case)(name, kind, plan, seed) for name, kind in cases)
    return [outcome for outcomes in results for outcome in outcomes]


def _case(name: str, corruption: Corruption, plan: NonlinearPlan, seed: int) -> list[FlowOutcome]:
    times = plan.times or TIMES.get(name, TIMES["plane"])
    variants = {variant for _, several in FLOWS.values() for variant in several}
    tuned = [
        _measure(name, corruption, draw, plan, seed, variants, times) for draw in range(plan.tuning)
    ]
    best = {
        (labels, flow): _best(several, [run[0] for run in tuned], labels)
        for labels in plan.labels
        for flow, (_, several) in FLOWS.items()
    }
    needed = {variant for variant, _ in best.values()}
    measured = [
        _measure(name, corruption, plan.tuning + draw, plan, seed, needed, times)
        for draw in range(plan.draws)
    ]
    return [
        FlowOutcome(
            name,
            corruption,
            labels,
            flow,
            variant,
            times,
            np.stack([curves[variant, labels] for curves, _ in measured]),
            index,
            float(np.mean([astray[variant][index] for _, astray in measured])),
        )
        for (labels, flow), (variant, index) in best.items()
    ]


def _measure(
    name: str,
    corruption: Corruption,
    draw: int,
    plan: NonlinearPlan,
    seed: int,
    variants: set[Variant],
    times: tuple[float, ...],
) -> tuple[dict[tuple[Variant, int], np.ndarray], dict[Variant, np.ndarray]]:
    """Return accuracies of each variant and number of labels at all times, and astray shares."""
    rng = np.random.default_rng([seed, SETS.index(name), CORRUPTIONS.index(corruption), draw])
    points = cloud(name, corruption, rng, plan.per_class)
    drawn = {
        labels: draw_labels(points.subsets, labels, plan.label_draws, rng) for labels in plan.labels
    }
    curves, astray = {}, {}
    for variant in variants:
        path = list(moved_along(points, variant, times))
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
    """Return the variant and time of best mean accuracy; of equal times, the middle one."""
    means = {v: np.mean([curves[v, labels] for curves in tuned], axis=0) for v in several}
    variant = max(several, key=lambda v: means[v].max())
    equal = np.flatnonzero(means[variant] == means[variant].max())
    return variant, int(equal[len(equal) // 2])


def differences(outcomes: Sequence[FlowOutcome]) -> dict[tuple[str, str, int, str], Difference]:
    """Return (*case, flow) -> lead over the linear flow, draw by draw on the same points."""
    linear = {o.case: o.accuracy for o in outcomes if o.flow == LINEAR}
    return {
        (*o.case, o.flow): Difference(
            float((o.accuracy - linear[o.case]).mean()),
            standard_error(o.accuracy - linear[o.case]),
            len(o.accuracy),
        )
        for o in outcomes
    }


def outcome_rows(outcomes: Sequence[FlowOutcome]) -> Iterator[dict[str, Any]]:
    """Yield a row for each outcome; `difference` is to the linear random-walk flow."""
    ahead = differences(outcomes)
    for o in outcomes:
        yield {
            "data": o.set,
            "corruption": o.corruption,
            "labels_per_class": o.labels,
            "flow": o.flow,
            "variant": o.variant.parameter,
            "strength": o.time,
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
    """Return the standard error of the mean; NaN of a single draw."""
    return float(values.std(ddof=1) / np.sqrt(len(values))) if len(values) > 1 else float("nan")
