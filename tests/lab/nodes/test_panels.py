import pytest
import scipy.sparse
import torch
from hypothesis import given
from hypothesis import strategies as st

from diffresnet.graphs.layers.sparse_features import SparseProduct
from diffresnet.operators.matrix import SparseMatrix
from diffresnet_lab.nodes.models import panels as module
from diffresnet_lab.nodes.models.first_block import FirstBlock
from diffresnet_lab.nodes.models.panels import (
    FeaturePanels,
    PanelDropout,
    PanelMap,
    from_panels,
    panel_width,
    to_panels,
)

CPU = torch.device("cpu")


class Averages(PanelMap):
    """A dense matrix, times the number of the panel."""

    def __init__(self, rows, n):
        self.matrix = torch.randn(rows, n, dtype=torch.float64)

    def forward(self, panel, index):
        return (index + 1) * self.matrix @ panel

    def backward(self, grad, index):
        return (index + 1) * self.matrix.T @ grad


@given(st.integers(1, 3), st.integers(1, 5), st.integers(1, 20), st.integers(1, 8))
def test_panels_and_back(m, f, g, width):
    matrix = torch.randn(m, f, g)
    panels = to_panels(matrix, width)
    assert panels.shape == (m, -(-g // width), f, width)
    assert panels.is_contiguous()
    assert torch.equal(from_panels(panels, g), matrix)


def test_a_panel_is_no_wider_than_there_are_columns():
    assert panel_width(7, 10, CPU) == 7
    assert panel_width(1000, 10, CPU) == module.PANEL
    assert panel_width(1000, 10, torch.device("meta")) == 1000


def test_a_panel_of_many_nodes_is_narrower():
    fits = module.PANEL_BYTES // (4 * 64)
    assert panel_width(1000, fits, CPU) == 64
    assert panel_width(1000, fits + 1, CPU) == module.NARROW
    assert panel_width(1000, 10**9, CPU) == module.NARROW
    assert panel_width(7, 10**9, CPU) == 7


@given(st.integers(1, 9), st.integers(1, 20), st.integers(1, 8), st.sampled_from([0.01, 0.5]))
def test_features_are_added_whether_sparse_or_dense(n, f, width, density):
    features = scipy.sparse.random_array((n, f), density=density, rng=0, format="csr")
    added = FeaturePanels(features, width, CPU)
    for index, low in enumerate(range(0, f, width)):
        dense = torch.from_numpy(features[:, low : low + width].toarray())
        z = torch.randn(dense.shape, dtype=torch.float64)
        before = z.clone()
        torch.testing.assert_close(added.add_to(z, index), z + dense)
        assert torch.equal(z, before)


def test_dropout_is_its_own_transpose_and_nothing_at_0():
    x = torch.ones(50, 4)
    assert PanelDropout(0.0).forward(x, 0) is x
    drop = PanelDropout(0.5, seed=3)
    once, again, other = (drop.forward(x.clone(), index) for index in (0, 0, 1))
    assert torch.equal(once, again)
    assert not torch.equal(once, other)
    assert set(once.unique().tolist()) == {0.0, 2.0}
    assert torch.equal(drop.backward(x.clone(), 0), once)


@pytest.mark.parametrize(("replicas", "width", "panel"), [(1, 5, 5), (2, 7, 3), (3, 6, 2)])
@pytest.mark.parametrize("density", [0.02, 0.6])
@pytest.mark.parametrize("validated", [False, True])
def test_first_block_scores_and_gradients_are_those_of_the_dense_network(
    replicas, width, panel, density, validated
):
    n, k, classes = 11, 4, 3
    features = scipy.sparse.random_array((n, width), density=density, rng=1, format="csr")
    features = scipy.sparse.csr_array(features)
    dense = torch.from_numpy(features.toarray())
    generator = torch.Generator().manual_seed(0)

    def drawn(*shape):
        return torch.randn(shape, dtype=torch.float64, generator=generator, requires_grad=True)

    weight, bias = drawn(replicas, width, width), drawn(replicas, width)
    head, moved = drawn(replicas, width, classes), Averages(k, n)
    upstream = torch.randn(replicas, k, classes, dtype=torch.float64)
    cut = to_panels(weight.detach(), panel).requires_grad_()
    x = SparseMatrix.from_scipy(features, dtype=torch.float64)
    block = FirstBlock(SparseProduct(x), FeaturePanels(features, panel, CPU))
    with torch.no_grad():  # what it has seen with older weights is not used again
        block(cut, bias, head, moved)
        cut.mul_(1.0)
        if validated:
            block(cut, bias, head, moved)
    scores = block(cut, bias, head, moved)
    found = torch.autograd.grad(scores, [cut, bias, head], upstream)

    z = dense + torch.relu(dense @ weight + bias[:, None])
    per_panel = -(-width // panel)
    expected = torch.zeros(replicas, k, classes, dtype=torch.float64)
    for replica in range(replicas):
        for p in range(per_panel):
            columns = slice(p * panel, (p + 1) * panel)
            part = moved.forward(z[replica][:, columns], replica * per_panel + p)
            expected[replica] = expected[replica] + part @ head[replica, columns]
    wanted = torch.autograd.grad(expected, [weight, bias, head], upstream)
    torch.testing.assert_close(scores, expected)
    torch.testing.assert_close(from_panels(found[0], width), wanted[0])
    torch.testing.assert_close(found[1:], wanted[1:])
    assert not bool(found[0][:, -1, :, width - (per_panel - 1) * panel :].any())


def test_a_step_is_seen_and_products_are_saved_after_a_validation(monkeypatch):
    features = scipy.sparse.csr_array(scipy.sparse.random_array((6, 4), density=0.5, rng=0))
    x = SparseMatrix.from_scipy(features, dtype=torch.float64)
    block = FirstBlock(SparseProduct(x), FeaturePanels(features, 4, CPU))
    products = []
    call = SparseMatrix.__call__
    monkeypatch.setattr(SparseMatrix, "__call__", lambda m, y: products.append(1) or call(m, y))
    weight = torch.randn(1, 1, 4, 4, dtype=torch.float64, requires_grad=True)
    bias = torch.zeros(1, 4, dtype=torch.float64, requires_grad=True)
    head = torch.randn(1, 4, 2, dtype=torch.float64, requires_grad=True)

    def scores():
        return block(weight, bias, head, PanelDropout(0.0))

    with torch.no_grad():
        before = scores()
    training = scores()
    assert torch.equal(training, before)
    assert len(products) == 1
    with torch.no_grad():
        weight += 1.0
        after = scores()
    assert len(products) == 2
    assert not torch.equal(after, before)
    with torch.no_grad():
        weight.data = weight.detach().clone() + 1.0
    assert not torch.equal(scores(), after)
