"""Sizes of a run of the stiffness experiment."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class StiffnessPlan:
    """Sizes of a run.

    Parameters
    ----------
    synthetic : names of synthetic sets, see `graphs.SYNTHETIC`; XOR is among them.
    tasks : few-shot tasks of each kind
    times : diffusion times at which methods are compared.
    turns : of the measurement of seconds
    cora : whether methods are compared on Cora too, besides digits.
    """

    synthetic: tuple[str, ...]
    tasks: int
    times: tuple[float, ...]
    turns: int
    cora: bool
