"""Evaluation of a method on a list of tasks: accuracy with its confidence interval.

Accuracy is the share of queries whose predicted class is the true one. Classes are never matched to
labels after the fact (by the Hungarian algorithm, say): the support set names every class, and a
matching that looks at the true labels of the queries would count a mix-up of two classes as right.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import joblib
import numpy as np
import torch
from jaxtyping import Float, Int

from diffresnet.errors import InputError

from ..statistics import Estimate, sample_mean
from ..sweep import sweep
from .batch import Method, TaskBatch
from .feature_transforms import Chain, Transform
from .features import Features, gather
from .tasks import Tasks

CPU_BATCH, GPU_BATCH = 16, 512
"""Tasks at once: on a CPU their rows stay in the cache."""


@dataclass(frozen=True)
class Outcome:
    """Predictions and accuracy of a method on a list of tasks.

    Attributes
    ----------
    predicted : (t, q)
        Ways, 0 to ways - 1.
    accuracy : (t,)
        Accuracy of each task, in percent.
    seconds : float
        Wall-clock time of all tasks, from the rows of the features to the predictions.
    diverged : int
        Tasks with scores that are NaN, where training diverged: the first class is predicted.
    """

    predicted: Int[np.ndarray, "t q"]
    accuracy: Float[np.ndarray, " t"]
    seconds: float
    diverged: int = 0

    @property
    def summary(self) -> Estimate:
        """Mean accuracy over tasks."""
        return sample_mean(self.accuracy)

    @property
    def seconds_per_task(self) -> float:
        return self.seconds / len(self.accuracy)

    def minus(self, other: Outcome) -> Estimate:
        """Return the mean paired difference of accuracies on the same tasks."""
        if self.predicted.shape != other.predicted.shape:
            raise InputError("a paired difference needs two outcomes on the same tasks")
        return sample_mean(self.accuracy - other.accuracy)


def evaluate(
    method: Method,
    features: Features,
    tasks: Tasks,
    transform: Transform | None = None,
    *,
    batch: int | None = None,
    device: torch.device | str = "cpu",
    jobs: int = 1,
    advance: Callable[[int], Any] | None = None,
) -> Outcome:
    """Run a method on every task.

    Parameters
    ----------
    transform : TaskBatch -> TaskBatch, optional
        Applied to the features of the tasks first.
    batch : int, optional
        Tasks at once; by default 16 on a CPU and 512 elsewhere. The answer does not depend on it.
    jobs : int
        Processes, each with whole batches, as `sweep` takes them.
    advance : called with the number of tasks done.

    Raises
    ------
    InputError
        If a task names a row that the features do not have.
    """
    if max(tasks.support.max(), tasks.query.max()) >= len(features):
        raise InputError(
            f"the tasks name rows past the {len(features)} of the features; they belong to others"
        )
    size = batch or (CPU_BATCH if torch.device(device).type == "cpu" else GPU_BATCH)
    x = features.tensor(device)
    parts = [tasks[first : first + size] for first in range(0, len(tasks), size)]
    predicted: list[Int[np.ndarray, "b q"]] = []
    diverged = 0
    start = time.perf_counter()
    # Rows are gathered here: a process gets those of its tasks, not all features.
    calls = (
        joblib.delayed(_predict)(method, transform or Chain(), gather(x, part)) for part in parts
    )
    for part_predicted, part_diverged in sweep(calls, min(jobs, len(parts))):
        predicted.append(part_predicted)
        diverged += part_diverged
        if advance is not None:
            advance(len(part_predicted))
    seconds = time.perf_counter() - start
    ways = np.concatenate(predicted)
    return Outcome(ways, 100.0 * (ways == tasks.query_labels).mean(axis=1), seconds, diverged)


def _predict(
    method: Method, transform: Transform, batch: TaskBatch
) -> tuple[Int[np.ndarray, "b q"], int]:
    scores = method(transform(batch))
    diverged = int(scores.isnan().flatten(1).any(1).sum())
    return scores.argmax(-1).cpu().numpy(), diverged
