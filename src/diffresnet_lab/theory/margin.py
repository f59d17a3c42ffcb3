"""Margin of the best linear classifier, by a linear program, and an exact check of it."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import scipy.optimize
import scipy.sparse
from jaxtyping import Float, Int, Shaped

from diffresnet.errors import InputError


@dataclass(frozen=True)
class LinearMargin:
    """Linear classifier with the widest margin, in the sense of `linear_margin`.

    Attributes
    ----------
    margin : float
        Largest t; 0, up to the solver's tolerance of about 1e-9, where classes are not separable.
    weights : (C, d)
    bias : (C,)
        Its scores weights . x + bias, for the points as they were given.
    separable : bool
        Whether every score comes out right in exact arithmetic. True is a proof; False is none, if
        the margin is close to the solver's tolerance.
    """

    margin: float
    weights: Float[np.ndarray, "c d"]
    bias: Float[np.ndarray, " c"]
    separable: bool


def linear_margin(
    points: Float[np.ndarray, "n d"], labels: Shaped[np.ndarray, " n"]
) -> LinearMargin:
    """Return the classifier whose scores lead by the largest t at every point.

    max t subject to (w_y - w_c) . x + b_y - b_c >= t for every point x of class y and c != y, with
    |w| <= 1/2 in every entry, where each coordinate is first centred and divided by half its
    extent. For two classes, t is the distance in the 1-norm from the nearest point to the plane.

    Raises
    ------
    InputError
        If values are not finite, there is no point, or fewer than two classes.

    Examples
    --------
    >>> corners = np.array([[0.0, 0.0], [1.0, 1.0], [1.0, 0.0], [0.0, 1.0]])
    >>> round(linear_margin(corners, np.array([0, 1, 1, 1])).margin, 6)
    1.0
    >>> linear_margin(corners, np.array([0, 0, 1, 1])).separable
    False
    """
    names, y = np.unique(labels, return_inverse=True)
    n, d = points.shape
    if points.size == 0 or not np.isfinite(points).all() or len(names) < 2:
        raise InputError("a margin needs finite points of at least two classes")
    x = points.astype(np.float64)
    centre = 0.5 * (x.min(axis=0) + x.max(axis=0))
    half = 0.5 * np.ptp(x, axis=0)
    half[half == 0.0] = 1.0
    z = np.column_stack([(x - centre) / half, np.ones(n)])
    # Unknowns: t, then the rows (w_c, b_c). One constraint for each point and other class.
    c = len(names)
    t = scipy.sparse.csr_array(np.ones((n, 1)))
    blocks = []
    for other in range(c):
        select = np.flatnonzero(y != other)
        right = scipy.sparse.csr_array(
            (np.ones(len(select)), (np.arange(len(select)), y[select])), shape=(len(select), c)
        )
        against = scipy.sparse.csr_array(
            (np.ones(len(select)), (np.arange(len(select)), np.full(len(select), other))),
            shape=(len(select), c),
        )
        rows = _row_products(against - right, z[select])
        blocks.append(scipy.sparse.hstack([t[select], rows]))
    system = scipy.sparse.vstack(blocks, format="csr")
    bounds = [(0.0, None)] + ([(-0.5, 0.5)] * d + [(None, None)]) * c
    objective = np.zeros(system.shape[1])
    objective[0] = -1.0
    solved = scipy.optimize.linprog(
        objective, A_ub=system, b_ub=np.zeros(system.shape[0]), bounds=bounds, method="highs"
    )
    if solved.x is None:
        raise InputError(f"the linear program of the margin was not solved: {solved.message}")
    scores = solved.x[1:].reshape(c, d + 1)
    weights = scores[:, :d] / half
    bias = scores[:, d] - weights @ centre
    margin = float(solved.x[0]) + 0.0  # never -0.0
    return LinearMargin(margin, weights, bias, separates(points, y, weights, bias))


def separates(
    points: Float[np.ndarray, "n d"],
    classes: Int[np.ndarray, " n"],
    weights: Float[np.ndarray, "c d"],
    bias: Float[np.ndarray, " c"],
) -> bool:
    """Check exactly that at each point the score of its own class is strictly the largest.

    Floating-point numbers are rational: products and sums are computed as fractions, so that
    nothing is rounded. Time and memory are those of n C d fractions.

    Examples
    --------
    >>> tiny = np.array([[0.1 + 0.2], [0.3]])  # they differ in the last bit
    >>> separates(tiny, np.array([1, 0]), np.array([[0.0], [1.0]]), np.array([0.0, -0.3]))
    False
    >>> separates(tiny, np.array([1, 0]), np.array([[-1.0], [1.0]]), np.array([0.3, -0.1 - 0.2]))
    True
    """
    exact = np.vectorize(Fraction, otypes=[object])
    scores = exact(points) @ exact(weights).T + exact(bias)
    rows = np.arange(len(points))
    right = scores[rows, classes].copy()
    scores[rows, classes] = right - 1
    return bool((right > scores.max(axis=1)).all())


def _row_products(
    left: scipy.sparse.csr_array, right: Float[np.ndarray, "m k"]
) -> scipy.sparse.csr_array:
    """Return row-wise Kronecker products: row i is kron(left_i, right_i)."""
    k = right.shape[1]
    repeated = scipy.sparse.kron(left, np.ones((1, k)), format="csr")
    return scipy.sparse.csr_array(repeated.multiply(np.tile(right, (1, left.shape[1]))))
