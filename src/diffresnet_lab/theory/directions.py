"""Search for a direction on which no two subsets overlap (Theorem 2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float, Int

from diffresnet.errors import InputError

from .hard_margin import hard_margin_direction
from .subsets import SortedSubsets, sorted_subsets
from .sufficient_ratio import _failure_probability

# Directions whose projections are held at once.
CHUNK = 256
# Starts of the refinement, its rounds from each, and directions a round.
STARTS, ROUNDS, BATCH = 4, 30, 32
# A gap below this share of the extent is rounding: equal points need not project equally.
ROUNDING = 1e-12


@dataclass(frozen=True)
class SeparatingDirection:
    """Best direction of a search.

    Attributes
    ----------
    direction : (d,)
        Of length 1.
    gap : float
        Smallest gap between neighbouring intervals that the subsets project to; negative where
        two overlap, infinite for a single subset.
    extent : float
        Length of the projection of all points.
    certificate : float
        The bound p on the probability that a random direction fails; see `failure_probability`.
    samples : int
        Independent random directions among those tried.
    tried : int
        Directions tried in all.
    """

    direction: Float[np.ndarray, " d"]
    gap: float
    extent: float
    certificate: float
    samples: int
    tried: int

    @property
    def separated(self) -> bool:
        """Return whether no two subsets overlap or touch, beyond rounding."""
        return self.gap > ROUNDING * self.extent

    @property
    def margin(self) -> float:
        """Return the gap relative to the extent: at most 1 / (N - 1)."""
        if self.extent > 0.0:
            return self.gap / self.extent
        return self.gap if np.isinf(self.gap) else 0.0

    @property
    def failure_probability(self) -> float:
        """Return the bound, before the search, on the probability that all draws fail."""
        return min(1.0, self.certificate) ** self.samples


def separating_direction(
    points: Float[np.ndarray, "n d"],
    subsets: Int[np.ndarray, " m"],
    samples: int = 2048,
    seed: int = 0,
    on_failure: Literal["return", "raise"] = "return",
) -> SeparatingDirection:
    """Search for the direction with the widest gap between projected subsets.

    `samples` directions are drawn uniformly; to these come the directions that space the means of
    the subsets most evenly in the same orders, and differences and principal axes of the means. The
    best are moved by shrinking random steps, and in the order of subsets that this ends in, the gap
    is made as wide as that order allows (`hard_margin_direction`), which is exact. Nothing bounds
    from above how wide another order would be.

    All subsets become disjoint, those of one class too: more than Theorem 1 needs, where
    subsets of one class may overlap, and what Theorem 2 asks.

    Parameters
    ----------
    points : (n, d)
    subsets : (n,)
        A number for each point; those of one subset have the same.
    samples : int
        Where the certificate p is below 1, they all fail with probability at most p^samples.
    seed : int
        The same seed gives the same direction.
    on_failure : {"return", "raise"}
        What to do where no direction was found. There may be one all the same, unless two
        subsets share a point.

    Raises
    ------
    InputError
        If values are not finite, sizes do not fit, or, with "raise", no direction was found.

    Examples
    --------
    >>> square = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    >>> best = separating_direction(square, np.arange(4))
    >>> best.separated, round(best.gap, 6), round(best.margin, 6)  # 1 / sqrt(5), 1 / 3
    (True, 0.447214, 0.333333)
    """
    if samples < 1:
        raise InputError(f"samples must be at least 1, not {samples}")
    if on_failure not in ("return", "raise"):
        raise InputError(f'on_failure must be "return" or "raise", not {on_failure!r}')
    data = sorted_subsets(points, subsets)
    rng = np.random.default_rng(seed)
    pool = _candidates(data, _unit(rng.standard_normal((samples, data.points.shape[1]))))
    scores = _best_scores(data, pool)
    tried = len(pool)
    most = np.argsort(-scores, kind="stable")[:STARTS]
    pool, scores = pool[most], scores[most]
    if len(data) > 1:
        moved = np.stack([hard_margin_direction(data, u) for u in _shaken(data, pool, rng)])
        tried += len(pool) * (ROUNDS * BATCH + 1)
        pool, scores = np.concatenate([pool, moved]), np.append(scores, _scores(data, moved))
    best = pool[scores.argmax()]
    gap = float(_gaps(data, best[None])[0])
    result = SeparatingDirection(
        best, gap, float(np.ptp(data.points @ best)), _failure_probability(data), samples, tried
    )
    if on_failure == "raise" and not result.separated:
        raise InputError(
            f"no direction separates the {len(data)} subsets: the best of {tried} has a gap of "
            f"{gap:.3g}; diffuse longer, or remove the edges between subsets"
        )
    return result


def projection_gaps(
    points: Float[np.ndarray, "n d"],
    subsets: Int[np.ndarray, " m"],
    directions: Float[np.ndarray, "s d"],
) -> Float[np.ndarray, " s"]:
    """Return the smallest gap between neighbouring projected subsets, on each direction.

    Each subset projects to the interval [lo, hi] between its extreme points. With intervals in
    the order of their middles, this is the minimum of lo_{k+1} - hi_k: positive exactly if no two
    of them meet. Infinite for a single subset.
    """
    return _gaps(sorted_subsets(points, subsets), directions)


def _gaps(data: SortedSubsets, directions: Float[np.ndarray, "s d"]) -> Float[np.ndarray, " s"]:
    out = np.full(len(directions), np.inf)
    if len(data) == 1:
        return out
    for start in range(0, len(directions), CHUNK):
        projected = data.points @ directions[start : start + CHUNK].T
        low = np.minimum.reduceat(projected, data.starts, axis=0)
        high = np.maximum.reduceat(projected, data.starts, axis=0)
        order = np.argsort(low + high, axis=0)
        low, high = (np.take_along_axis(ends, order, axis=0) for ends in (low, high))
        out[start : start + CHUNK] = (low[1:] - high[:-1]).min(axis=0)
    return out


def _scores(data: SortedSubsets, directions: Float[np.ndarray, "s d"]) -> Float[np.ndarray, " s"]:
    """Return the objective of the search: the gap, and the margin where subsets overlap.

    An overlap counts relative to the extent: in absolute terms it is least along a direction in
    which points hardly vary.
    """
    gaps = _gaps(data, directions)
    overlap = np.flatnonzero(gaps < 0.0)
    for start in range(0, len(overlap), CHUNK):
        rows = overlap[start : start + CHUNK]
        gaps[rows] /= np.ptp(data.points @ directions[rows].T, axis=0)
    return gaps


def _best_scores(
    data: SortedSubsets, directions: Float[np.ndarray, "s d"]
) -> Float[np.ndarray, " s"]:
    """Return the scores that may be among the `STARTS` largest, elsewhere minus infinity.

    No gap is wider than that between the means, which costs N and not n inner products.
    """
    means = sorted_subsets(data.means, np.arange(len(data)))
    bound = _gaps(means, directions)
    scores = np.full(len(directions), -np.inf)
    order = np.argsort(-bound, kind="stable")
    for start in range(0, len(order), CHUNK):
        rows = order[start : start + CHUNK]
        if len(scores) > STARTS and bound[rows[0]] <= np.sort(scores)[-STARTS]:
            break
        scores[rows] = _scores(data, directions[rows])
    return scores


def _candidates(
    data: SortedSubsets, drawn: Float[np.ndarray, "s d"]
) -> Float[np.ndarray, "candidates d"]:
    means = data.means
    n = len(means)
    # u = pinv(M) r has projections M u nearest to the ranks r: evenly spaced if N - 1 <= d.
    ranks = np.argsort(np.argsort(means @ drawn.T, axis=0), axis=0) - (n - 1) / 2
    even = (np.linalg.pinv(means - means.mean(axis=0)) @ ranks).T
    first, second = np.triu_indices(n, 1)
    some = slice(None, len(drawn))
    axes = np.linalg.svd(means - means.mean(axis=0), full_matrices=False)[2]
    return np.concatenate(
        [drawn, *(_unit(v) for v in (even, means[first[some]] - means[second[some]], axes))]
    )


def _shaken(
    data: SortedSubsets, directions: Float[np.ndarray, "k d"], rng: np.random.Generator
) -> Float[np.ndarray, "k d"]:
    """Take random steps that raise the score of each direction; they shrink where none does."""
    k, d = directions.shape
    scores, steps, every = _scores(data, directions), np.full(k, 0.5), np.arange(k)
    for _ in range(ROUNDS):
        moves = _unit(rng.standard_normal((k * BATCH, d))).reshape(k, BATCH, d)
        trials = directions[:, None] + steps[:, None, None] * moves
        trials /= np.linalg.norm(trials, axis=2, keepdims=True)
        reached = _scores(data, trials.reshape(-1, d)).reshape(k, BATCH)
        best = reached.argmax(axis=1)
        better = reached[every, best] > scores
        directions = np.where(better[:, None], trials[every, best], directions)
        scores = np.where(better, reached[every, best], scores)
        steps = np.where(better, steps, 0.7 * steps)
    return directions


def _unit(vectors: Float[np.ndarray, "s d"]) -> Float[np.ndarray, "kept d"]:
    """Return vectors at length 1, without those of length zero."""
    length = np.linalg.norm(vectors, axis=1)
    return vectors[length > 0.0] / length[length > 0.0, None]
