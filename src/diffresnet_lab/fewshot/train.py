"""Class scores of the queries from networks trained on each task, as fast as the device allows."""

from __future__ import annotations

from dataclasses import fields, replace

import torch
from jaxtyping import Float, Int
from torch import Tensor

from .batch import TaskBatch
from .exact import exact_scores
from .kernel import compiled, kernel_scores
from .network import Network, Training, initial_weights
from .problem import Problem

CPU_TASKS, GPU_TASKS = 16, 512
"""Networks trained side by side. On a CPU more would only take memory; a GPU wants many."""


@torch.no_grad()
def trained_scores(
    batch: TaskBatch, network: Network, training: Training
) -> Float[Tensor, "t q c"]:
    """Train one network on each task, from weights drawn by the task's seed.

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
        problem = Problem.of(_part(batch, slice(first, first + size)), network)
        seeds = batch.seeds[first : first + size]
        weights = initial_weights(seeds, problem.points.shape[-1], batch.ways, problem.points)
        fast = problem.points.device.type == "cpu" and compiled()
        train = kernel_scores if fast else exact_scores
        scores.append(train(problem, training, weights)[:, shots:])
    return torch.cat(scores)


def diverged_tasks(scores: Float[Tensor, "t q c"]) -> Int[Tensor, " n"]:
    """The tasks whose scores are not all finite."""
    return torch.nonzero(~torch.isfinite(scores).all(-1).all(-1))[:, 0]


def _part(batch: TaskBatch, which: slice) -> TaskBatch:
    whole = torch.float64 if batch.support.dtype == torch.float64 else torch.float32
    rows = {
        field.name: getattr(batch, field.name)[which]
        for field in fields(batch)
        if field.name != "ways"
    }
    part = replace(batch, **rows)
    return replace(part, support=part.support.to(whole), query=part.query.to(whole))
