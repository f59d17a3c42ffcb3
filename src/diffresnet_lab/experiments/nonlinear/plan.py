"""Sizes of a run of nonlinear diffusion."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Corruption = Literal["clean", "outliers", "bridges"]


@dataclass(frozen=True)
class NonlinearPlan:
    """Sizes of a run.

    Parameters
    ----------
    labels : numbers of labels a class (in XOR: a disc).
    tuning, draws : draws of the points to choose on, and other draws to measure on.
    label_draws : draws of the labelled rows for each of them.
    per_class : points of each class of the synthetic sets.
    shown_times : times by which the moons of the picture are moved.
    times : diffusion times that are tried on every set; those of `flows.TIMES` if empty.
    """

    sets: tuple[str, ...]
    corruptions: tuple[Corruption, ...]
    labels: tuple[int, ...]
    tuning: int
    draws: int
    label_draws: int
    per_class: int
    shown_times: tuple[float, ...]
    times: tuple[float, ...] = ()
