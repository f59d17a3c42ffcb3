"""The exact heat flow exp(-t L) x, by a polynomial of known error."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import scipy.special
from torch import Tensor

from ..errors import InputError
from ..operators import Laplacian
from ..operators.chebyshev import chebyshev_series
from .integrator import Integrator


@dataclass(frozen=True)
class HeatFlow(Integrator):
    """F(L) = exp(-t L), t = gamma * steps, to an absolute error of `tol` times the size of x.

    Where L has real eigenvalues in [0, b], exp(-t L) is expanded in Chebyshev polynomials: with
    z = t b / 2 the coefficients are e^-z I_k(z), and those left out sum to at most `tol`. The
    degree grows like sqrt(t). For a reversible graph the bound holds in its own inner product.

    Elsewhere, by uniformisation: with s = max L_ii, P = I - L / s is non-negative with rows that
    sum to 1, and exp(-t L) = sum_k Poisson(k; s t) P^k; the tail left out bounds the error in the
    maximum norm. The degree grows like t.
    """

    tol: float = 1e-6

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0.0 < self.tol < 1.0:
            raise InputError(f"tol must be between 0 and 1, not {self.tol}")

    def check(self, laplacian: Laplacian) -> None:
        """Accept every step: the flow is always stable."""

    def __call__(self, laplacian: Laplacian, x: Tensor) -> Tensor:
        if self.time == 0.0 or laplacian.max_degree == 0.0:
            return x.clone()
        if laplacian.symmetry == "none":
            return _uniformised(laplacian, x, self.time, self.tol)
        return _chebyshev(laplacian, x, self.time, self.tol)

    def derivative(self) -> HeatFlow:
        return self


def _chebyshev(laplacian: Laplacian, x: Tensor, time: float, tol: float) -> Tensor:
    # 1% above the bound: an eigenvalue outside the interval would make the series diverge.
    top = 1.01 * laplacian.spectral_bound()
    coefficients = chebyshev_coefficients(0.5 * time * top, tol)
    return chebyshev_series(laplacian, coefficients, top, x)


@lru_cache(maxsize=256)
def chebyshev_coefficients(z: float, tol: float) -> tuple[float, ...]:
    """Coefficients of exp(-z (1 - y)) in T_k(y) on [-1, 1], as few as keep the error below tol.

    c_0 = e^-z I_0(z), c_k = 2 e^-z I_k(z): all positive, of sum 1.
    """
    most = int(30 + z + 10 * np.sqrt(z)) if z < 100 else int(30 + 12 * np.sqrt(z))
    c = scipy.special.ive(np.arange(most + 1), z)
    c[1:] *= 2.0
    tail = np.cumsum(c[::-1])[::-1]  # tail[k]: what is lost by stopping before k
    degree = int(np.searchsorted(-tail, -tol))
    return tuple(float(v) for v in c[: max(1, degree)])


def _uniformised(laplacian: Laplacian, x: Tensor, time: float, tol: float) -> Tensor:
    scale = laplacian.max_degree
    mean = scale * time
    walk = laplacian.shifted(1.0, -1.0 / scale)
    first, last = _poisson_range(mean, tol)
    weights = np.exp(
        -mean
        + np.arange(last + 1) * np.log(mean)
        - scipy.special.gammaln(np.arange(last + 1) + 1.0)
    )
    total = weights[0] * x
    for k in range(1, last + 1):
        x = walk(x)
        if k >= first:
            total.add_(x, alpha=float(weights[k]))
    return total


def _poisson_range(mean: float, tol: float) -> tuple[int, int]:
    """Return the counts k that carry all but `tol` of a Poisson distribution."""
    k = np.arange(int(mean + 12 * np.sqrt(mean) + 40))
    below = scipy.special.pdtr(k, mean)
    above = scipy.special.pdtrc(k, mean)
    return int(np.searchsorted(below, tol / 2)), int(np.argmax(above <= tol / 2))
