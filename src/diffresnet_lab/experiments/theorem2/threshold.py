"""Theorem 2, measured: the L/D below which equal balls cannot be separated, and the bound."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy.spatial.distance import pdist

from ...theory import separating_direction, sufficient_ratio
from .blobs import in_unit_ball


@dataclass(frozen=True)
class Threshold:
    """L/D that N balls in R^d need, by measurement and by the bounds.

    Attributes
    ----------
    typical : float
        Median threshold of centres drawn uniformly from a ball.
    worst : float
        The largest threshold that a search over arrangements has found.
    simple, sharp, ball : float
        The sufficient ratios.
    """

    dim: int
    count: int
    typical: float
    worst: float
    simple: float
    sharp: float
    ball: float


def balls_threshold(centres: Float[np.ndarray, "N d"], samples: int = 256, seed: int = 0) -> float:
    """Return the L/D above which equal balls about these centres have a separating direction.

    Balls of diameter D are disjoint on a unit vector u exactly if D is below
    G(u) = min |u . (c_i - c_j)|. With delta the smallest distance of two centres L = delta - D, so
    the ratio at which the last direction is lost is delta / max G - 1. The maximum is exact in the
    plane; elsewhere it comes from a search, so that the threshold may be smaller than this.
    """
    if centres.shape[1] == 2:
        widest = widest_gap_in_the_plane(centres)
    else:
        widest = separating_direction(centres, np.arange(len(centres)), samples, seed).gap
    return float(pdist(centres).min() / widest - 1.0)


def widest_gap_in_the_plane(centres: Float[np.ndarray, "N 2"]) -> float:
    """Return max over unit vectors u of min |u . (c_i - c_j)|, exactly.

    On the circle each |u . e| is a piece of a cosine. Their minimum is largest at the top of one
    piece, u along e, or where two meet, u orthogonal to e + f or to e - f.
    """
    first, second = np.triu_indices(len(centres), 1)
    e = centres[first] - centres[second]
    a, b = np.triu_indices(len(e), 1)
    meet = np.concatenate([e[a] + e[b], e[a] - e[b]]) @ np.array([[0.0, 1.0], [-1.0, 0.0]])
    u = np.concatenate([e, meet])
    length = np.linalg.norm(u, axis=1)
    u = u[length > 0.0] / length[length > 0.0, None]
    return float(np.abs(u @ e.T).min(axis=1).max())


def thresholds(
    dims: tuple[int, ...], counts: tuple[int, ...], draws: int, steps: int, seed: int
) -> Iterator[Threshold]:
    """Yield the thresholds of N balls in R^d for every d and N.

    Parameters
    ----------
    draws : random arrangements, for the median and as starts of the search for the worst.
    steps : changes of the worst arrangement that the search tries; ten times as many for d = 2.
    """
    worst: dict[tuple[int, int], Float[np.ndarray, "N d"]] = {}
    for dim, count in itertools.product(dims, counts):
        rng = np.random.default_rng((seed, dim, count))
        drawn = [in_unit_ball(count, dim, rng) for _ in range(draws)]
        # A ball more or a dimension more never lowers the threshold: the worst of less go on.
        known = [
            _one_more(centres, count, dim, rng)
            for (d, n), centres in worst.items()
            if (d == dim and n < count) or (d < dim and n == count)
        ]
        starts = [*drawn, *_regular(count, dim, rng), *known]
        tries = 10 * steps if dim == 2 else steps  # exact thresholds are quick
        worst[dim, count], score = _worst(starts, tries, rng)
        yield Threshold(
            dim,
            count,
            float(np.median([balls_threshold(centres) for centres in drawn])),
            score,
            *(sufficient_ratio(count, dim, form) for form in ("simple", "sharp", "ball")),
        )


def _worst(
    starts: list[Float[np.ndarray, "N d"]], steps: int, rng: np.random.Generator
) -> tuple[Float[np.ndarray, "N d"], float]:
    """Climb from the worst start by random changes that raise the threshold."""
    scores = [balls_threshold(centres) for centres in starts]
    centres, score, size = starts[int(np.argmax(scores))], max(scores), 0.3
    climbed = centres
    for _ in range(steps):
        trial = climbed + size * pdist(climbed).min() * rng.standard_normal(climbed.shape)
        reached = balls_threshold(trial)
        if reached > score:
            climbed, score = trial, reached
        else:
            size *= 0.95
    # The climb prefers arrangements whose best direction the short search missed: look longer.
    longer = [balls_threshold(end, samples=8192, seed=1) for end in (centres, climbed)]
    return (climbed, longer[1]) if longer[1] > longer[0] else (centres, longer[0])


def _one_more(
    centres: Float[np.ndarray, "M e"], count: int, dim: int, rng: np.random.Generator
) -> Float[np.ndarray, "N d"]:
    """Put the centres into R^d, and add others close by until there are N; none nears another."""
    x = np.hstack([centres, np.zeros((len(centres), dim - centres.shape[1]))])
    apart = pdist(x).min()
    while len(x) < count:
        trial = x.mean(axis=0) + apart * rng.random() * len(x) * in_unit_ball(64, dim, rng)
        free = trial[np.linalg.norm(trial[:, None] - x, axis=2).min(axis=1) >= apart]
        if len(free):
            nearest = np.linalg.norm(free - x.mean(axis=0), axis=1).argmin()
            x = np.vstack([x, free[nearest]])
    return x


def _regular(count: int, dim: int, rng: np.random.Generator) -> Iterator[Float[np.ndarray, "N d"]]:
    """Yield regular arrangements: a circle, a hexagonal grid, and a simplex with the rest near."""
    angle = 2.0 * np.pi * np.arange(count) / count
    rest = np.zeros((count, dim - 2))
    yield np.hstack([np.cos(angle)[:, None], np.sin(angle)[:, None], rest])
    hexagonal = np.array(
        [(a + b / 2, b * np.sqrt(0.75)) for a in range(-4, 5) for b in range(-4, 5)]
    )
    near = hexagonal[np.argsort(np.linalg.norm(hexagonal - 0.1, axis=1))[:count]]
    yield np.hstack([near, rest])
    corners = np.eye(min(count, dim + 1))
    basis = np.linalg.svd(corners - corners.mean(axis=0))[2][: len(corners) - 1]
    yield _one_more(corners @ basis.T, count, dim, rng)


def simplex_threshold(count: int) -> float:
    """Return the threshold of N balls at equal distances 1.

    Projections evenly g apart with g^2 N (N^2 - 1) / 6 = 1 are the best.
    """
    return float(np.sqrt(count * (count**2 - 1) / 6.0) - 1.0)
