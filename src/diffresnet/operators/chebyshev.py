"""Polynomials of a Laplacian in Chebyshev's basis: products and sums alone, of known error."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import ceil, log, sqrt

from jaxtyping import Float
from torch import Tensor

from .laplacian import Laplacian


def chebyshev_series(
    laplacian: Laplacian,
    coefficients: Sequence[float],
    top: float,
    x: Float[Tensor, "*b n d"],
    hold: Callable[[Tensor], Tensor] = lambda x: x,
) -> Float[Tensor, "*b n d"]:
    """Sum c_k T_k(I - 2 L / top) x, for an L of real eigenvalues in [0, top].

    Parameters
    ----------
    hold : what every product passes through, in place: it may set rows to 0.
    """
    total = coefficients[0] * x
    if len(coefficients) == 1:
        return total
    # T_1(y) = y and T_{k+1}(y) = 2 y T_k - T_{k-1} at y = I - 2 L / top, which lies in [-1, 1].
    twice = laplacian.shifted(2.0, -4.0 / top)
    before, now = x, hold(laplacian.shifted(1.0, -2.0 / top)(x))
    total.add_(now, alpha=coefficients[1])
    for c in coefficients[2:]:
        before, now = now, hold(twice(now)).sub_(before)
        total.add_(now, alpha=c)
    return total


def resolvent_coefficients(z: float, tol: float) -> tuple[float, ...]:
    """Coefficients of 1 / (1 + z (1 - y)) in T_k(y) on [-1, 1], as few as keep the error below tol.

    With a = 1 + 1 / z, s = (a^2 - 1)^1/2 and p = a - s, those of the series are c_0 = 1 / (z s) and
    c_k = 2 c_0 p^k. Divided by 1 - p^2, the last one gives the best polynomial of its degree m: its
    error is p^m / (z s^2).

    References
    ----------
    Rivlin: An introduction to the approximation of functions, 1969 (Chebyshev's best
    approximation of 1 / (a - y)).
    """
    if z == 0.0:
        return (1.0,)
    s = sqrt((2.0 + 1.0 / z) / z)
    p = 1.0 / (1.0 + 1.0 / z + s)
    degree = max(1, ceil(log(tol * z * s**2) / log(p)))
    first = 1.0 / (z * s)
    series = [first] + [2.0 * first * p**k for k in range(1, degree + 1)]
    series[-1] /= 1.0 - p**2
    return tuple(series)
