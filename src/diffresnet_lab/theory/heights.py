"""A piecewise linear function of the position that takes each run to the level of its class."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from .runs import Runs


@dataclass(frozen=True)
class Height:
    """h(p) = slope p + offset + sum_k turns_k ReLU(p - knots_k), and the levels that it reaches.

    Attributes
    ----------
    knots, turns : (m,)
        Where the slope changes, and by how much; each is one block of the network.
    order : (C,)
        The classes from the lowest level to the highest.
    spacing : float
        Between neighbouring levels; the middle level is 0.
    """

    slope: float
    offset: float
    knots: Float[np.ndarray, " m"]
    turns: Float[np.ndarray, " m"]
    order: Int[np.ndarray, " c"]
    spacing: float

    def __call__(self, p: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
        h = self.slope * p + self.offset
        for knot, turn in zip(self.knots, self.turns, strict=True):
            h = h + turn * np.maximum(p - knot, 0.0)
        return h

    @property
    def thresholds(self) -> Float[np.ndarray, " t"]:
        """Halfway between neighbouring levels."""
        return self.spacing * (np.arange(1, len(self.order)) - 0.5 * len(self.order))


def height(runs: Runs, spread: float) -> Height:
    """The function of Theorem 1, with at most K - 2 knots, and one more for each wide run.

    Levels are `spacing` = max(4 spread, gap) apart. h is at the level of its class at both ends of
    a run and linear across each gap, so that it is nowhere steeper than (C - 1) spacing / gap.
    Inside a run:

    - of the lowest or the highest class (those two with the most runs), both lines go on, beyond
      the level, until they meet: one knot, none in an outer run;
    - of another class, if the run is narrow (4 (C - 1) widths fit into either gap beside it): the
      lines meet at the level in its centre, one knot, and h stays within spacing / 8 of the level;
    - of another class and wide: h is constant, with a knot at either end that faces a gap.

    Hence at every point h is at least spacing / 2, spacing / 4 or spacing / 2 respectively
    3 spacing / 8 away from the thresholds halfway between levels, and always more than `spread`.

    Parameters
    ----------
    runs : Runs
        At least two, of at least two classes.
    spread : float
        What |h - threshold| must exceed.
    """
    order = _order(runs)
    rank = np.argsort(order)[runs.classes]
    spacing = max(4.0 * spread, runs.gap)
    level = spacing * (rank - 0.5 * (len(order) - 1))
    outermost, narrow = _kinds(runs, rank)
    centre = 0.5 * (runs.first + runs.last)
    arrive = np.where(narrow, centre, runs.first)  # where h is at the level, coming from the left
    leave = np.where(narrow, centre, runs.last)
    slopes = np.diff(level) / (arrive[1:] - leave[:-1])
    flat = ~outermost & ~narrow
    before, after = np.append(0.0, slopes), np.append(slopes, 0.0)
    # Where the lines through (arrive, level) and (leave, level) meet; a flat run has no such point.
    turn = after - before
    with np.errstate(divide="ignore", invalid="ignore"):
        meet = (after * leave - before * arrive) / turn
    inner = np.ones(len(runs), dtype=bool)
    inner[[0, -1]] = False
    once = inner & ~flat & (turn != 0.0)
    enter, exit_ = flat & (before != 0.0), flat & (after != 0.0)
    knots = np.concatenate([meet[once], arrive[enter], leave[exit_]])
    turns = np.concatenate([turn[once], -before[enter], after[exit_]])
    sort = np.argsort(knots, kind="stable")
    slope = 0.0 if flat[0] else float(slopes[0])
    return Height(
        slope, float(level[0] - slope * leave[0]), knots[sort], turns[sort], order, spacing
    )


def knots_at_most(runs: Runs) -> int:
    """K - 2, and one more for each run that is wide and of a class between the outermost levels."""
    outermost, narrow = _kinds(runs, np.argsort(_order(runs))[runs.classes])
    return len(runs) - 2 + int((~outermost & ~narrow).sum())


def _order(runs: Runs) -> Int[np.ndarray, " c"]:
    """Classes by level: the two with the most runs outermost, since theirs take one knot each."""
    by_count = np.argsort(-runs.counts, kind="stable")
    return np.concatenate([by_count[:1], np.sort(by_count[2:]), by_count[1:2]])


def _kinds(
    runs: Runs, rank: Int[np.ndarray, " k"]
) -> tuple[Bool[np.ndarray, " k"], Bool[np.ndarray, " k"]]:
    """Which runs are at an outermost level; and which of the others are narrow."""
    top = len(runs.counts) - 1
    outermost = (rank == 0) | (rank == top)
    beside = np.minimum(np.append(np.inf, runs.gaps), np.append(runs.gaps, np.inf))
    return outermost, ~outermost & (4.0 * top * runs.widths <= beside)
