"""Many few-shot tasks as one batch of tensors, and what a method makes of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from jaxtyping import Float, Int
from torch import Tensor


@dataclass(frozen=True)
class TaskBatch:
    """Tasks side by side; what a method may see.

    Attributes
    ----------
    support : (t, s, d)
        Labelled rows, s = ways x shots.
    labels : (t, s)
        Their classes within the task, 0 to ways - 1.
    query : (t, q, d)
        Rows to be labelled.
    ways : int
    seeds : (t,)
        A seed for every task, so that what is drawn for a task does not depend on its batch.
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
    """A few-shot classifier: a frozen dataclass of its settings that scores the queries."""

    def __call__(self, batch: TaskBatch) -> Float[Tensor, "t q c"]:
        """Class scores of every query; the largest is predicted."""
