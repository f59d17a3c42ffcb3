import numpy as np
import pytest
import scipy.sparse as sp
import torch
from hypothesis import given

from diffresnet.operators.spectrum import (
    lanczos_largest,
    largest_eigenvalue,
    longest_step,
    longest_step_dense,
)
from graph_cases import graphs, laplacian, weights


@pytest.mark.parametrize("n", [1, 10, 400, 700])
@pytest.mark.parametrize("tol", [1e-2, 1e-5])
def test_largest_eigenvalue(n, tol):
    matrix = laplacian(weights("symmetric", n, density=min(1.0, 10 / n)))
    value, residual = largest_eigenvalue(sp.csr_array(matrix), tol)
    true = np.linalg.eigvalsh(matrix)[-1]
    assert value <= true * (1 + 1e-12)
    assert true <= value + residual + 1e-12 * true
    assert value >= (1 - tol) * true


def test_largest_eigenvalue_of_no_points():
    assert largest_eigenvalue(sp.csr_array((0, 0)), 1e-2) == (0.0, 0.0)


def test_crowded_top_of_the_spectrum():
    # Many equal components: an eigenvalue of multiplicity 150.
    block = laplacian(weights("symmetric", 5))
    matrix = sp.block_diag([block] * 150, format="csr")
    value, residual = largest_eigenvalue(sp.csr_array(matrix), 1e-5)
    true = np.linalg.eigvalsh(block)[-1]
    assert value == pytest.approx(true, rel=1e-6)
    assert value + residual >= true * (1 - 1e-9)


@pytest.mark.parametrize("n", [1, 5, 64, 65, 120])
def test_lanczos_on_a_batch(n):
    w = np.stack([weights("symmetric", n, s, density=min(1.0, 6 / n)) for s in range(3)])
    matrices = torch.from_numpy(laplacian(w))
    true = torch.linalg.eigvalsh(matrices)[:, -1]
    np.testing.assert_allclose(lanczos_largest(matrices), true, rtol=1e-4)
    assert bool((lanczos_largest(matrices) <= true * (1 + 1e-12) + 1e-12).all())


def test_lanczos_where_the_space_is_used_up():
    # Rank one: the steps break down after two.
    n = 80
    matrix = torch.eye(n, dtype=torch.float64) * n - torch.ones(n, n, dtype=torch.float64)
    assert float(lanczos_largest(matrix)) == pytest.approx(n)


@given(graphs("none"))
def test_longest_step_is_the_longest(w):
    matrix = laplacian(w)
    if matrix.max() == 0:
        return
    step = longest_step(sp.csr_array(matrix), float(matrix.max()))
    values = np.linalg.eigvals(matrix)
    assert np.abs(1 - step * values).max() <= 1 + 1e-6


def test_longest_step_of_a_ring():
    # Eigenvalues 1 - exp(i k): 2 (1 - cos k) / |.|^2 = 1 for every k.
    n = 12
    ring = np.roll(np.eye(n), 1, axis=1)
    assert longest_step(sp.csr_array(laplacian(ring)), 1.0) == pytest.approx(1.0)


def test_longest_step_without_motion():
    assert longest_step_dense(np.zeros(3), 1.0) == float("inf")
