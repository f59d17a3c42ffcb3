"""What Table III runs, declared before a single task is drawn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ..fewshot.sources import SOURCES, Classes, Source

METHODS = (
    "nearest_prototype",
    "logistic",
    "laplacian_shot",
    "tim",
    "alpha_tim",
    "pt_map",
    "convection",
    "external",
    "internal",
    "best",
    "best_balanced",
)
"""In the order of the table; names that there are not are left out, and told."""

OURS = ("internal", "best", "best_balanced")
"""What the others are compared to, task by task."""

EQUAL = {"best_balanced": "best"}
"""Names of methods that are told here that all classes have equally many queries."""

UNIT_ALONE = ("tim", "alpha_tim")
"""Methods that take rows of length 1 and no other trick: better so on validation classes, but for
alpha-TIM with 5 shots and equal queries."""

BALANCED_PRIOR = ("pt_map", *EQUAL)
"""Methods that take it as given that all classes have equally many queries."""

ALPHA = 2.0
"""Concentration of the Dirichlet distribution of unequal queries."""


@dataclass(frozen=True)
class Plan:
    """How much is run.

    Parameters
    ----------
    tasks : int
        Of methods that have no number of their own; all lists of tasks begin alike.
    own : method -> tasks
        What two cores afford of methods that take long.
    alphas : concentrations; None is equally many queries a class.
    jobs : int
        Threads.
    """

    tasks: int = 10_000
    own: Mapping[str, int] = field(default_factory=dict)
    shots: tuple[int, ...] = (1, 5)
    alphas: tuple[float | None, ...] = (None, ALPHA)
    methods: tuple[str, ...] = METHODS
    sources: tuple[Source, ...] = SOURCES
    classes: Classes = "novel"
    jobs: int = 2

    def of(self, method: str) -> int:
        """How many tasks a method gets.

        Examples
        --------
        >>> TWO_CORES.of("laplacian_shot"), TWO_CORES.of("internal")
        (10000, 512)
        """
        return self.own.get(method, self.tasks)


PAPER = Plan()
"""10,000 tasks for all: for a graphics processor, or for a night."""

TWO_CORES = Plan(
    own={
        "pt_map": 1024,
        "convection": 512,
        "external": 512,
        "internal": 512,
        "tim": 512,
        "alpha_tim": 512,
    }
)
"""10,000 tasks where a task takes some milliseconds, as many as some hours allow of the others."""

QUICK = Plan(tasks=8, classes="val", sources=SOURCES[:1], jobs=1)
