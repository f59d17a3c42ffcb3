"""How much of Theorem 1 is run."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Theorem1Plan:
    """How much is run.

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
