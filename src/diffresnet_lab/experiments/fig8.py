"""Fig. 8: accuracy of few-shot tasks against the total strength of diffusion, t = gamma r."""

from __future__ import annotations

from collections.abc import Sequence

from ..fewshot import FewShotConfig
from .experiment import Experiment, Part, Setup
from .fewshot.curve_section import Words, curve_part
from .fewshot.curves import Curve, Plan, Value, curves
from .fewshot.runs import ahead
from .fewshot.words import said_ahead

STEPS = (0, 1, 2, 3, 4, 6, 8, 10, 12, 16, 20, 24, 30, 40)
"""At gamma = 0.5 they reach strength 20, as the paper's figure does."""
QUICK = (0, 2, 6, 40)

WORDS = Words(
    "fig8",
    "strength",
    "t",
    "Accuracy against the strength of diffusion (Fig. 8 of the paper)",
    (
        "The strength is t = γ r: the step length times the number of steps. γ is kept, and r goes "
        "from 0, the residual network without diffusion, up to t = 20. Without end, diffusion "
        "would make all rows of a connected piece of the graph alike, and no class could be told "
        "from another.",
    ),
)


def fig8(setup: Setup, plan: Plan | None = None) -> Part:
    """Every strength on the same tasks."""
    plan = plan or Plan.of(setup)

    def values(setting: FewShotConfig) -> Sequence[Value]:
        steps = QUICK if setup.quick else STEPS
        # The preset's own number of steps is always among them.
        every = sorted({*steps, setting.diffusion_steps})
        return [Value(setting.gamma * r, {"steps": r}) for r in every]

    found = curves(setup, plan, values, lambda s: s.gamma * s.diffusion_steps)
    return curve_part(setup, plan, WORDS, found, _gain)


def _gain(found: Sequence[Curve]) -> str:
    """What diffusion brings, and what is left of it at the end."""
    said = []
    for curve in found:
        ends = [ahead(curve.outcomes[at], curve.outcomes[0]) for at in (curve.best, -1)]
        said.append(
            f"{curve.title}: {said_ahead(ends[0])} at its best t, {said_ahead(ends[1])} at "
            f"t = {curve.values[-1].x:g}"
        )
    return f"Against no diffusion at all, in points, paired: {'; '.join(said)}."


EXPERIMENT = Experiment(
    "fig8", "Few-shot tasks against the strength of diffusion (Fig. 8)", {"strength": fig8}
)
