import numpy as np
import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st

from diffresnet.errors import InputError, StabilityError
from diffresnet.flow import ExplicitEuler, diffuse
from diffresnet.operators import DenseLaplacian, SparseLaplacian, as_laplacian
from graph_cases import KINDS, features, graphs, laplacian, sparse, weights


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("steps", [0, 1, 2, 7])
def test_is_a_power_of_a_matrix(kind, steps):
    w = weights(kind, 10)
    operator = as_laplacian(sparse(w), dtype=torch.float64)
    gamma = 0.9 * operator.max_step()
    out = diffuse(operator, features(10), ExplicitEuler(gamma, steps))
    power = np.linalg.matrix_power(np.eye(10) - gamma * laplacian(w), steps)
    np.testing.assert_allclose(out, power @ features(10).numpy(), atol=1e-12)


@given(graphs("none"), st.floats(0.0, 1.0), st.integers(0, 9))
def test_a_mean_stays_within_the_values(w, share, steps):
    # gamma max L_ii <= 1: I - gamma L is row-stochastic.
    operator = as_laplacian(sparse(w), dtype=torch.float64)
    gamma = share / operator.max_degree if operator.max_degree else 1.0
    x = features(len(w))
    out = diffuse(operator, x, ExplicitEuler(gamma, steps))
    assert bool((out.amax(0) <= x.amax(0) + 1e-12).all())
    assert bool((out.amin(0) >= x.amin(0) - 1e-12).all())


@given(graphs("symmetric"), st.floats(0.0, 1.0))
def test_energy_never_grows_within_the_bound(w, share):
    operator = as_laplacian(sparse(w), dtype=torch.float64)
    assume(operator.max_degree > 0)
    matrix, x = torch.from_numpy(laplacian(w)), features(len(w))
    flow = ExplicitEuler(share * operator.max_step(), 1)
    energy = float((x * (matrix @ x)).sum())
    for _ in range(4):
        x = diffuse(operator, x, flow)
        after = float((x * (matrix @ x)).sum())
        assert after <= energy * (1 + 1e-9) + 1e-12
        energy = after


@given(graphs("symmetric"), st.integers(1, 20))
def test_mass_is_conserved(w, steps):
    operator = as_laplacian(sparse(w), dtype=torch.float64)
    assume(operator.max_degree > 0)
    x = features(len(w))
    out = diffuse(operator, x, ExplicitEuler(operator.max_step(), steps))
    np.testing.assert_allclose(out.sum(0), x.sum(0), atol=1e-9)


class TestStability:
    """On the pair of points with weight 1 the only mode has eigenvalue 2: the bound is 1."""

    pair = np.array([[0.0, 1.0], [1.0, 0.0]])
    x = torch.tensor([[1.0], [-1.0]], dtype=torch.float64)

    def operators(self):
        batch = torch.from_numpy(np.stack([self.pair, 0.3 * self.pair]))
        return [as_laplacian(sparse(self.pair), dtype=torch.float64), DenseLaplacian(batch)]

    def test_at_the_bound_nothing_grows(self):
        for operator in self.operators():
            assert operator.max_step() == pytest.approx(1.0)
            x = self.x.expand(*operator.shape[:-2], 2, 1)
            out = diffuse(operator, x, ExplicitEuler(1.0, 1000))
            assert float(out.abs().max()) == pytest.approx(1.0)

    def test_beyond_the_bound_it_refuses(self):
        for operator in self.operators():
            x = self.x.expand(*operator.shape[:-2], 2, 1)
            with pytest.raises(
                StabilityError, match=r"gamma = 1\.01 is past the stability bound 1"
            ):
                diffuse(operator, x, ExplicitEuler(1.01, 1))

    def test_beyond_the_bound_it_would_grow(self):
        for operator in self.operators():
            x = self.x.expand(*operator.shape[:-2], 2, 1)
            out = diffuse(operator, x, ExplicitEuler(1.01, 10, unstable="allow"))
            assert float(out.abs().max()) == pytest.approx(1.02**10)

    def test_no_steps_need_no_bound(self):
        operator = self.operators()[0]
        assert torch.equal(diffuse(operator, self.x, ExplicitEuler(99.0, 0)), self.x)

    def test_a_stability_error_is_an_input_error(self):
        assert issubclass(StabilityError, InputError)
        assert issubclass(InputError, ValueError)

    @pytest.mark.parametrize("kind", KINDS)
    @pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
    def test_every_mode_at_and_beyond_the_bound(self, kind, dtype):
        operator = as_laplacian(sparse(weights(kind, 12)), dtype=dtype)
        values = np.linalg.eigvals(laplacian(weights(kind, 12)))
        bound = operator.max_step()
        assert np.abs(1 - bound * values).max() <= 1 + 1e-5
        assert np.abs(1 - 1.001 * bound * values).max() > 1 + 1e-5
        ExplicitEuler(bound, 5).check(operator)
        with pytest.raises(StabilityError):
            ExplicitEuler(1.001 * bound, 5).check(operator)


def test_ring_that_pulls_one_way():
    # Eigenvalues are complex here: 2 / max |lambda| = 1 is right by chance at the far end only.
    ring = np.roll(np.eye(6), 1, axis=1) + 0.5 * np.roll(np.eye(6), 2, axis=1)
    operator = SparseLaplacian(sparse(ring), dtype=torch.float64)
    values = np.linalg.eigvals(laplacian(ring))
    values = values[np.abs(values) > 1e-9]
    expected = (2 * values.real / np.abs(values) ** 2).min()
    assert expected < 2 / np.abs(values).max() - 0.01
    assert operator.max_step() == pytest.approx(expected)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"gamma": -0.1}, "gamma must be a finite number >= 0, not -0.1"),
        ({"gamma": float("nan")}, "gamma must be a finite number >= 0, not nan"),
        ({"gamma": float("inf")}, "gamma must be a finite number >= 0, not inf"),
        ({"gamma": 0.1, "steps": -1}, "steps must be a whole number >= 0, not -1"),
        ({"gamma": 0.1, "unstable": "warn"}, "unstable must be"),
    ],
)
@pytest.mark.usefixtures("unchecked")
def test_bad_settings(arguments, message):
    with pytest.raises(InputError, match=message):
        ExplicitEuler(**arguments)


def test_time():
    assert ExplicitEuler(0.25, 20).time == 5.0
