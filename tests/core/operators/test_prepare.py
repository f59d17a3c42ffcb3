import numpy as np
import pytest
import scipy.sparse as sp
import torch

from diffresnet.errors import InputError
from diffresnet.operators import DenseLaplacian, SparseLaplacian, as_laplacian
from graph_cases import laplacian, weights

W = weights("none", 7)


def edges(w):
    """(2, e) edge_index and edge_weight: w[i, j] is the edge j -> i in column (j, i)."""
    i, j = np.nonzero(w)
    return torch.from_numpy(np.stack([j, i])), torch.from_numpy(w[i, j])


FORMS = {
    "scipy array": sp.csr_array(W),
    "scipy matrix": sp.coo_matrix(W),
    "torch coo": torch.from_numpy(W).to_sparse_coo(),
    "torch coo with duplicates": torch.sparse_coo_tensor(
        edges(W)[0].flip(0).repeat(1, 2), edges(W)[1].repeat(2) / 2, (7, 7), check_invariants=False
    ),
    "torch csr": torch.from_numpy(W).to_sparse_csr(),
    "torch csc": torch.from_numpy(W).to_sparse_csc(),
    "torch dense": torch.from_numpy(W),
    "torch dense float32": torch.from_numpy(W).float().double(),
    "numpy": W,
    "numpy, in the other order": np.asfortranarray(W),
    "operator": SparseLaplacian(sp.csr_array(W), dtype=torch.float64),
    "dense operator": DenseLaplacian(torch.from_numpy(W)),
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form(form):
    operator = as_laplacian(FORMS[form], dtype=torch.float64)
    np.testing.assert_allclose(operator.to_dense().numpy(), laplacian(W), atol=1e-6)


def test_edge_index():
    index, weight = edges(W)
    operator = as_laplacian(index, weight, dtype=torch.float64)
    np.testing.assert_allclose(operator.to_dense().numpy(), laplacian(W), atol=1e-12)


@pytest.mark.parametrize("dtype", [torch.int32, torch.int64])
def test_an_edge_lets_its_source_pull_its_target(dtype):
    operator = as_laplacian(torch.tensor([[0], [1]], dtype=dtype), dtype=torch.float64)
    assert operator.to_dense().tolist() == [[0.0, 0.0], [-1.0, 1.0]]


def test_edges_weigh_one_each_by_default_and_add_up():
    operator = as_laplacian(torch.tensor([[0, 0, 2], [1, 1, 1]]), dtype=torch.float64)
    assert operator.to_dense()[1].tolist() == [-2.0, 3.0, -1.0]


def test_num_nodes():
    assert as_laplacian(torch.tensor([[0], [1]]), num_nodes=5).shape == (5, 5)
    assert as_laplacian(torch.tensor([[0], [4]])).shape == (5, 5)


def test_no_edges():
    index = torch.empty(2, 0, dtype=torch.int64)
    assert as_laplacian(index, num_nodes=3).to_dense().abs().sum() == 0
    assert as_laplacian(index).shape == (0, 0)


def test_default_precision_is_single():
    assert as_laplacian(W).dtype == torch.float32
    assert as_laplacian(sp.csr_array(W)).dtype == torch.float32


def test_batch():
    w = np.stack([W, W.T])
    operator = as_laplacian(w, dtype=torch.float64)
    assert operator.shape == (2, 7, 7)
    np.testing.assert_allclose(operator.to_dense().numpy(), laplacian(w), atol=1e-12)


def test_dense_weights_keep_their_gradient():
    assert as_laplacian(torch.from_numpy(W).requires_grad_()).requires_grad


def test_read_only_array():
    w = W.copy()
    w.flags.writeable = False
    np.testing.assert_allclose(as_laplacian(w).to_dense().numpy(), laplacian(w), atol=1e-5)


def test_integers():
    w = (W > 0).astype(np.int64)
    np.testing.assert_allclose(as_laplacian(w).to_dense().numpy(), laplacian(w), atol=1e-5)


learned = torch.rand(3, 3, requires_grad=True)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((sp.csr_array(np.ones((2, 3))),), "must be square, this one is 2 x 3"),
        ((torch.ones(2, 3).to_sparse_coo(),), "must be square, this one is 2 x 3"),
        ((torch.ones(2, 3),), r"\(n, n\) or \(b, n, n\), this one is \(2, 3\)"),
        ((np.ones((2, 3)),), r"\(n, n\) or \(b, n, n\), this one is \(2, 3\)"),
        ((np.ones(3),), r"\(n, n\) or \(b, n, n\), this one is \(3,\)"),
        ((-np.ones((2, 2)),), "negative weights"),
        ((sp.csr_array(-np.ones((2, 2))),), "negative weights"),
        ((np.full((2, 2), np.nan),), "NaN or infinite"),
        ((sp.csr_array(np.full((2, 2), np.nan)),), "NaN or infinite"),
        ((torch.tensor([[0, 1, 2], [1, 2, 0], [0, 0, 0]]),), r"must be \(2, e\), .* \(3, 3\)"),
        ((torch.tensor([0, 1]),), r"must be \(2, e\), .* \(2,\)"),
        ((torch.tensor([[0], [-1]]),), "outside 0 to 0"),
        ((torch.tensor([[0], [1]]), torch.ones(2)), r"edge_weight must be \(1,\), .* \(2,\)"),
        ((torch.tensor([[0], [1]]), -torch.ones(1)), "negative weights"),
        ((torch.tensor([[0], [1]]), torch.tensor([torch.nan])), "NaN or infinite"),
        ((torch.tensor([[0], [1]]), torch.ones(1, requires_grad=True)), "held fixed; detach"),
        ((learned.to_sparse_coo(),), "held fixed; detach"),
        ((sp.csr_array(W), torch.ones(7)), "edge_weight goes with an edge_index"),
        ((torch.from_numpy(W), torch.ones(7)), "edge_weight goes with an edge_index"),
        ((torch.from_numpy(W).to_sparse_csr(), torch.ones(7)), "goes with an edge_index"),
        ((torch.ones(2, 2, 2).to_sparse_coo(),), "two dimensions; give a batch of graphs dense"),
        (("a graph",), "not str"),
        (([[0.0, 1.0], [1.0, 0.0]],), "not list"),
        ((None,), "not NoneType"),
    ],
)
def test_bad_graphs(arguments, message):
    with pytest.raises(InputError, match=message):
        as_laplacian(*arguments)


def test_index_out_of_range():
    with pytest.raises(InputError, match="names points outside 0 to 2"):
        as_laplacian(torch.tensor([[0], [3]]), num_nodes=3)
