"""Batch of few-shot tasks (episodes) as tensors, and the protocol of methods."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from jaxtyping import Float, Int
from torch import Tensor


@dataclass(frozen=True)
class TaskBatch:
    """Tasks side by side: everything that a method may see.

    Attributes
    ----------
    support : (t, s, d)
        Labelled rows, s = ways x shots.
    labels : (t, s)
        Their classes within the task, 0 to ways - 1.
    query : (t, q, d)
        Rows to be labelled.
    ways : int
        Classes of a task.
    seeds : (t,)
        A seed for every task, so that random numbers of a task do not depend on its batch.
    """

    support: Float[Tensor, "t s d"]
    labels: Int[Tensor, "t s"]
    query: Float[Tensor, "t q d"]
    ways: int
    seeds: Int[Tensor, " t"]

    def __len__(self) -> int:
        return len(self.support)


@runtime_checkable
class Method(Protocol):
    """Few-shot classifier: a frozen dataclass of its settings that scores the queries."""

    def __call__(self, batch: TaskBatch) -> Float[Tensor, "t q c"]:
        """Return class scores of every query; the largest is predicted."""
