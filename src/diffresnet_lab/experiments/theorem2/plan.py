"""Sizes of a run of Theorem 2."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Theorem2Plan:
    """Sizes of a run.

    Parameters
    ----------
    dimensions, counts : dimensions d, and numbers N of balls whose threshold is measured.
    arrangements : random arrangements of the balls
    changes : steps of the search for the worst arrangement
    chain_dimensions : of the synthetic sets of the chain.
    chain_times, digits_times : times looked at while time doubles.
    """

    dimensions: tuple[int, ...]
    counts: tuple[int, ...]
    arrangements: int
    changes: int
    chain_dimensions: tuple[int, ...]
    chain_times: float
    digits_times: float
