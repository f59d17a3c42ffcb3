"""Fig. 9: accuracy of few-shot tasks against the step size, at the same total strength."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ..fewshot import FewShotConfig, gather
from ..fewshot.network import NetworkConfig
from ..fewshot.objective import unstable_tasks
from .experiment import Experiment, Part, Setup
from .fewshot.curve_section import Words, curve_part
from .fewshot.curves import Curve, Plan, Value, curves, preset_of
from .fewshot.runs import SHARD

STEPS = (1, 2, 3, 4, 6, 8, 12, 24)
QUICK = (1, 2, 6)

WORDS = Words(
    "fig9",
    "gamma",
    "γ",
    "Accuracy against the step size at the same strength (Fig. 9 of the paper)",
    (
        "The strength t = γ r is kept at that of the tables, and cut into r = 1, 2, … steps of "
        "length γ = t / r. Explicit Euler is stable up to γ = 2/λ_max, where λ_max is the largest "
        "eigenvalue of the Laplacian of the task; past it the fastest modes, differences between "
        "near neighbours, grow instead of fading. Graphs differ from task to task, and so does the "
        "bound: below each curve stands the share of tasks that are past it.",
    ),
    logarithmic=True,
    share_label="past the\nbound, %",
)


def fig9(setup: Setup, plan: Plan | None = None) -> Part:
    """Every step size on the same tasks."""
    plan = plan or Plan.of(setup)

    def values(setting: FewShotConfig) -> Sequence[Value]:
        strength = setting.gamma * setting.diffusion_steps
        steps = {*(QUICK if setup.quick else STEPS), setting.diffusion_steps} - {0}
        cut = [Value(strength / r, {"gamma": strength / r, "steps": r}) for r in steps]
        return sorted(cut, key=lambda value: value.x)

    found = curves(setup, plan, values, lambda s: s.gamma)
    counted = [replace(curve, past=_past(curve, setup.seed)) for curve in found]
    return curve_part(setup, plan, WORDS, counted, _bound_text)


def _past(curve: Curve, seed: int) -> tuple[float, ...]:
    """Percent of tasks past the bound at every step size."""
    tasks = curve.draw.tasks(curve.of, len(curve.outcomes[0].accuracy), seed)
    x = curve.of.features.tensor()
    transform = preset_of(curve.of, curve.draw.shots).transform
    unstable: list[list[np.ndarray]] = [[] for _ in curve.values]
    for first in range(0, len(tasks), SHARD):
        batch = transform(gather(x, tasks[first : first + SHARD]))
        for found, value in zip(unstable, curve.values, strict=True):
            found.append(unstable_tasks(batch, NetworkConfig(gamma=value.x)).numpy())
    return tuple(100.0 * float(np.concatenate(found).mean()) for found in unstable)


def _bound_text(found: Sequence[Curve]) -> str:
    said = []
    for curve in found:
        assert curve.past is not None
        at = curve.at_chosen
        if at is None:
            continue
        longest = max(
            (value.x for value, past in zip(curve.values, curve.past, strict=True) if past == 0),
            default=None,
        )
        none = "none of these is safe" if longest is None else f"none is past at {longest:.3g}"
        said.append(f"{curve.title}: {curve.past[at]:.1f}% at γ = {curve.chosen:g}, {none}")
    return f"Share of tasks past the bound: {'; '.join(said)}." if said else ""


EXPERIMENT = Experiment("fig9", "Few-shot tasks against the step size (Fig. 9)", {"step": fig9})
