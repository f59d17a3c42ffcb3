import numpy as np
import pytest
import scipy.sparse as sp
import torch
from torch import nn

from diffresnet import DiffResNet
from diffresnet.errors import InputError, StabilityError
from diffresnet.operators import as_laplacian
from graph_cases import features, weights

N = 14
W = weights("symmetric", N) / N


def net(**options):
    torch.manual_seed(0)
    return DiffResNet(5, 3, gamma=0.3, **options).double()


X = features(N, 5)


def test_is_algorithm_1():
    model = net(blocks=3, steps=4)
    operator = as_laplacian(sp.csr_array(W), dtype=torch.float64)
    x = X
    for block in model.blocks:
        x = block(x)
        for _ in range(4):
            x = x - 0.3 * operator.product(x)
    np.testing.assert_allclose(model(X, W).detach(), model.classifier(x).detach(), atol=1e-10)
    np.testing.assert_allclose(model.features(X, W).detach(), x.detach(), atol=1e-10)


def test_no_steps_are_no_diffusion():
    model = net(blocks=2, steps=0)
    x = model.blocks[1](model.blocks[0](X))
    for graph in (None, W, sp.csr_array(W)):
        np.testing.assert_allclose(
            model(X, graph).detach(), model.classifier(x).detach(), atol=1e-12
        )


def test_no_blocks_are_a_linear_classifier():
    model = net(blocks=0)
    assert torch.equal(model(X, W), model.classifier(X))


@pytest.mark.parametrize("width", [None, 5, 8])
@pytest.mark.parametrize("hidden", [None, 6])
def test_widths(width, hidden):
    model = net(width=width, hidden=hidden)
    inside = width or 5
    assert model.features(X, W).shape == (N, inside)
    assert model.blocks[0].fc1.weight.shape == (hidden or inside, inside)
    assert isinstance(model.embed, nn.Identity) == (inside == 5)
    assert model(X, W).shape == (N, 3)


@pytest.mark.parametrize("method", ["euler", "heat", "implicit"])
@pytest.mark.parametrize("own", [False, True], ids=["given graph", "own graph"])
def test_permuting_points_permutes_the_scores(method, own):
    model = net(blocks=2, method=method)
    order = np.random.default_rng(0).permutation(N)
    scores = model(X, None if own else W)
    moved = model(X[order], None if own else W[order][:, order])
    np.testing.assert_allclose(moved.detach(), scores[order].detach(), atol=1e-5)


def test_each_form_of_graph_gives_the_same():
    model, expected = net(blocks=2), net(blocks=2)(X, W).detach()
    i, j = np.nonzero(W)
    index = torch.from_numpy(np.stack([j, i]))
    for graph in (
        (sp.csr_array(W),),
        (torch.from_numpy(W).to_sparse_csr(),),
        (index, torch.from_numpy(W[i, j])),
        (as_laplacian(W),),
    ):
        np.testing.assert_allclose(model(X, *graph).detach(), expected, atol=1e-5)


@pytest.mark.parametrize("given_", [False, True], ids=["own graphs", "given graphs"])
def test_tasks_of_a_batch_do_not_meet(given_):
    model = net(blocks=2)
    x = torch.stack([X, features(N, 5, seed=7), -X])
    w = torch.from_numpy(np.stack([W, weights("symmetric", N, 3) / N, weights("none", N, 4) / N]))
    scores = model(x, w if given_ else None)
    assert scores.shape == (3, N, 3)
    for b in range(3):
        alone = model(x[b], w[b] if given_ else None)
        np.testing.assert_allclose(scores[b].detach(), alone.detach(), atol=1e-6)


def test_every_parameter_gets_a_gradient():
    model = net(blocks=2, width=7, learn_gamma=True)
    model(X, W).square().sum().backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None, name
        assert float(parameter.grad.abs().sum()) > 0, name


def test_training_lowers_the_loss():
    torch.manual_seed(0)
    model = DiffResNet(5, 3)
    y = torch.arange(N) % 3
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    losses = []
    for _ in range(30):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(X.float(), W), y)
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < 0.9 * losses[0]


def test_half_precision_diffuses_in_single():
    model = net().half()
    exact = net().float()
    exact.load_state_dict(model.state_dict())
    x = X.half()
    scores = model(x, W)
    assert scores.dtype == torch.float16
    np.testing.assert_allclose(scores.detach().float(), exact(x.float(), W).detach(), atol=0.02)


def test_state_dict():
    model, other = net(learn_gamma=True), DiffResNet(5, 3, learn_gamma=True).double()
    other.load_state_dict(model.state_dict())
    assert torch.equal(model(X, W), other(X, W))
    assert float(other.diffusion.gamma.detach()) == pytest.approx(0.3)


def test_unstable():
    with pytest.raises(StabilityError):
        net()(X, 1e3 * W)
    assert net(unstable="allow")(X, 1e3 * W).shape == (N, 3)


@pytest.mark.parametrize(("in_features", "classes", "blocks"), [(0, 3, 1), (5, 0, 1), (5, 3, -1)])
def test_bad_sizes(in_features, classes, blocks):
    with pytest.raises(InputError, match="must be at least 1, blocks at least 0"):
        DiffResNet(in_features, classes, blocks=blocks)
