import numpy as np
import pytest
import scipy.linalg
import scipy.special
import torch
from hypothesis import given
from hypothesis import strategies as st

from diffresnet.errors import InputError
from diffresnet.flow import ExplicitEuler, HeatFlow, diffuse
from diffresnet.flow.heat import chebyshev_coefficients
from diffresnet.operators import DenseLaplacian, as_laplacian
from graph_cases import KINDS, features, graphs, laplacian, sparse, weights


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("tol", [1e-3, 1e-6, 1e-10])
def test_is_the_exponential(kind, tol):
    @given(graphs(kind), st.floats(0.0, 50.0), st.integers(1, 4))
    def check(w, gamma, steps):
        matrix, x = laplacian(w), features(len(w))
        operator = as_laplacian(sparse(w), dtype=torch.float64)
        out = diffuse(operator, x, HeatFlow(gamma, steps, tol=tol))
        expected = scipy.linalg.expm(-gamma * steps * matrix) @ x.numpy()
        # The bound holds in the norm of the graph: the measure turns it into the plain one.
        spread = 1.0
        if operator.symmetry == "reversible":
            spread = float(operator._measure.max() / operator._measure.min()) ** 0.5
        size = np.linalg.norm(x.numpy(), axis=0).max() * spread
        np.testing.assert_allclose(out, expected, rtol=0, atol=tol * size + 1e-9)

    check()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("time", [0.1, 3.0, 40.0])
def test_transposed(kind, time):
    w = weights(kind, 12)
    operator = as_laplacian(sparse(w), dtype=torch.float64).transpose()
    out = HeatFlow(time, tol=1e-9)(operator, features(12))
    expected = scipy.linalg.expm(-time * laplacian(w).T) @ features(12).numpy()
    np.testing.assert_allclose(out, expected, atol=1e-7)


@pytest.mark.parametrize("kind", ["symmetric", "none"])
def test_batch(kind):
    w = np.stack([weights(kind, 8, seed) for seed in range(3)])
    x = torch.stack([features(8, seed=seed) for seed in range(3)])
    out = diffuse(DenseLaplacian(torch.from_numpy(w)), x, HeatFlow(0.7, 3, tol=1e-9))
    for b in range(3):
        expected = scipy.linalg.expm(-2.1 * laplacian(w[b])) @ x[b].numpy()
        np.testing.assert_allclose(out[b], expected, atol=1e-7)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_long_times_reach_equilibrium(kind, dtype):
    w = weights(kind, 30, density=0.2)
    operator = as_laplacian(sparse(w), dtype=dtype)
    out = diffuse(operator, features(30, dtype=dtype), HeatFlow(1e3))
    expected = scipy.linalg.expm(-1e3 * laplacian(w)) @ features(30).numpy()
    np.testing.assert_allclose(out.double(), expected, atol=1e-4)
    assert float((out.amax(0) - out.amin(0)).max()) < 1e-4


@pytest.mark.parametrize("kind", KINDS)
def test_absurdly_long_times_stay_finite(kind):
    operator = as_laplacian(sparse(weights(kind, 10)), dtype=torch.float64)
    time = 1e3 if kind == "none" else 1e6
    out = diffuse(operator, features(10), HeatFlow(time))
    assert float((out.amax(0) - out.amin(0)).max()) < 1e-5


@given(graphs("none"), st.floats(0.0, 100.0))
def test_maximum_principle(w, time):
    x = features(len(w))
    out = diffuse(as_laplacian(sparse(w), dtype=torch.float64), x, HeatFlow(time, tol=1e-8))
    assert bool((out.amax(0) <= x.amax(0) + 1e-7 * x.abs().max()).all())
    assert bool((out.amin(0) >= x.amin(0) - 1e-7 * x.abs().max()).all())


@given(graphs("symmetric"), st.floats(0.0, 100.0))
def test_energy_and_size_never_grow(w, time):
    matrix, x = torch.from_numpy(laplacian(w)), features(len(w))
    operator = as_laplacian(sparse(w), dtype=torch.float64)
    out = diffuse(operator, x, HeatFlow(time, tol=1e-10))
    slack = 1e-8 * (1 + operator.max_degree)
    assert float((out * (matrix @ out)).sum()) <= float((x * (matrix @ x)).sum()) + slack
    assert float(out.abs().max()) <= float(x.abs().max()) + 1e-8
    assert float(out.norm()) <= float(x.norm()) + 1e-8


@given(graphs("symmetric"), st.floats(0.0, 5.0), st.floats(0.0, 5.0))
def test_times_add_up(w, one, other):
    operator, x = as_laplacian(sparse(w), dtype=torch.float64), features(len(w))
    tol = 1e-10
    twice = diffuse(
        operator, diffuse(operator, x, HeatFlow(one, tol=tol)), HeatFlow(other, tol=tol)
    )
    np.testing.assert_allclose(
        twice, diffuse(operator, x, HeatFlow(one + other, tol=tol)), atol=1e-7
    )


def test_limit_of_euler():
    operator = as_laplacian(sparse(weights("symmetric", 12)), dtype=torch.float64)
    exact = diffuse(operator, features(12), HeatFlow(0.5, tol=1e-12))
    errors = [
        float((diffuse(operator, features(12), ExplicitEuler(0.5 / r, r)) - exact).abs().max())
        for r in (40, 80, 160)
    ]
    assert errors[0] / errors[1] == pytest.approx(2.0, rel=0.1)
    assert errors[1] / errors[2] == pytest.approx(2.0, rel=0.1)


def test_no_time_and_no_edges():
    x = features(4)
    none = as_laplacian(sparse(np.zeros((4, 4))), dtype=torch.float64)
    some = as_laplacian(sparse(weights("none", 4)), dtype=torch.float64)
    for operator, flow in ((none, HeatFlow(3.0)), (some, HeatFlow(0.0)), (some, HeatFlow(1.0, 0))):
        out = diffuse(operator, x, flow)
        assert torch.equal(out, x)
        assert out.data_ptr() != x.data_ptr()


@given(st.floats(0.0, 1e6), st.sampled_from([1e-2, 1e-6, 1e-12]))
def test_coefficients(z, tol):
    c = np.array(chebyshev_coefficients(z, tol))
    assert (c >= 0).all()
    # They sum to 1 at the point y = 1, up to the tail that was left out.
    assert 1 - tol - 1e-12 <= c.sum() <= 1 + 1e-12
    if len(c) > 1:  # one fewer would not do
        assert 1 - c[:-1].sum() > tol - 1e-12
    k = np.arange(len(c))
    expected = scipy.special.ive(k, z) * np.where(k == 0, 1.0, 2.0)
    np.testing.assert_allclose(c, expected, rtol=1e-12)


@pytest.mark.parametrize("z", [0.01, 1.0, 30.0, 2000.0])
def test_coefficients_are_of_the_exponential(z):
    y = np.linspace(-1, 1, 301)
    series = np.polynomial.chebyshev.chebval(y, chebyshev_coefficients(z, 1e-9))
    np.testing.assert_allclose(series, np.exp(-z * (1 - y)), atol=1.1e-9)


def test_degree_grows_like_the_root_of_time():
    at = [len(chebyshev_coefficients(z, 1e-6)) for z in (1e2, 1e4, 1e6)]
    assert at[1] < 11 * at[0]
    assert at[2] < 11 * at[1]


@pytest.mark.parametrize("tol", [0.0, 1.0, -1e-3])
def test_bad_tolerance(tol):
    with pytest.raises(InputError, match="tol must be between 0 and 1"):
        HeatFlow(1.0, tol=tol)
