"""Folds of a line after which each class is one interval: separation in one dimension."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from diffresnet.errors import InputError

from .class_intervals import ClassIntervals, class_intervals

# Places across an interval at which its crease is tried.
CREASES = 33


@dataclass(frozen=True)
class Fold:
    """p <- crease - scale (p - crease) on one side of the crease; the other side stays.

    It is the residual step p <- p - (1 + scale) side ReLU(side (p - crease)), and no flow if it
    turns that side over: a flow keeps the order of points on a line.

    Parameters
    ----------
    scale : greater than 0 to turn over, between -1 and 0 to squeeze only.
    side : 1 or -1
        Whether it is the points to the right or those to the left that move.
    """

    crease: float
    scale: float
    side: int

    def __call__(self, p: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
        beyond = np.maximum(self.side * (p - self.crease), 0.0)
        return p - (1.0 + self.scale) * self.side * beyond


def fold_line(positions: Float[np.ndarray, " n"], classes: Int[np.ndarray, " n"]) -> list[Fold]:
    """Return folds that leave one interval a class: at most 2 (K - C), K - 2 for two classes.

    While some class has two intervals, one of two moves merges two of its intervals and leaves
    every other interval as it is, so that there is one interval less:

    - Turn, one fold: if the class of an outermost interval occurs again, nearest at R_i, all
      between R_i and that end is turned over into the gap behind R_i, so that the outermost
      interval comes to lie beside R_i or on it.
    - Carry, one fold or a squeeze and a fold: the outermost interval whose class occurs again, R_i,
      and what lies beyond it, are squeezed and laid into the gap before an R_j of its class.

    With two classes only turns are needed. With more, carrying is chosen where turning would leave
    less than half of the narrowest gap that there was at first.

    Raises
    ------
    InputError
        If two classes share a position, or gaps have become too narrow for float64.

    Examples
    --------
    >>> p, classes = np.array([0.0, 1.0, 2.0, 3.0]), np.array([0, 1, 0, 1])
    >>> folds = fold_line(p, classes)
    >>> for fold in folds:
    ...     p = fold(p)
    >>> len(folds), len(class_intervals(p, classes))
    (2, 2)
    """
    intervals, folds = class_intervals(positions, classes), []
    two = len(np.unique(intervals.classes)) == 2
    enough = -np.inf if two else 0.5 * intervals.gap
    while not intervals.one_per_class:
        merge = next_merge(intervals, enough)
        folds += merge
        for fold in merge:
            positions = fold(positions)
        before = len(intervals)
        try:
            intervals = class_intervals(positions, classes)
        except InputError:
            before = 0
        if len(intervals) >= before:
            raise InputError(
                f"fold {len(folds)} leaves gaps too narrow for float64; give the points a second "
                f"coordinate, such as 0: then they need no folds, and gaps do not shrink"
            )
    return folds


def next_merge(intervals: ClassIntervals, enough: float) -> list[Fold]:
    """Return the one or two folds that merge two intervals next and leave the widest gaps.

    Parameters
    ----------
    enough : float
        How narrow a gap one fold may leave before two are considered.
    """
    sides = ((1, intervals), (-1, intervals.mirrored()))
    turns = []
    for side, seen in sides:
        again = np.flatnonzero(seen.classes[:-1] == seen.classes[-1])
        if len(again):
            turns.append((*_turn(seen, int(again[-1]) + 1), side))
    left, crease, scale, side = max(turns, default=(-np.inf, 0.0, 0.0, 1))
    if turns and left >= enough:
        return [Fold(side * crease, scale, side)]
    (carried, moves), carrier = max(((_carry(seen), side) for side, seen in sides))
    if turns and left >= carried:
        return [Fold(side * crease, scale, side)]
    return [Fold(carrier * crease, scale, carrier) for crease, scale in moves]


def _carry(intervals: ClassIntervals) -> tuple[float, list[tuple[float, float]]]:
    """Lay the outermost interval whose class recurs, and all beyond it, before one of its class.

    Their images end where that interval R_j begins, and are scaled so that the gaps between them
    are as wide as the one to R_{j - 1}; an interval with nothing beyond it ends where R_j ends, and
    takes at most a quarter of the gap. Returns the narrowest gap that this makes, and creases and
    scales.
    """
    a, b, classes = intervals.first, intervals.last, intervals.classes
    i = max(j for j in range(1, len(intervals)) if classes[j] in classes[:j])
    length, between = float(b[-1] - a[i]), intervals.gaps[i:]
    ways = []
    for j in np.flatnonzero(classes[:i] == classes[i]):
        room = float(a[j] - (b[j - 1] if j else a[0] - (b[-1] - a[0])))
        if len(between):
            scale = room / (length + float(between.min()))
            ways.append((scale * float(between.min()), float(a[j]), scale))
        else:
            width = float(b[j] - a[j])
            scale = min(1.0, (width + 0.25 * room) / length) if length else 1.0
            ways.append((room - max(0.0, scale * length - width), float(b[j]), scale))
    left, onto, scale = max(ways)
    crease = (onto + scale * float(a[i])) / (1.0 + scale)
    if crease > b[i - 1]:  # the gap before R_i holds the crease that does it in one
        return left, [(crease, scale)]
    crease = 0.5 * float(b[i - 1] + a[i])
    turn = (crease - onto) / float(a[i] - crease)
    return left, [(float(a[i]), -scale / turn), (crease, turn)]


def _turn(intervals: ClassIntervals, start: int) -> tuple[float, float, float]:
    """Turn all from interval `start` on over, so that the last lies beside start - 1, its class.

    With images crease - scale (p - crease), s = start and K the number of intervals, the gaps that
    change are, and each is at least the smallest of them:

    - from the image of interval s + 1 to interval s;
    - between images of neighbouring intervals;
    - from interval s - 1 to the image of interval K - 2;
    - from interval s - 2 to the image of interval K - 1, the last.

    For one crease inside interval s all are linear in the scale, two growing and two falling, so
    that the best scale is where two of them cross. With the crease at the near end of interval s
    and a small scale all are positive: there is always a fold. Returns the smallest gap, crease and
    scale.
    """
    a, b = intervals.first, intervals.last
    behind = b[start - 2] if start > 1 else a[0] - (b[-1] - a[0])
    c = np.linspace(a[start], b[start], CREASES)[:, None]
    # Each gap is its value at scale 0 and a slope; (CREASES, 2) grow, and as many fall.
    grow0 = np.concatenate([a[start] - c, np.zeros_like(c)], axis=1)
    grow1 = np.concatenate(
        [a[start + 1] - c, np.full_like(c, intervals.gaps[start:].min())], axis=1
    )
    fall0 = np.concatenate([c - b[start - 1], c - behind], axis=1)
    fall1 = np.concatenate([b[-2] - c, b[-1] - c], axis=1)
    scale = (fall0[:, None] - grow0[:, :, None]) / (grow1[:, :, None] + fall1[:, None])
    scale = scale.reshape(len(c), 4)
    left = np.minimum(
        (grow0[:, None] + scale[:, :, None] * grow1[:, None]).min(axis=2),
        (fall0[:, None] - scale[:, :, None] * fall1[:, None]).min(axis=2),
    )
    row, column = np.unravel_index(left.argmax(), left.shape)
    return float(left[row, column]), float(c[row, 0]), float(scale[row, column])
