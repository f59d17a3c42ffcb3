from unittest.mock import patch

import numpy as np
import scipy.sparse as sp
import torch
from hypothesis import given
from hypothesis import strategies as st

from diffresnet.graphs.layers import sparsity_pattern as pattern_module
from diffresnet.graphs.layers.sparsity_pattern import SparsityPattern


@st.composite
def patterns(draw):
    """A pattern with empty rows and columns, where its entries are, and batches."""
    r, c = draw(st.integers(1, 7)), draw(st.integers(1, 7))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    there = rng.random((r, c)) < draw(st.sampled_from([0.0, 0.4, 1.0]))
    return SparsityPattern(sp.csr_array(there * 1.0)), there, draw(st.integers(1, 3)), rng


def normal(rng, *shape):
    return torch.from_numpy(rng.normal(size=shape)).requires_grad_()


def dense(values, there):
    """(b, r, c) with the values where the entries are."""
    full = torch.zeros(len(values), *there.shape, dtype=values.dtype)
    full[:, torch.from_numpy(there)] = values
    return full


@given(patterns())
def test_spmm(case):
    pattern, there, b, rng = case
    values, x = normal(rng, b, len(pattern)), normal(rng, b, there.shape[1], 3)
    torch.testing.assert_close(pattern.spmm(values, x), dense(values, there) @ x)


@given(patterns())
def test_sddmm(case):
    pattern, there, b, rng = case
    y, x = normal(rng, b, there.shape[0], 3), normal(rng, b, there.shape[1], 3)
    expected = (y @ x.transpose(1, 2))[:, torch.from_numpy(there)]
    torch.testing.assert_close(pattern.sddmm(y, x), expected)


@given(patterns(), st.integers(1, 20))
def test_sddmm_is_gathered_some_at_a_time(case, numbers):
    pattern, there, b, rng = case
    y, x = normal(rng, b, there.shape[0], 3), normal(rng, b, there.shape[1], 3)
    with patch.object(pattern_module, "CHUNK", numbers):
        found = pattern.sddmm(y, x)
    assert torch.equal(found, pattern.sddmm(y, x))


@given(patterns())
def test_edge_sum(case):
    pattern, there, b, rng = case
    y, x = normal(rng, b, there.shape[0]), normal(rng, b, there.shape[1])
    expected = (y[:, :, None] + x[:, None])[:, torch.from_numpy(there)]
    torch.testing.assert_close(pattern.edge_sum(y, x), expected)


@given(patterns(), st.sampled_from([1.0, 1000.0]))
def test_softmax(case, scale):
    pattern, there, b, rng = case
    scores = normal(rng, b, len(pattern)) * scale
    full = dense(scores, there).masked_fill(~torch.from_numpy(there), -torch.inf)
    expected = torch.softmax(full, 2)[:, torch.from_numpy(there)]
    torch.testing.assert_close(pattern.row_softmax(scores), expected)


@given(patterns())
def test_maximum(case):
    pattern, there, b, rng = case
    x = normal(rng, b, there.shape[1], 3)
    full = x.detach()[:, None].expand(-1, there.shape[0], -1, -1)
    full = full.masked_fill(~torch.from_numpy(there)[:, :, None], -torch.inf).amax(2)
    expected = torch.where(torch.from_numpy(there.any(1))[:, None], full, 0.0)
    torch.testing.assert_close(pattern.row_max(x).detach(), expected)


@given(patterns())
def test_gradients(case):
    pattern, there, b, rng = case
    values, y = normal(rng, b, len(pattern)), normal(rng, b, there.shape[0], 2)
    x, ends = normal(rng, b, there.shape[1], 2), normal(rng, b, there.shape[0])
    if len(pattern) == 0:  # nothing that a gradient could go to
        return
    assert torch.autograd.gradcheck(pattern.spmm, (values, x))
    assert torch.autograd.gradcheck(pattern.sddmm, (y, x))
    assert torch.autograd.gradcheck(pattern.row_softmax, values)
    assert torch.autograd.gradcheck(pattern.row_sum, values)
    assert torch.autograd.gradcheck(pattern.edge_sum, (ends, x[..., 0].detach().requires_grad_()))
    assert torch.autograd.gradcheck(pattern.row_max, x)


def test_batches_of_changing_number():
    there = np.array([[True, True], [False, True]])
    pattern, rng = SparsityPattern(sp.csr_array(there * 1.0)), np.random.default_rng(0)
    for b in (3, 1, 3, 2):
        values, x = normal(rng, b, 3), normal(rng, b, 2, 4)
        torch.testing.assert_close(pattern.spmm(values, x), dense(values, there) @ x)


def test_it_moves_as_part_of_a_module():
    pattern = SparsityPattern(sp.csr_array(np.eye(3)))
    values, x = torch.ones(1, 3), torch.ones(1, 3, 2)
    pattern.spmm(values, x)
    moved = torch.nn.ModuleList([pattern]).to("meta")[0]
    assert all(buffer.device.type == "meta" for buffer in moved.buffers())
    assert not moved.state_dict(), "the graph is not part of what is learned"
    assert moved.row_sum(values.to("meta")).device.type == "meta"
