"""Training of one network on each task, by the fastest exact way that the device has."""

from __future__ import annotations

from dataclasses import fields, replace

import torch
from jaxtyping import Float, Int
from torch import Tensor

from .batch import TaskBatch
from .exact import exact_scores
from .kernel import compiled, kernel_scores
from .network import NetworkConfig, TrainingConfig, initial_weights
from .objective import TaskObjective

CPU_TASKS, GPU_TASKS = 16, 512
"""Networks trained side by side: on a CPU more would only take memory."""


@torch.no_grad()
def train_and_score(
    batch: TaskBatch, network: NetworkConfig, training: TrainingConfig
) -> Float[Tensor, "t q c"]:
    """Train one network on each task, from weights drawn by its seed, and score the queries.

    Where training diverged (rows far longer than 1 can do that at the published rate) the scores
    of the task are NaN, as the plain loop leaves them; see `diverged_tasks`. Then argmax gives the
    first class to all of its queries: a failure is counted as one, not mended.

    Returns
    -------
    Scores in the precision of the features, float32 for half precision.
    """
    size = CPU_TASKS if batch.support.device.type == "cpu" else GPU_TASKS
    shots = batch.support.shape[1]
    scores = []
    for first in range(0, len(batch), size):
        objective = TaskObjective.from_batch(_part(batch, slice(first, first + size)), network)
        points = objective.points
        seeds = batch.seeds[first : first + size]
        weights = initial_weights(seeds, points.shape[-1], batch.ways, points)
        use_kernel = points.device.type == "cpu" and compiled()
        train = kernel_scores if use_kernel else exact_scores
        scores.append(train(objective, training, weights)[:, shots:])
    return torch.cat(scores)


def diverged_tasks(scores: Float[Tensor, "t q c"]) -> Int[Tensor, " n"]:
    """Return the tasks whose scores are not all finite."""
    return torch.nonzero(~torch.isfinite(scores).all(-1).all(-1))[:, 0]


def _part(batch: TaskBatch, which: slice) -> TaskBatch:
    """Return some of the tasks, in single precision at least."""
    dtype = torch.float64 if batch.support.dtype == torch.float64 else torch.float32
    rows = {
        field.name: getattr(batch, field.name)[which]
        for field in fields(batch)
        if field.name != "ways"
    }
    part = replace(batch, **rows)
    return replace(part, support=part.support.to(dtype), query=part.query.to(dtype))
