import numpy as np
import pytest
import scipy.sparse as sp
import torch
from hypothesis import given
from hypothesis import strategies as st

from diffresnet.operators.matrix import SparseMatrix
from graph_cases import features


def both(n=12, dtype=torch.float64, seed=0):
    rng = np.random.default_rng(seed)
    dense = rng.normal(size=(n, n)) * (rng.random((n, n)) < 0.3)
    dense[4] = 0.0
    csr = sp.csr_array(dense)
    return dense, SparseMatrix(
        torch.from_numpy(csr.indptr.astype(np.int32)),
        torch.from_numpy(csr.indices.astype(np.int32)),
        torch.from_numpy(csr.data).to(dtype),
    )


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("d", [1, 2, 9])
def test_product(dtype, d):
    dense, matrix = both(dtype=dtype)
    x = features(12, d, dtype=dtype)
    np.testing.assert_allclose(matrix(x), dense @ x.double().numpy(), atol=1e-5)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_transpose(dtype):
    dense, matrix = both(dtype=dtype)
    x = features(12, dtype=dtype)
    np.testing.assert_allclose(matrix.transpose()(x), dense.T @ x.double().numpy(), atol=1e-5)


def test_columns_that_are_not_contiguous():
    dense, matrix = both(dtype=torch.float32)
    x = features(3, 12, dtype=torch.float32).T
    np.testing.assert_allclose(matrix(x), dense @ x.double().numpy(), atol=1e-5)


def test_csr_shares_memory():
    _, matrix = both()
    assert matrix.csr.values().data_ptr() == matrix.values.data_ptr()
    assert matrix.n == 12


@st.composite
def rectangular(draw, dtype=None):
    """A dense matrix with empty rows and columns, the sparse one, and what to multiply."""
    r, c, d = draw(st.integers(1, 9)), draw(st.integers(1, 9)), draw(st.integers(1, 5))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    dense = rng.normal(size=(r, c)) * (rng.random((r, c)) < draw(st.sampled_from([0.0, 0.3, 1.0])))
    dtype = dtype or draw(st.sampled_from([torch.float32, torch.float64]))
    matrix = SparseMatrix.from_scipy(sp.csr_array(dense), dtype=dtype)
    return dense, matrix, d


@given(rectangular())
def test_rectangular_product_and_transpose(case):
    dense, matrix, d = case
    r, c = dense.shape
    right, left = (features(k, d, dtype=matrix.values.dtype) for k in (c, r))
    product, transposed = matrix(right), matrix.transpose()(left)
    assert product.shape == (r, d)
    assert transposed.shape == (c, d)
    assert product.dtype == matrix.values.dtype
    np.testing.assert_allclose(product, dense @ right.double().numpy(), atol=1e-5)
    np.testing.assert_allclose(transposed, dense.T @ left.double().numpy(), atol=1e-5)


@given(rectangular())
def test_transposing_twice_is_nothing(case):
    dense, matrix, _ = case
    twice = matrix.transpose().transpose()
    assert (twice.n, twice.columns) == dense.shape
    np.testing.assert_allclose(twice.csr.to_dense(), dense, atol=1e-6)


@given(rectangular(dtype=torch.float64))
def test_gradient_of_the_product(case):
    dense, matrix, d = case
    x = features(dense.shape[1], d).requires_grad_()
    assert torch.autograd.gradcheck(matrix.differentiable, x)
    assert torch.autograd.gradgradcheck(matrix.differentiable, x)


@given(rectangular())
def test_gradient_is_the_transposed_product(case):
    dense, matrix, d = case
    x = features(dense.shape[1], d, dtype=matrix.values.dtype).requires_grad_()
    upstream = features(dense.shape[0], d, seed=2, dtype=matrix.values.dtype)
    product = matrix.differentiable(x)
    np.testing.assert_array_equal(product.detach(), matrix(x.detach()))
    product.backward(upstream)
    np.testing.assert_allclose(x.grad, dense.T @ upstream.double().numpy(), atol=1e-5)


def test_no_gradient_where_none_is_wanted():
    _, matrix = both()
    assert not matrix.differentiable(features(12)).requires_grad
