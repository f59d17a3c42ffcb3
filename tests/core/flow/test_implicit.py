import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from diffresnet.errors import InputError
from diffresnet.flow import ImplicitEuler, diffuse
from diffresnet.operators import DenseLaplacian, as_laplacian
from graph_cases import KINDS, features, graphs, laplacian, sparse, weights


@pytest.mark.parametrize("kind", KINDS)
def test_is_a_power_of_the_inverse(kind):
    @given(graphs(kind), st.floats(0.0, 20.0), st.integers(0, 4))
    def check(w, gamma, steps):
        operator, x = as_laplacian(sparse(w), dtype=torch.float64), features(len(w))
        out = diffuse(operator, x, ImplicitEuler(gamma, steps, tol=1e-12))
        inverse = np.linalg.inv(np.eye(len(w)) + gamma * laplacian(w))
        expected = np.linalg.matrix_power(inverse, steps) @ x.numpy()
        np.testing.assert_allclose(out, expected, atol=1e-6)

    check()


@pytest.mark.parametrize("kind", ["symmetric", "none"])
def test_batch(kind):
    w = np.stack([weights(kind, 8, seed) for seed in range(3)])
    x = torch.stack([features(8, seed=seed) for seed in range(3)])
    out = diffuse(DenseLaplacian(torch.from_numpy(w)), x, ImplicitEuler(0.7, 2))
    inverse = np.linalg.inv(np.eye(8) + 0.7 * laplacian(w))
    np.testing.assert_allclose(out, inverse @ inverse @ x.numpy(), atol=1e-10)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_long_steps_reach_equilibrium(kind, dtype):
    w = weights(kind, 30, density=0.2)
    operator = as_laplacian(sparse(w), dtype=dtype)
    out = diffuse(operator, features(30, dtype=dtype), ImplicitEuler(1e3, 2))
    inverse = np.linalg.inv(np.eye(30) + 1e3 * laplacian(w))
    np.testing.assert_allclose(out.double(), inverse @ inverse @ features(30).numpy(), atol=2e-3)


@given(graphs("none"), st.floats(0.0, 100.0))
def test_maximum_principle(w, gamma):
    x = features(len(w))
    operator = as_laplacian(sparse(w), dtype=torch.float64)
    out = diffuse(operator, x, ImplicitEuler(gamma, tol=1e-12))
    slack = 1e-8 * float(x.abs().max())
    assert bool((out.amax(0) <= x.amax(0) + slack).all())
    assert bool((out.amin(0) >= x.amin(0) - slack).all())


@given(graphs("symmetric"), st.floats(0.0, 100.0))
def test_energy_never_grows(w, gamma):
    matrix, x = torch.from_numpy(laplacian(w)), features(len(w))
    operator = as_laplacian(sparse(w), dtype=torch.float64)
    out = diffuse(operator, x, ImplicitEuler(gamma, tol=1e-12))
    slack = 1e-8 * (1 + operator.max_degree)
    assert float((out * (matrix @ out)).sum()) <= float((x * (matrix @ x)).sum()) + slack
    np.testing.assert_allclose(out.sum(0), x.sum(0), atol=1e-7)


@pytest.mark.parametrize("tol", [0.0, 1.0, -1e-3])
def test_bad_tolerance(tol):
    with pytest.raises(InputError, match="tol must be between 0 and 1"):
        ImplicitEuler(1.0, tol=tol)
