import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from diffresnet.errors import InputError, StabilityError
from diffresnet.flow import ExplicitEuler, HeatFlow, ImplicitEuler, diffuse, flow_map
from diffresnet.flow import precomputed as module
from diffresnet.operators import DenseLaplacian, SparseLaplacian
from graph_cases import KINDS, features, graphs, laplacian, sparse, weights


def plain_loop(w, gamma, steps, x):
    """The paper's diffusion as it is written down: r times x <- x - gamma L x."""
    dense = torch.from_numpy(laplacian(w))
    for _ in range(steps):
        x = x - gamma * (dense @ x)
    return x


@st.composite
def settings_of(draw, kind):
    """A graph, and explicit steps that are stable on it."""
    w = draw(graphs(kind))
    degree = laplacian(w).diagonal().max()
    gamma = draw(st.floats(0.0, 1.0)) / max(degree, 1e-3)
    return w, gamma, draw(st.integers(0, 60))


@pytest.mark.parametrize("speed", [0, 1e9], ids=["panels", "squaring"])
@pytest.mark.parametrize("kind", KINDS)
class TestEqualsThePlainLoop:
    @given(data=st.data())
    def test_result_and_gradient(self, kind, speed, data):
        w, gamma, steps = data.draw(settings_of(kind))
        operator = SparseLaplacian(sparse(w), dtype=torch.float64)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(module, "DENSE_SPEED", speed)
            s = flow_map(operator, ExplicitEuler(gamma, steps))
        x, upstream = features(len(w)).requires_grad_(), features(len(w), seed=4)
        out, expected = s @ x, plain_loop(w, gamma, steps, x)
        torch.testing.assert_close(out, expected, atol=1e-10, rtol=0)
        (grad,) = torch.autograd.grad(out, x, upstream)
        (expected_grad,) = torch.autograd.grad(expected, x, upstream)
        torch.testing.assert_close(grad, expected_grad, atol=1e-10, rtol=0)

    @given(data=st.data())
    def test_rows(self, kind, speed, data):
        w, gamma, steps = data.draw(settings_of(kind))
        rows = data.draw(st.lists(st.integers(0, len(w) - 1), max_size=6))
        rows = torch.tensor(rows, dtype=torch.int64)
        operator = SparseLaplacian(sparse(w), dtype=torch.float64)
        s = flow_map(operator, ExplicitEuler(gamma, steps), rows)
        assert s.shape == (len(rows), len(w))
        x = features(len(w))
        torch.testing.assert_close(s @ x, plain_loop(w, gamma, steps, x)[rows], atol=1e-10, rtol=0)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "flow",
    [
        HeatFlow(0.3, 4, tol=1e-12),
        ImplicitEuler(0.3, 4, tol=1e-13),
        ExplicitEuler(0.1, 1),
        ExplicitEuler(0.1, 40),
    ],
)
def test_any_flow_on_sparse_and_dense_graphs(kind, flow):
    w = weights(kind, 9)
    x, rows = features(9), torch.tensor([7, 0, 7])
    for operator in (
        SparseLaplacian(sparse(w), dtype=torch.float64),
        DenseLaplacian(torch.from_numpy(w)),
    ):
        expected = diffuse(operator, x, flow)
        torch.testing.assert_close(flow_map(operator, flow) @ x, expected, atol=1e-10, rtol=0)
        torch.testing.assert_close(
            flow_map(operator, flow, rows) @ x, expected[rows], atol=1e-10, rtol=0
        )


def test_constants_stay_and_weights_are_not_negative():
    w = weights("none", 30)
    flow = ExplicitEuler(1.0 / laplacian(w).diagonal().max(), 200)
    s = flow_map(SparseLaplacian(sparse(w), dtype=torch.float64), flow)
    torch.testing.assert_close(s.sum(1), torch.ones(30, dtype=torch.float64))
    assert float(s.min()) >= 0.0


def test_single_precision_stays_single():
    w = weights("reversible", 12)
    flow = ExplicitEuler(0.9, 300)
    single = flow_map(SparseLaplacian(sparse(w)), flow)
    assert single.dtype == torch.float32
    double = flow_map(SparseLaplacian(sparse(w), dtype=torch.float64), flow)
    # Rounding grows with the number of steps, whether they are squared or walked.
    np.testing.assert_allclose(single, double, atol=300 * 1.2e-7)


def test_weights_can_be_learned_through_the_map():
    w = torch.from_numpy(weights("none", 4)).requires_grad_()
    assert torch.autograd.gradcheck(
        lambda w: flow_map(DenseLaplacian(w.square()), ExplicitEuler(0.1, 5)), (w,)
    )


def test_squaring_pays_for_many_steps_only():
    operator = SparseLaplacian(sparse(weights("none", 40, density=0.05)), dtype=torch.float64)
    assert module._squaring_pays(operator, ExplicitEuler(0.1, 1024))
    assert not module._squaring_pays(operator, ExplicitEuler(0.1, 3))
    assert not module._squaring_pays(operator, HeatFlow(0.1, 1024))


@pytest.mark.parametrize("rows", [None, torch.tensor([0])])
def test_an_unstable_step_is_refused(rows):
    operator = SparseLaplacian(sparse(weights("symmetric", 8)), dtype=torch.float64)
    for steps in (2, 2000):
        with pytest.raises(StabilityError):
            flow_map(operator, ExplicitEuler(100.0, steps), rows)
    grown = flow_map(operator, ExplicitEuler(100.0, 3, unstable="allow"), rows)
    assert float(grown.abs().max()) > 1e3


@pytest.mark.parametrize("row", [-1, 8])
def test_rows_that_do_not_exist_are_refused(row):
    operator = SparseLaplacian(sparse(weights("symmetric", 8)))
    with pytest.raises(InputError, match="rows must be from 0 to 7"):
        flow_map(operator, ExplicitEuler(0.1, 3), torch.tensor([0, row]))


def test_a_batch_of_graphs_is_refused():
    batch = DenseLaplacian(torch.from_numpy(np.stack([weights("none", 4)] * 2)))
    with pytest.raises(InputError, match="not of a batch"):
        flow_map(batch, ExplicitEuler(0.1, 3))
