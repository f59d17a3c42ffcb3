"""Comparison of several few-shot methods on the same tasks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

import torch

from .config import FewShotConfig
from .evaluation import Outcome, evaluate
from .features import Features
from .method_spec import ConfiguredMethod
from .registry import configure_method
from .tasks import Tasks

Progress = Callable[[str, int], AbstractContextManager[Callable[[int], Any]]]
"""Title and number of tasks -> a context that yields `advance(tasks)`."""


@dataclass(frozen=True)
class MethodRun:
    """A method by its name, as it was configured, and its outcome."""

    name: str
    configured: ConfiguredMethod
    outcome: Outcome

    @property
    def title(self) -> str:
        return self.configured.title


def run_methods(
    names: Sequence[str],
    features: Features,
    tasks: Tasks,
    config: FewShotConfig,
    *,
    device: torch.device | str = "cpu",
    jobs: int = 1,
    progress: Progress | None = None,
) -> list[MethodRun]:
    """Configure methods of the registry and evaluate each on the same tasks.

    Parameters
    ----------
    names : names of METHODS
    jobs : int
        Processes, as `evaluate` takes them.
    progress : opened for every method

    Raises
    ------
    InputError
        If a method does not exist or cannot have these settings: before any of them is run.
    """
    methods = {name: configure_method(name, config) for name in names}
    runs = []
    for name, configured in methods.items():
        bar = nullcontext() if progress is None else progress(configured.title, len(tasks))
        with bar as advance:
            outcome = evaluate(
                configured.method,
                features,
                tasks,
                configured.transform,
                device=device,
                jobs=jobs,
                advance=advance,
            )
        runs.append(MethodRun(name, configured, outcome))
    return runs
