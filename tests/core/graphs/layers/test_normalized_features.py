"""Rows of length 1, centred or not, times weights, against dense arithmetic in float64."""

from dataclasses import replace

import hypothesis.strategies as st
import numpy as np
import pytest
import scipy.sparse
import torch
from hypothesis import given, settings

from diffresnet.graphs.layers.normalized_features import NormalizedFeatures
from node_cases import node_data


def with_features(x):
    """The graph of the other tests, with other features."""
    return replace(node_data(), features=scipy.sparse.csr_array(np.asarray(x, dtype=np.float32)))


def dense(x, rows):
    """What `NormalizedFeatures` says it multiplies by."""
    x = np.asarray(x, dtype=np.float64)
    empty = ~x.any(axis=1)
    if rows == "raw":
        return x
    x = x / np.where(empty, 1.0, np.linalg.norm(x, axis=1))[:, None]
    if rows == "centred":
        x = x - x.mean(axis=0)
        length = np.linalg.norm(x, axis=1)
        x = x / np.where(length > 1e-4, length, np.inf)[:, None]
        x[empty] = 0.0
    return x


def random_rows(seed):
    rng = np.random.default_rng(seed)
    n = len(node_data())
    x = rng.integers(0, 5, size=(n, 6)) * (rng.random((n, 6)) < 0.6)
    x[rng.integers(n)] = 0
    return x


@pytest.mark.parametrize("rows", ["centred", "unit", "raw"])
@given(seed=st.integers(0, 10_000))
@settings(max_examples=25)
def test_product_is_the_dense_one(rows, seed):
    x = random_rows(seed)
    weight = torch.randn(3, 6, 4, generator=torch.Generator().manual_seed(seed))
    found = NormalizedFeatures(with_features(x), rows)(weight)
    np.testing.assert_allclose(found, dense(x, rows) @ weight.numpy(), atol=2e-5)


@pytest.mark.parametrize("rows", ["centred", "unit", "raw"])
def test_gradient_is_the_dense_one(rows):
    x = random_rows(1)
    weight = torch.randn(2, 6, 4, requires_grad=True)
    ours = NormalizedFeatures(with_features(x), rows)
    (gradient,) = torch.autograd.grad((ours(weight) ** 3).sum(), weight)
    oracle = weight.detach().double().requires_grad_()
    product = torch.from_numpy(dense(x, rows)) @ oracle
    (expected,) = torch.autograd.grad((product**3).sum(), oracle)
    torch.testing.assert_close(gradient.double(), expected, atol=1e-3, rtol=1e-4)


def test_what_all_nodes_have_in_common_makes_no_difference():
    """A constant column in rows of one length moves all of them alike."""
    rng = np.random.default_rng(0)
    x = rng.random((len(node_data()), 6))
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    weight = torch.randn(1, 7, 4)
    plain, shifted = (
        NormalizedFeatures(with_features(np.column_stack([x, np.full(len(x), c)])), "centred")(
            weight
        )
        for c in (0.0, 3.0)
    )
    torch.testing.assert_close(plain, shifted, atol=1e-4, rtol=1e-4)


def test_rows_that_are_all_alike_become_zero():
    """Not infinite: a row that is the mean has no direction left."""
    x = np.tile([1.0, 0.0, 2.0, 0.0, 0.0, 1.0], (len(node_data()), 1))
    assert not bool(NormalizedFeatures(with_features(x), "centred")(torch.randn(1, 6, 4)).any())


def test_dropped_entries_keep_the_expectation():
    torch.manual_seed(0)
    x, weight = random_rows(2), torch.randn(4000, 6, 1)
    weight[:] = weight[:1]
    ours = NormalizedFeatures(with_features(x), "centred")
    error = ours(weight, 0.5).mean(0) - ours(weight[:1])[0]
    assert float(error.abs().max()) < 0.15
