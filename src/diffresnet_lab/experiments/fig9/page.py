"""The page of Fig. 9: a sweep of the step size, and the share of tasks past the bound."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from ...fewshot import FewShotConfig, gather
from ...fewshot.network import NetworkConfig
from ...fewshot.objective import unstable_tasks
from ..base import Experiment, PartResult, RunConfig
from ..fewshot.runs import SHARD
from ..fewshot.sweep import Options, Sweep, SweepPlan, SweptSetting, run_sweeps
from ..fewshot.sweep_page import sweep_result


def cut_strength(default: FewShotConfig, values: Sequence[int]) -> Iterator[Options]:
    """Yield the default strength t = gamma r, cut into each number of steps."""
    strength = default.gamma * default.diffusion_steps
    for steps in {*values, default.diffusion_steps} - {0}:
        yield {"gamma": strength / steps, "steps": steps}


STEP_SIZE = SweptSetting(
    "gamma", "γ", read=lambda config: config.gamma, options=cut_strength, logarithmic=True
)


def step_part(config: RunConfig, plan: SweepPlan) -> PartResult:
    """Run every step size on the same tasks, and count the tasks on which it is unstable."""
    sweeps = [
        replace(sweep, past_bound=past_bound(sweep, config.seed))
        for sweep in run_sweeps(config, plan, STEP_SIZE)
    ]
    return sweep_result(
        config, plan, STEP_SIZE, sweeps, "fig9", {"safe": [safe_step(each) for each in sweeps]}
    )


def past_bound(sweep: Sweep, seed: int) -> tuple[float, ...]:
    """Return the percent of tasks past the stability bound at every step size."""
    task_config = sweep.task_config
    tasks = task_config.sample(len(sweep.outcomes[0].accuracy), seed)
    x = task_config.feature_set.features.tensor()
    transform = task_config.diff_resnet().transform
    batches = [
        transform(gather(x, tasks[first : first + SHARD])) for first in range(0, len(tasks), SHARD)
    ]
    shares = []
    for gamma in sweep.values:
        unstable = [unstable_tasks(batch, NetworkConfig(gamma=gamma)).numpy() for batch in batches]
        shares.append(100.0 * float(np.concatenate(unstable).mean()))
    return tuple(shares)


def safe_step(sweep: Sweep) -> float | None:
    """Return the longest step that is past the bound on no task."""
    assert sweep.past_bound is not None
    shares = zip(sweep.values, sweep.past_bound, strict=True)
    return max((value for value, share in shares if share == 0), default=None)


EXPERIMENT = Experiment(Path(__file__).parent, {"step": step_part}, SweepPlan)
