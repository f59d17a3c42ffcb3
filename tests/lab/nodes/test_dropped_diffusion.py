import numpy as np
import pytest
import scipy.sparse as sp
import torch
from hypothesis import given
from hypothesis import strategies as st

from diffresnet.graphs.layers.dropout_mask import drop_, mask_key
from diffresnet.operators import SparseLaplacian
from diffresnet_lab.nodes.models import panels as module
from diffresnet_lab.nodes.models.dropped_diffusion import dropped_diffusion


def graph(n, seed, symmetric=True):
    rng = np.random.default_rng(seed)
    w = sp.random_array((n, n), density=0.3, rng=rng).tocsr()
    return SparseLaplacian(w + w.T if symmetric else w)


def plain(laplacian, x, gamma, masks, rate):
    dense = laplacian.to_dense().double()
    for mask in masks.double():
        x = x * mask / (1.0 - rate)
        x = x - gamma * dense @ x
    return x


@given(
    st.integers(2, 30),
    st.integers(1, 9),
    st.integers(1, 4),
    st.sampled_from([0.0, 0.25, 0.5]),
    st.booleans(),
    st.integers(0, 2**31),
)
def test_it_is_the_plain_loop_with_the_same_masks(n, width, steps, rate, symmetric, seed):
    laplacian = graph(n, seed, symmetric)
    x = torch.from_numpy(np.random.default_rng(seed).normal(size=(n, width))).float()
    x.requires_grad_()
    moved = dropped_diffusion(laplacian, x, 0.1, steps, rate, seed)
    masks = torch.stack(
        [drop_(torch.ones(n, width), rate, mask_key(seed, 0, step)) for step in range(steps)]
    )
    reference = x.detach().double().requires_grad_()
    expected = plain(laplacian, reference, 0.1, masks, rate)
    torch.testing.assert_close(moved.double(), expected, rtol=1e-4, atol=1e-4)
    upstream = torch.randn(n, width)
    moved.backward(upstream)
    expected.backward(upstream.double())
    torch.testing.assert_close(x.grad.double(), reference.grad, rtol=1e-4, atol=1e-4)


def test_panels_have_masks_of_their_own_and_come_back_in_their_order(monkeypatch):
    monkeypatch.setattr(module, "PANEL", 3)
    laplacian = graph(20, 0)
    x = torch.ones(20, 7, requires_grad=True)
    moved = dropped_diffusion(laplacian, x, 0.0, 1, 0.5, 1)
    dropped = moved.detach() == 0.0
    assert not torch.equal(dropped[:, :3], dropped[:, 3:6])
    moved.sum().backward()  # where gamma is 0 the gradient is the mask itself
    torch.testing.assert_close(x.grad, moved.detach())


def test_as_many_entries_stay_as_said_and_the_mean_is_kept():
    x = torch.ones(400, 100)
    moved = dropped_diffusion(graph(400, 1), x, 0.0, 1, 0.35, 2)
    assert float((moved == 0).float().mean()) == pytest.approx(0.35, abs=0.01)
    assert float(moved.mean()) == pytest.approx(1.0, abs=0.02)


def test_no_steps_and_the_same_seed():
    x = torch.randn(5, 3)
    assert dropped_diffusion(graph(5, 0), x, 0.1, 0, 0.5, 0) is x
    first, again, other = (dropped_diffusion(graph(5, 0), x, 0.1, 2, 0.5, s) for s in (3, 3, 4))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
