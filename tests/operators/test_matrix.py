import numpy as np
import pytest
import scipy.sparse as sp
import torch

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
