import numpy as np
import pytest
import torch
from torch.autograd import gradcheck, gradgradcheck

from diffresnet.errors import InputError
from diffresnet.flow import ExplicitEuler, HeatFlow, ImplicitEuler, diffuse
from diffresnet.operators import DenseLaplacian, as_laplacian
from diffresnet.operators import sparse as sparse_module
from graph_cases import KINDS, features, sparse, weights

FLOWS = {
    "euler": ExplicitEuler(0.15, 3),
    "euler, one step": ExplicitEuler(0.15, 1),
    "euler, no step": ExplicitEuler(0.15, 0),
    "heat": HeatFlow(0.15, 3, tol=1e-13),
    "implicit": ImplicitEuler(0.15, 2, tol=1e-14),
}
GRAPHS = (*KINDS, "dense symmetric", "dense none", "batch none")


def operator_of(graph, n=6):
    if graph.startswith("dense"):
        return DenseLaplacian(torch.from_numpy(weights(graph.split()[1], n)))
    if graph.startswith("batch"):
        w = [weights(graph.split()[1], n, seed) for seed in range(2)]
        return DenseLaplacian(torch.from_numpy(np.stack(w)))
    return as_laplacian(sparse(weights(graph, n)), dtype=torch.float64)


def inputs(operator, d=2):
    x = torch.from_numpy(np.random.default_rng(2).normal(size=(*operator.shape[:-1], d)))
    return x.requires_grad_(), torch.tensor(0.15, dtype=torch.float64, requires_grad=True)


@pytest.mark.parametrize("flow", FLOWS.values(), ids=FLOWS)
@pytest.mark.parametrize("graph", GRAPHS)
class TestGradients:
    def test_in_x(self, graph, flow):
        operator = operator_of(graph)
        x, _ = inputs(operator)
        assert gradcheck(lambda x: diffuse(operator, x, flow), (x,))

    def test_in_gamma(self, graph, flow):
        operator = operator_of(graph)
        x, gamma = inputs(operator)
        assert gradcheck(lambda g: diffuse(operator, x.detach(), flow, g), (gamma,))

    def test_second_in_x(self, graph, flow):
        operator = operator_of(graph)
        x, _ = inputs(operator, 1)
        assert gradgradcheck(lambda x: diffuse(operator, x, flow), (x,))

    def test_second_in_x_and_gamma(self, graph, flow):
        operator = operator_of(graph)
        x, gamma = inputs(operator, 1)
        assert gradgradcheck(lambda x, g: diffuse(operator, x, flow, g), (x, gamma))


@pytest.mark.parametrize("flow", FLOWS.values(), ids=FLOWS)
@pytest.mark.parametrize("kind", KINDS)
def test_backward_is_the_flow_of_the_transpose(kind, flow):
    w = torch.from_numpy(weights(kind, 9))
    matrix = torch.diag(w.sum(1)) - w
    if isinstance(flow, HeatFlow):
        dense = torch.linalg.matrix_exp(-flow.time * matrix)
    else:
        eye = torch.eye(9, dtype=torch.float64)
        one = eye - flow.gamma * matrix
        if isinstance(flow, ImplicitEuler):
            one = torch.linalg.inv(eye + flow.gamma * matrix)
        dense = torch.linalg.matrix_power(one, flow.steps)
    x = features(9).requires_grad_()
    upstream = features(9, seed=5)
    out = diffuse(as_laplacian(sparse(w.numpy()), dtype=torch.float64), x, flow)
    np.testing.assert_allclose(out.detach(), (dense @ x).detach(), atol=1e-9)
    (actual,) = torch.autograd.grad(out, x, upstream)
    np.testing.assert_allclose(actual, dense.T @ upstream, atol=1e-9)
    if kind != "symmetric" and flow.steps > 0:
        assert float((dense @ upstream - dense.T @ upstream).abs().max()) > 1e-3


@pytest.mark.parametrize("flow", FLOWS.values(), ids=FLOWS)
@pytest.mark.parametrize("kind", ["symmetric", "none"])
def test_learned_weights(kind, flow):
    w = torch.from_numpy(weights(kind, 5)).requires_grad_()
    x = features(5, 2).requires_grad_()

    def through(w, x):
        # gradcheck moves one entry at a time, also those that are zero, and below.
        return diffuse(DenseLaplacian(w.square()), x, flow)

    assert gradcheck(through, (w, x), atol=1e-5)


