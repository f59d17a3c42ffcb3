"""How much of a few-shot experiment is run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Classes = Literal["novel", "val"]
"""Classes that tasks are sampled from; settings are chosen on val, and only there."""


@dataclass(frozen=True)
class TaskPlan:
    """Which lists of tasks are run.

    Parameters
    ----------
    sources : names in sources.toml
    """

    shots: tuple[int, ...]
    sources: tuple[str, ...]
    classes: Classes


@dataclass(frozen=True)
class FewShotPlan(TaskPlan):
    """Which lists of tasks are run, and how much of them.

    Parameters
    ----------
    tasks : of each list.
    jobs : threads, each with whole batches of tasks.
    """

    tasks: int
    jobs: int
