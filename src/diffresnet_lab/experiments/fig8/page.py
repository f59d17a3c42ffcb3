"""The page of Fig. 8: a sweep of the number of diffusion steps, and what they gain over none."""

from __future__ import annotations

from pathlib import Path

from ..base import Experiment, PartResult, RunConfig
from ..fewshot.runs import accuracy_difference
from ..fewshot.sweep import SweepPlan, SweptSetting, run_sweeps
from ..fewshot.sweep_page import sweep_result

STRENGTH = SweptSetting(
    "strength",
    "t",
    read=lambda config: config.gamma * config.diffusion_steps,
    options=lambda default, values: [{"steps": r} for r in {*values, default.diffusion_steps}],
)


def strength_part(config: RunConfig, plan: SweepPlan) -> PartResult:
    """Run every strength on the same tasks."""
    sweeps = run_sweeps(config, plan, STRENGTH)
    gains = [
        {
            "title": sweep.task_config.full_title,
            "best": accuracy_difference(sweep.outcomes[sweep.best], sweep.outcomes[0]),
            "last": accuracy_difference(sweep.outcomes[-1], sweep.outcomes[0]),
            "end": sweep.values[-1],
        }
        for sweep in sweeps
    ]
    return sweep_result(config, plan, STRENGTH, sweeps, "fig8", {"gains": gains})


EXPERIMENT = Experiment(Path(__file__).parent, {"strength": strength_part}, SweepPlan)
