"""Polynomials of a Laplacian against the functions that they stand for."""

import numpy as np
import pytest
import torch
from numpy.polynomial.chebyshev import chebval

from diffresnet.operators import SparseLaplacian
from diffresnet.operators.chebyshev import chebyshev_series, resolvent_coefficients
from graph_cases import features, sparse, weights

Y = np.linspace(-1.0, 1.0, 10_001)


@pytest.mark.parametrize("tol", [0.3, 1e-2, 1e-6])
@pytest.mark.parametrize("z", [0.01, 0.5, 33.0, 333.0])
def test_fewest_coefficients_of_the_resolvent(z, tol):
    coefficients = resolvent_coefficients(z, tol)

    def error(c):
        return np.abs(chebval(Y, c) - 1.0 / (1.0 + z * (1.0 - Y))).max()

    assert error(coefficients) <= tol
    if len(coefficients) > 2:  # the best polynomial of a lower degree does not reach it
        looser = tol
        while len(resolvent_coefficients(z, looser)) == len(coefficients):
            looser *= 1.1
        assert error(resolvent_coefficients(z, looser)) > tol


def test_no_step_is_the_identity():
    assert resolvent_coefficients(0.0, 1e-2) == (1.0,)


def test_series():
    operator = SparseLaplacian(sparse(weights("symmetric", 20)), dtype=torch.float64)
    top, x, c = 2.0 * operator.max_degree, features(20), (0.5, -1.0, 2.0, 0.25)
    values, vectors = np.linalg.eigh(operator.to_dense().numpy())
    wanted = vectors @ np.diag(chebval(1.0 - 2.0 * values / top, c)) @ vectors.T @ x.numpy()
    np.testing.assert_allclose(chebyshev_series(operator, c, top, x), wanted, atol=1e-12)
