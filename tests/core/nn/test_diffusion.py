import numpy as np
import pytest
import scipy.sparse as sp
import torch

from diffresnet import DiffusionLayer
from diffresnet.errors import InputError, StabilityError
from diffresnet.operators import DenseLaplacian, SparseLaplacian
from diffresnet.similarity import GraphSettings, dense_similarity
from graph_cases import features, laplacian, weights

N = 12
W = weights("none", N) / N
METHODS = ["euler", "heat", "implicit"]


def edges():
    i, j = np.nonzero(W)
    return torch.from_numpy(np.stack([j, i])), torch.from_numpy(W[i, j])


def forms():
    index, weight = edges()
    dense = torch.from_numpy(W)
    return {
        "scipy": (sp.csr_array(W),),
        "numpy": (W,),
        "torch dense": (dense,),
        "torch coo": (dense.to_sparse_coo(),),
        "torch csr": (dense.to_sparse_csr(),),
        "edge_index": (index, weight),
        "Laplacian": (SparseLaplacian(sp.csr_array(W), dtype=torch.float64),),
        "Laplacian in single precision": (SparseLaplacian(sp.csr_array(W)),),
        "dense Laplacian": (DenseLaplacian(dense),),
    }


@pytest.mark.parametrize("form", forms())
@pytest.mark.parametrize("method", METHODS)
def test_each_form_of_graph_gives_the_same(form, method):
    layer = DiffusionLayer(0.4, 3, method)
    expected = layer(features(N), W)
    assert float((expected - features(N)).abs().max()) > 0.01
    np.testing.assert_allclose(layer(features(N), *forms()[form]), expected, atol=1e-6)


def test_is_eq_7():
    out = DiffusionLayer(0.4, 3)(features(N), W)
    step = np.eye(N) - 0.4 * laplacian(W)
    np.testing.assert_allclose(out, step @ step @ step @ features(N).numpy(), atol=1e-12)


@pytest.mark.parametrize("method", METHODS)
def test_trailing_dimensions_move_together(method):
    layer = DiffusionLayer(0.4, 3, method)
    images = torch.randn(N, 3, 4, 5, generator=torch.Generator().manual_seed(0))
    expected = layer(images.reshape(N, -1), W).reshape(images.shape)
    assert torch.equal(layer(images, W), expected)
    np.testing.assert_allclose(layer(images[:, 0, 0, 0], W), expected[:, 0, 0, 0], atol=1e-6)
    # A layout that is not contiguous is no other picture.
    last = images.to(memory_format=torch.channels_last)
    np.testing.assert_allclose(layer(last, W), expected, atol=1e-6)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("kind", ["symmetric", "none"])
def test_batch_of_graphs(method, kind):
    w = torch.from_numpy(np.stack([weights(kind, 8, seed) / 8 for seed in range(3)]))
    x = torch.stack([features(8, seed=seed) for seed in range(3)])
    layer = DiffusionLayer(0.4, 3, method)
    for graph in (w, w.numpy(), DenseLaplacian(w)):
        out = layer(x, graph)
        assert out.shape == (3, 8, 3)
        for b in range(3):
            np.testing.assert_allclose(out[b], layer(x[b], w[b]), atol=1e-6)


def test_graph_of_the_batch_itself():
    x = features(30, 4, dtype=torch.float32)
    own = dense_similarity(x, GraphSettings.few_shot())
    assert torch.equal(DiffusionLayer()(x), DiffusionLayer()(x, own))
    settings = GraphSettings(n_neighbors=3)
    layer = DiffusionLayer(0.1, batch_graph=settings)
    assert torch.equal(layer(x), DiffusionLayer(0.1)(x, dense_similarity(x, settings)))


def test_graph_of_a_batch_of_images():
    x = torch.randn(20, 2, 3, 3, generator=torch.Generator().manual_seed(0))
    own = dense_similarity(x.flatten(1), GraphSettings.few_shot())
    assert torch.equal(DiffusionLayer()(x), DiffusionLayer()(x, own))


def test_gradient_through_the_graph_of_the_batch():
    x = features(20, 4, dtype=torch.float32).requires_grad_()
    DiffusionLayer()(x).square().sum().backward()
    # The weights are held fixed: the gradient is that of a linear map.
    own = dense_similarity(x, GraphSettings.few_shot())
    other = x.detach().clone().requires_grad_()
    DiffusionLayer()(other, own).square().sum().backward()
    assert torch.equal(x.grad, other.grad)


@pytest.mark.parametrize("shape", [(1, 3), (2, 3), (0, 3), (0, 2, 4, 4), (5,)])
def test_hardly_any_points(shape):
    x = torch.randn(shape)
    assert DiffusionLayer()(x).shape == shape


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_keeps_the_type(dtype):
    x = features(N, dtype=dtype)
    for arguments in forms().values():
        assert DiffusionLayer(0.1)(x, *arguments).dtype == dtype
    assert DiffusionLayer(0.1)(x).dtype == dtype


def test_autocast_keeps_the_graph():
    x = features(N, dtype=torch.float32)
    expected = DiffusionLayer()(x)
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(DiffusionLayer()(x), expected)


