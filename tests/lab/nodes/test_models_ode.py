"""The continuous baselines against scipy's adaptive integration of the same equations, dense."""

import numpy as np
import pytest
import torch
from scipy.integrate import solve_ivp
from scipy.special import expit, softmax

from diffresnet_lab.nodes.models.cgnn import CGNN, CGNNConfig
from diffresnet_lab.nodes.models.gde import GDE, GDEConfig
from diffresnet_lab.nodes.models.grand import GRAND, GRANDConfig
from diffresnet_lab.nodes.models.ode import integrate
from node_cases import node_data

SEEDS = [1, 2]


def noisy(model):
    generator = torch.Generator().manual_seed(0)
    for parameter in model.parameters():
        parameter.data += 0.1 * torch.randn(parameter.shape, generator=generator)
    return model.eval()


def array(tensor, replica):
    return tensor[replica].detach().double().numpy()


def affine(z, layer, replica):
    return z @ array(layer.weight, replica) + array(layer.bias, replica)


def flow(velocity, start, time):
    """x(time), by an adaptive method to 1e-9."""

    def flat(_, x):
        return velocity(x.reshape(start.shape)).ravel()

    solved = solve_ivp(flat, (0, time), start.ravel(), rtol=1e-9, atol=1e-9)
    return solved.y[:, -1].reshape(start.shape)


def compare(model, data, oracle):
    scores = model(torch.arange(len(data))).detach()
    for replica in range(len(SEEDS)):
        np.testing.assert_allclose(scores[replica], oracle(replica), atol=2e-5)


@pytest.mark.parametrize("nonlinear", [False, True])
@pytest.mark.parametrize("rewired", [0, 6])
def test_grand(nonlinear, rewired):
    data = node_data(40)
    settings = GRANDConfig(nonlinear, rewired, 8, 6, 3, time=2.3, step=0.1, method="rk4")
    model = noisy(GRAND(data, settings, SEEDS))
    joined = np.zeros((40, 40), bool)
    joined[model.pattern.rows, model.pattern.columns] = True
    assert joined.diagonal().all()

    def attention(z, replica):
        query, key = affine(z, model.query, replica), affine(z, model.key, replica)
        heads = []
        for head in range(3):
            part = slice(2 * head, 2 * head + 2)
            scores = query[:, part] @ key[:, part].T / np.sqrt(2)
            heads.append(softmax(np.where(joined, scores, -np.inf), axis=1))
        return np.mean(heads, axis=0)

    def oracle(replica):
        start = affine(data.features.toarray(), model.first, replica)
        rate, beta = expit(array(model.alpha, replica)), array(model.beta, replica)
        first = attention(start, replica)

        def velocity(z):
            weights = attention(z, replica) if nonlinear else first
            return rate * (weights @ z - z) + beta * start

        return affine(np.maximum(flow(velocity, start, 2.3), 0), model.last, replica)

    compare(model, data, oracle)


def test_cgnn():
    data = node_data(40)
    model = noisy(CGNN(data, CGNNConfig(5, time=2.3, step=0.1, method="rk4"), SEEDS))

    def oracle(replica):
        start = affine(data.features.toarray(), model.first, replica)
        a = (
            expit(array(model.alpha, replica))
            / 2
            * (data.normalized_adjacency.toarray() - np.eye(40))
        )
        w = array(model.weight(), replica)

        def velocity(z):
            return a @ z + z @ w - z + start

        return affine(np.maximum(flow(velocity, start, 2.3), 0), model.last, replica)

    compare(model, data, oracle)


def test_the_weights_of_cgnn_are_symmetric_and_contract():
    model = noisy(CGNN(node_data(40), CGNNConfig(7), SEEDS))
    weight = model.weight().detach()
    torch.testing.assert_close(weight, weight.transpose(1, 2))
    values = torch.linalg.eigvalsh(weight)
    assert float(values.min()) >= -1e-5
    assert float(values.max()) <= 1 + 1e-5
    expected = model.eigenvalues.detach().clamp(0, 1).sort(1).values
    torch.testing.assert_close(values, expected, atol=1e-5, rtol=1e-5)


def test_gde():
    data = node_data(40)
    model = noisy(GDE(data, GDEConfig(6, step=0.05), SEEDS))
    smooth = data.normalized_adjacency.toarray()

    def convolve(z, layer, replica):
        return smooth @ (z @ array(layer.weight, replica)) + array(layer.bias, replica)

    def oracle(replica):
        def velocity(z):
            inner = np.logaddexp(0, convolve(z, model.inner, replica))
            return convolve(inner, model.outer, replica)

        start = np.maximum(convolve(data.features.toarray(), model.first, replica), 0)
        return convolve(flow(velocity, start, 1.0), model.last, replica)

    compare(model, data, oracle)


@pytest.mark.parametrize(("method", "order"), [("euler", 1), ("midpoint", 2), ("rk4", 4)])
def test_order_of_the_methods(method, order):
    start = torch.ones(1, dtype=torch.float64)
    exact = np.exp(-1.0)
    coarse, fine = (
        abs(float(integrate(lambda x: -x, start, 1.0, step, method)) - exact)
        for step in (0.1, 0.05)
    )
    assert np.log2(coarse / fine) == pytest.approx(order, abs=0.2)


@pytest.mark.parametrize(("time", "step", "calls"), [(1.0, 1.0, 1), (2.3, 1.0, 3), (0.4, 1.0, 1)])
def test_equal_steps_no_longer_than_asked(time, step, calls):
    seen = []

    def velocity(x):
        seen.append(1)
        return torch.ones_like(x)

    end = integrate(velocity, torch.zeros(2), time, step, "euler")
    torch.testing.assert_close(end, torch.full((2,), time))
    assert len(seen) == calls
