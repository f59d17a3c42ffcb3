from unittest.mock import patch

import numpy as np
import scipy.sparse as sp
import torch
from hypothesis import given
from hypothesis import strategies as st

from diffresnet.graphs.layers import sparsity_pattern as pattern_module
from diffresnet.graphs.layers.linear import Features, propagate
from diffresnet.graphs.layers.sparsity_pattern import Pattern
from diffresnet_lab.nodes.models.members import linear_parameters
from node_cases import node_data


@st.composite
def patterns(draw):
    """A pattern with empty rows and columns, where its entries are, and batches."""
    r, c = draw(st.integers(1, 7)), draw(st.integers(1, 7))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    there = rng.random((r, c)) < draw(st.sampled_from([0.0, 0.4, 1.0]))
    return Pattern(sp.csr_array(there * 1.0)), there, draw(st.integers(1, 3)), rng


def normal(rng, *shape):
    return torch.from_numpy(rng.normal(size=shape)).requires_grad_()


def dense(values, there):
    """(b, r, c) with the values where the entries are."""
    full = torch.zeros(len(values), *there.shape, dtype=values.dtype)
    full[:, torch.from_numpy(there)] = values
    return full


@given(patterns())
def test_product(case):
    pattern, there, b, rng = case
    values, x = normal(rng, b, len(pattern)), normal(rng, b, there.shape[1], 3)
    torch.testing.assert_close(pattern.product(values, x), dense(values, there) @ x)


@given(patterns())
def test_dots(case):
    pattern, there, b, rng = case
    y, x = normal(rng, b, there.shape[0], 3), normal(rng, b, there.shape[1], 3)
    expected = (y @ x.transpose(1, 2))[:, torch.from_numpy(there)]
    torch.testing.assert_close(pattern.dots(y, x), expected)


@given(patterns(), st.integers(1, 20))
def test_dots_are_gathered_some_at_a_time(case, numbers):
    pattern, there, b, rng = case
    y, x = normal(rng, b, there.shape[0], 3), normal(rng, b, there.shape[1], 3)
    with patch.object(pattern_module, "CHUNK", numbers):
        found = pattern.dots(y, x)
    assert torch.equal(found, pattern.dots(y, x))


@given(patterns())
def test_ends(case):
    pattern, there, b, rng = case
    y, x = normal(rng, b, there.shape[0]), normal(rng, b, there.shape[1])
    expected = (y[:, :, None] + x[:, None])[:, torch.from_numpy(there)]
    torch.testing.assert_close(pattern.ends(y, x), expected)


@given(patterns(), st.sampled_from([1.0, 1000.0]))
def test_softmax(case, scale):
    pattern, there, b, rng = case
    scores = normal(rng, b, len(pattern)) * scale
    full = dense(scores, there).masked_fill(~torch.from_numpy(there), -torch.inf)
    expected = torch.softmax(full, 2)[:, torch.from_numpy(there)]
    torch.testing.assert_close(pattern.softmax(scores), expected)


@given(patterns())
def test_maximum(case):
    pattern, there, b, rng = case
    x = normal(rng, b, there.shape[1], 3)
    full = x.detach()[:, None].expand(-1, there.shape[0], -1, -1)
    full = full.masked_fill(~torch.from_numpy(there)[:, :, None], -torch.inf).amax(2)
    expected = torch.where(torch.from_numpy(there.any(1))[:, None], full, 0.0)
    torch.testing.assert_close(pattern.maximum(x).detach(), expected)


@given(patterns())
def test_gradients(case):
    pattern, there, b, rng = case
    values, y = normal(rng, b, len(pattern)), normal(rng, b, there.shape[0], 2)
    x, ends = normal(rng, b, there.shape[1], 2), normal(rng, b, there.shape[0])
    if len(pattern) == 0:  # nothing that a gradient could go to
        return
    assert torch.autograd.gradcheck(pattern.product, (values, x))
    assert torch.autograd.gradcheck(pattern.dots, (y, x))
    assert torch.autograd.gradcheck(pattern.softmax, values)
    assert torch.autograd.gradcheck(pattern.row_sums, values)
    assert torch.autograd.gradcheck(pattern.ends, (ends, x[..., 0].detach().requires_grad_()))
    assert torch.autograd.gradcheck(pattern.maximum, x)


def test_batches_of_changing_number():
    there = np.array([[True, True], [False, True]])
    pattern, rng = Pattern(sp.csr_array(there * 1.0)), np.random.default_rng(0)
    for b in (3, 1, 3, 2):
        values, x = normal(rng, b, 3), normal(rng, b, 2, 4)
        torch.testing.assert_close(pattern.product(values, x), dense(values, there) @ x)


def test_features_times_weights():
    data = node_data()
    weight = torch.randn(3, 24, 5, requires_grad=True)
    plain = Features(data)(weight)
    torch.testing.assert_close(plain, data.dense_x @ weight)
    plain.square().sum().backward()
    expected = 2 * data.dense_x.T @ plain.detach()
    torch.testing.assert_close(weight.grad, expected)


def test_dropped_features():
    data = node_data()
    torch.manual_seed(0)
    # With the identity for weights the dropped features themselves come out.
    dropped = Features(data)(torch.eye(24).repeat(50, 1, 1), 0.75)
    kept = dropped != 0
    there = (data.dense_x != 0).expand_as(kept)
    assert not bool((kept & ~there).any())
    torch.testing.assert_close(dropped[kept], 4 * data.dense_x.expand_as(kept)[kept])
    assert abs(float(kept[there].double().mean()) - 0.25) < 0.01
    assert not bool((dropped[0] == dropped[1]).all()), "each member drops its own"


def test_gradient_through_dropped_features():
    data = node_data()
    weight = torch.randn(2, 24, 5, requires_grad=True)
    torch.manual_seed(3)
    product = Features(data)(weight, 0.5)
    upstream = torch.randn_like(product)
    product.backward(upstream)
    torch.manual_seed(3)
    same = Features(data)(torch.eye(24).repeat(2, 1, 1), 0.5)
    torch.testing.assert_close(product.detach(), same @ weight.detach())
    torch.testing.assert_close(weight.grad, same.transpose(1, 2) @ upstream)


def test_propagate_against_dense():
    data = node_data()
    z = torch.randn(3, len(data), 4, requires_grad=True)
    smooth = torch.from_numpy(data.citation.toarray()).float()
    moved = propagate(data.propagation, z)
    torch.testing.assert_close(moved, smooth @ z)
    upstream = torch.randn_like(moved)
    moved.backward(upstream)
    torch.testing.assert_close(z.grad, smooth.T @ upstream)


def test_linear_parameters_of_a_seed():
    device = torch.device("cpu")
    weight, bias = linear_parameters([5, 9], 16, 3, device)
    assert weight.shape == (2, 16, 3)
    assert bias.shape == (2, 3)
    assert float(weight.detach().abs().max()) <= 0.25
    alone, _ = linear_parameters([9], 16, 3, device)
    torch.testing.assert_close(alone[0], weight[1])
