"""The page of Fig. 7: a sweep of ntop."""

from __future__ import annotations

from pathlib import Path

from ..base import Experiment, PartResult, RunConfig
from ..fewshot.sweep import SweepPlan, SweptSetting, run_sweeps
from ..fewshot.sweep_page import sweep_result

NTOP = SweptSetting(
    "ntop",
    "ntop",
    read=lambda config: config.ntop,
    options=lambda default, values: [{"ntop": ntop} for ntop in {*values, default.ntop}],
    logarithmic=True,
)


def ntop_part(config: RunConfig, plan: SweepPlan) -> PartResult:
    """Run every ntop on the same tasks."""
    return sweep_result(config, plan, NTOP, run_sweeps(config, plan, NTOP), "fig7")


EXPERIMENT = Experiment(Path(__file__).parent, {"ntop": ntop_part}, SweepPlan)
