"""Sizes of a run of Theorem 1."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Theorem1Plan:
    """Sizes of a run.

    Parameters
    ----------
    steps : numbers of diffusion steps of XOR.
    dimensions, counts : of the random sets: dimensions, and numbers of class intervals.
    sets, lines : random sets, and random lines, for each setting.
    """

    steps: tuple[int, ...]
    dimensions: tuple[int, ...]
    counts: tuple[int, ...]
    sets: int
    lines: int
