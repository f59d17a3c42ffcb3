"""Fig. 7: accuracy of few-shot tasks against ntop, the neighbours that a row keeps."""

from __future__ import annotations

from collections.abc import Sequence

from ..fewshot import FewShotConfig
from .experiment import Experiment, Part, Setup
from .fewshot.curve_section import Words, curve_part
from .fewshot.curves import Plan, Value, curves

NTOP = (4, 5, 6, 8, 10, 12, 16, 24, 32, 48, 72)
QUICK = (4, 8, 24)

WORDS = Words(
    "fig7",
    "ntop",
    "ntop",
    "Accuracy against the number of neighbours (Fig. 7 of the paper)",
    (
        "Each row of a task keeps its weights w_ij = exp(−(d_ij/σ_i)²) to the rows that are nearer "
        "than its ntop-th nearest; the row itself is counted, so that ntop = 8 is itself and six "
        "others. With few neighbours the graph falls into pieces, and labels do not reach all "
        "queries of their class; with many, edges join classes, and diffusion mixes what it should "
        "keep apart. A task of 5 classes, 1 shot and 15 queries has 80 rows, 16 a class. Strength "
        "and step are kept, and so is σ_i, the distance to the fourth nearest.",
    ),
    logarithmic=True,
)


def fig7(setup: Setup, plan: Plan | None = None) -> Part:
    """Every ntop on the same tasks."""
    plan = plan or Plan.of(setup)

    def values(setting: FewShotConfig) -> Sequence[Value]:
        return [Value(ntop, {"ntop": ntop}) for ntop in (QUICK if setup.quick else NTOP)]

    return curve_part(setup, plan, WORDS, curves(setup, plan, values, lambda s: s.ntop))


EXPERIMENT = Experiment("fig7", "Few-shot tasks against ntop (Fig. 7)", {"ntop": fig7})