def test_learned_weights_of_a_batch():
    w = torch.from_numpy(np.stack([weights("none", 4, s) for s in range(2)])).requires_grad_()
    x = torch.stack([features(4, 2), features(4, 2, seed=3)])
    assert gradcheck(lambda w: diffuse(DenseLaplacian(w.square()), x, FLOWS["euler"]), (w,))


def test_learning_both_gamma_and_weights_is_refused():
    w = torch.from_numpy(weights("none", 4)).requires_grad_()
    with pytest.raises(InputError, match="either gamma or the weights"):
        diffuse(DenseLaplacian(w), features(4), FLOWS["euler"], torch.tensor(0.1))


def test_gamma_tensor_replaces_that_of_the_flow():
    operator, x = operator_of("none"), features(6)
    out = diffuse(operator, x, ExplicitEuler(9.0, 2), torch.tensor(0.1, dtype=torch.float64))
    assert torch.allclose(out, diffuse(operator, x, ExplicitEuler(0.1, 2)))


def test_negative_gamma_tensor_is_refused():
    with pytest.raises(InputError, match="gamma must be a finite number >= 0"):
        diffuse(operator_of("none"), features(6), FLOWS["heat"], torch.tensor(-0.1))


def test_one_column_panels_change_nothing(monkeypatch):
    for kind in KINDS:
        operator = operator_of(kind)
        x, _ = inputs(operator, 40)
        for flow in FLOWS.values():
            whole = diffuse(operator, x, flow)
            (grad,) = torch.autograd.grad(whole.square().sum(), x)
            with monkeypatch.context() as patch:
                patch.setattr(sparse_module, "PANEL_BYTES", 1)
                cut = diffuse(operator, x, flow)
                (cut_grad,) = torch.autograd.grad(cut.square().sum(), x)
            np.testing.assert_allclose(cut.detach(), whole.detach(), atol=1e-12)
            np.testing.assert_allclose(cut_grad, grad, atol=1e-11)


@pytest.mark.parametrize("half", [torch.float16, torch.bfloat16])
@pytest.mark.parametrize("flow", FLOWS.values(), ids=FLOWS)
def test_half_precision_in_and_out(half, flow):
    operator = as_laplacian(sparse(weights("none", 8)))
    x = features(8, dtype=half).requires_grad_()
    out = diffuse(operator, x, flow)
    assert out.dtype == half
    # Computed in single precision: the one rounding is that of the result.
    assert torch.equal(out, diffuse(operator, x.detach().float(), flow).to(half))
    out.float().square().sum().backward()
    assert x.grad.dtype == half


def test_autocast_changes_nothing():
    operator = as_laplacian(sparse(weights("symmetric", 8)))
    dense = as_laplacian(weights("symmetric", 8))
    x = features(8, dtype=torch.float32)
    for one in (operator, dense):
        for flow in FLOWS.values():
            expected = diffuse(one, x, flow)
            with torch.autocast("cpu", torch.bfloat16):
                assert torch.equal(diffuse(one, x, flow), expected)


@pytest.mark.parametrize("flow", FLOWS.values(), ids=FLOWS)
def test_x_is_left_alone(flow):
    for graph in GRAPHS:
        operator = operator_of(graph)
        x = inputs(operator)[0].detach()
        before = x.clone()
        diffuse(operator, x, flow).add_(1.0)
        assert torch.equal(x, before)


@pytest.mark.parametrize(
    ("graph", "shape", "message"),
    [
        ("none", (5, 2), "features of 5 points cannot move on a graph of 6"),
        ("none", (3, 6, 2), "do not fit a graph"),
        ("batch none", (6, 2), "do not fit a graph"),
        ("batch none", (3, 6, 2), r"features \(3, 6, 2\) do not fit a graph \(2, 6, 6\)"),
    ],
)
def test_wrong_shapes(graph, shape, message):
    with pytest.raises(InputError, match=message):
        diffuse(operator_of(graph), torch.zeros(shape), FLOWS["euler"])
