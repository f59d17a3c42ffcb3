"""How much is run."""

from __future__ import annotations

from dataclasses import dataclass

from .sets import SETS


@dataclass(frozen=True, kw_only=True)
class FewLabelsPlan:
    """How much is run.

    Attributes
    ----------
    draws : of the labels; the first has the seed 0.
    labels : labels a class, at most half of the class.
    rows : a larger set is cut to so many.
    sets : by their names in `SETS`.
    """

    draws: int
    labels: tuple[int, ...]
    rows: int
    sets: tuple[str, ...] = tuple(SETS)