@pytest.mark.parametrize("method", METHODS)
def test_zero_strength_is_the_identity(method):
    for layer in (DiffusionLayer(0.0, 6, method), DiffusionLayer(0.5, 0, method)):
        np.testing.assert_allclose(layer(features(N), W), features(N), atol=1e-12)


@pytest.mark.parametrize("method", METHODS)
def test_learned_gamma(method):
    layer = DiffusionLayer(0.3, 4, method, learn_gamma=True)
    assert [name for name, _ in layer.named_parameters()] == ["gamma"]

    def loss(gamma):
        return float(DiffusionLayer(gamma, 4, method)(features(N), W).square().sum())

    layer(features(N), W).square().sum().backward()
    slope = (loss(0.301) - loss(0.299)) / 0.002
    assert float(layer.gamma.grad) == pytest.approx(slope, rel=1e-3)
    optimizer = torch.optim.SGD(layer.parameters(), lr=1e-3)
    optimizer.step()
    assert float(layer.gamma.detach()) > 0.3
    assert layer.flow().gamma == pytest.approx(float(layer.gamma.detach()))


def test_learned_gamma_on_a_batch():
    w = torch.from_numpy(np.stack([W, W.T]))
    layer = DiffusionLayer(0.3, learn_gamma=True)
    layer(torch.stack([features(N), features(N)]), w).square().sum().backward()
    assert float(layer.gamma.grad) != 0.0


def test_learned_weights():
    w = torch.from_numpy(W).requires_grad_()
    DiffusionLayer(0.3)(features(N), w).square().sum().backward()
    assert float(w.grad.abs().sum()) > 0


def test_state_dict():
    assert DiffusionLayer().state_dict() == {}
    layer, other = (DiffusionLayer(g, learn_gamma=True) for g in (0.3, 0.1))
    other.load_state_dict(layer.state_dict())
    assert float(other.gamma.detach()) == pytest.approx(0.3)
    assert torch.equal(other(features(N), W), layer(features(N), W))


def test_moves_with_its_module():
    layer = torch.nn.Sequential(DiffusionLayer(0.3, learn_gamma=True)).double()
    assert layer[0].gamma.dtype == torch.float64
    assert layer(features(N)).dtype == torch.float64


def test_says_what_it_is():
    assert repr(DiffusionLayer(0.25, 3)) == "DiffusionLayer(gamma=0.25, steps=3, method='euler')"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((-0.5,), "gamma must be a finite number >= 0, not -0.5"),
        ((float("nan"),), "gamma must be a finite number >= 0"),
        ((0.5, -1), "steps must be a whole number >= 0, not -1"),
        ((0.5, 1.5), "steps must be a whole number >= 0, not 1.5"),
        ((0.5, 6, "rk4"), 'method must be "euler", "heat" or "implicit", not .rk4.'),
    ],
)
@pytest.mark.usefixtures("unchecked")
def test_bad_settings(arguments, message):
    with pytest.raises(InputError, match=message):
        DiffusionLayer(*arguments)
    with pytest.raises(InputError, match=message):
        DiffusionLayer(*arguments, learn_gamma=True)


@pytest.mark.parametrize("kind", [torch.int64, torch.bool, torch.complex64])
@pytest.mark.usefixtures("unchecked")
def test_what_is_no_float_is_refused(kind):
    with pytest.raises(InputError, match="must be a tensor of floats, not"):
        DiffusionLayer()(torch.ones(4, 3).to(kind))
    with pytest.raises(InputError, match="must be a tensor of floats, not"):
        DiffusionLayer()(np.ones((4, 3), dtype=np.float32))


def test_gamma_that_was_learned_below_zero():
    layer = DiffusionLayer(0.3, learn_gamma=True)
    with torch.no_grad():
        layer.gamma.fill_(-0.1)
    with pytest.raises(InputError, match="gamma must be a finite number >= 0"):
        layer(features(N), W)


def test_unstable():
    graph = 100.0 * W
    with pytest.raises(StabilityError, match="take more and shorter steps, method='heat'"):
        DiffusionLayer(0.5)(features(N), graph)
    out = DiffusionLayer(0.5, unstable="allow")(features(N), graph)
    assert float(out.abs().max()) > 1e3
    assert float(DiffusionLayer(0.5, method="heat")(features(N), graph).abs().max()) < 10


@pytest.mark.parametrize(
    ("shape", "graph", "message"),
    [
        ((5, 3), W, "features of 5 points cannot move on a graph of 12"),
        ((5, 3), sp.csr_array(W), "features of 5 points cannot move on a graph of 12"),
        ((N, 3), np.stack([W, W]), "do not fit a graph"),
        ((N, 3), np.ones((3, 4)), r"must be \(n, n\)"),
        ((N, 3), [[0.0]], "not list"),
    ],
)
def test_wrong_graphs(shape, graph, message):
    with pytest.raises(InputError, match=message):
        DiffusionLayer()(torch.zeros(shape), graph)


def test_edges_beyond_the_points():
    with pytest.raises(InputError, match="outside 0 to 2"):
        DiffusionLayer()(torch.zeros(3, 2), torch.tensor([[0], [3]]))
