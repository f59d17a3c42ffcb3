"""Sizes of a run of Fig. 4."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Fig4Plan:
    """Sizes of a run.

    Parameters
    ----------
    epochs : training steps; what is compared is after 20, as in the paper.
    others : initial weights besides those of the paper's seed.
    repeats : of each timed training
    timed : sets whose training is timed
    pytorch_loop : sets on which PyTorch's own loop, which may take minutes, is timed too.
    """

    epochs: int
    others: int
    repeats: int
    timed: tuple[str, ...]
    pytorch_loop: tuple[str, ...]
