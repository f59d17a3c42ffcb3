"""Sufficient L/D for a direction that separates all subsets (Theorem 2)."""

from __future__ import annotations

from typing import Literal

import numpy as np
import scipy.special
from jaxtyping import Float, Int
from scipy.spatial.distance import pdist

from diffresnet.errors import InputError

from .subsets import SortedSubsets, sorted_subsets

Form = Literal["simple", "sharp", "ball"]

# Steps towards the smallest ball; the radius is within about 1% of the smallest after them.
BALL_STEPS = 200


def slab_probability(width: Float[np.ndarray, "*p"], dim: int) -> Float[np.ndarray, "*p"]:
    """Return P(|u . e| <= width) for a unit vector e and u uniform on the sphere of R^dim.

    (u . e)^2 has a beta distribution, so this is the regularised incomplete beta function
    I_{width^2}(1/2, (dim - 1) / 2). On a line |u . e| is 1.

    Examples
    --------
    >>> round(float(slab_probability(np.array(0.25), dim=3)), 12)  # Archimedes: u . e is uniform
    0.25
    """
    t = np.clip(width, 0.0, 1.0)
    if dim == 1:
        return np.where(t < 1.0, 0.0, 1.0)
    return np.asarray(scipy.special.betainc(0.5, 0.5 * (dim - 1), t**2))


def slab_width(probability: float, dim: int) -> float:
    """Return the width t with P(|u . e| <= t) = probability, in dim >= 2.

    Examples
    --------
    >>> round(slab_width(0.25, dim=3), 12)
    0.25
    """
    return float(np.sqrt(scipy.special.betaincinv(0.5, 0.5 * (dim - 1), probability)))


def sufficient_ratio(n_subsets: int, dim: int, form: Form = "sharp") -> float:
    """Return a ratio above which some direction separates all subsets.

    N subsets of R^d of diameter at most D, any two of them at distance at least L. A direction u
    separates them if the intervals that they project to on u are disjoint. With t* such that
    P(|u . e| <= t*) = 2 / (N (N - 1)) for u uniform on the sphere, there is one as soon as L/D is
    larger than

    - "sharp": 2 / t*;
    - "simple": a bound of it in closed form, 2 N (N - 1) |S^(d-2)| / |S^(d-1)| for d >= 3, where
      |S^k| is the area of the unit sphere of dimension k, and 2 / sin(pi / (N (N - 1))) for d = 2,
      which is the sharp one itself;
    - "ball": sqrt(d / (d + 1) (1 + 2 / t*^2)), always the smallest: the same argument about the
      smallest balls that hold the subsets, whose radius Jung's theorem bounds.

    On a line (d = 1) more than 1/2 is enough, whatever N; for one subset nothing is needed.

    Parameters
    ----------
    n_subsets : number N of subsets, not of classes.
    dim : dimension d of the space.
    form : {"sharp", "simple", "ball"}

    Examples
    --------
    >>> [round(sufficient_ratio(4, 2, form), 2) for form in ("simple", "sharp", "ball")]
    [7.73, 7.73, 4.54]
    >>> [round(sufficient_ratio(4, 10, form), 2) for form in ("simple", "sharp", "ball")]
    [27.94, 27.77, 18.75]
    """
    if n_subsets < 1 or dim < 1:
        raise InputError(
            f"there must be at least one subset and one dimension, not {n_subsets} and {dim}"
        )
    if form not in ("simple", "sharp", "ball"):
        raise InputError(f'form must be "sharp", "simple" or "ball", not {form!r}')
    if n_subsets == 1:
        return 0.0
    if dim == 1:
        return 0.5
    pairs = n_subsets * (n_subsets - 1) / 2
    if form == "simple" and dim > 2:
        # |S^(d-2)| / |S^(d-1)|, by logarithms: the areas themselves underflow in high dimension.
        log_areas = scipy.special.gammaln(dim / 2) - scipy.special.gammaln((dim - 1) / 2)
        return float(4 * pairs * np.exp(log_areas) / np.sqrt(np.pi))
    if form != "ball":
        return 2.0 / slab_width(1.0 / pairs, dim)
    return float(np.sqrt(dim / (dim + 1) * (1.0 + 2.0 / slab_width(1.0 / pairs, dim) ** 2)))


def failure_probability(points: Float[np.ndarray, "n d"], subsets: Int[np.ndarray, " m"]) -> float:
    """Bound the probability p that a random direction fails to separate the subsets.

    X_i lies in a ball of centre c_i and radius R_i. If two subsets overlap on u, so do their
    balls: |u . (c_i - c_j)| <= R_i + R_j. The sum over the pairs of the probabilities of that is
    p; it needs no diameter or distance. Where p < 1 a separating direction exists, and m directions
    drawn independently all fail with probability at most p^m.

    Returns
    -------
    float
        The sum, which is above 1 where it says nothing.
    """
    return _failure_probability(sorted_subsets(points, subsets))


def _failure_probability(data: SortedSubsets) -> float:
    if len(data) == 1:
        return 0.0
    balls = [enclosing_ball(points) for points in data.each()]
    centres = np.stack([centre for centre, _ in balls])
    radii = np.array([radius for _, radius in balls])
    first, second = np.triu_indices(len(radii), 1)
    reach, apart = radii[first] + radii[second], pdist(centres)
    width = np.divide(reach, apart, out=np.ones_like(apart), where=apart > reach)
    return float(np.sum(slab_probability(width, data.points.shape[1])))


def enclosing_ball(points: Float[np.ndarray, "n d"]) -> tuple[Float[np.ndarray, " d"], float]:
    """Return centre and radius of a ball that holds all points, close to the smallest.

    Badoiu and Clarkson's steps from the mean: at the k-th, 1 / (k + 1) of the way to the farthest
    point.
    """
    centre = points.mean(axis=0)
    best, radius = centre, float("inf")
    for k in range(1, BALL_STEPS + 1):
        distance = np.linalg.norm(points - centre, axis=1)
        farthest = int(distance.argmax())
        if distance[farthest] < radius:
            best, radius = centre, float(distance[farthest])
        if radius == 0.0:
            break
        centre = centre + (points[farthest] - centre) / (k + 1)
    return best, radius
