import numpy as np
import pytest
import torch

from diffresnet.errors import InputError
from diffresnet.operators import DenseLaplacian
from graph_cases import features, laplacian, weights
from laplacian_contract import LaplacianContract


class DenseContract(LaplacianContract):
    def make(self, w):
        return DenseLaplacian(torch.from_numpy(w).to(self.dtype))


class TestBatchSymmetric(DenseContract):
    symmetry = "symmetric"

    def weights(self):
        return np.stack([weights("symmetric", 9, seed) for seed in range(3)])


class TestBatchSymmetricFloat32(TestBatchSymmetric):
    dtype = torch.float32


class TestBatchNotSymmetric(DenseContract):
    symmetry = "none"

    def weights(self):
        return np.stack([weights("none", 9, seed) for seed in range(3)])


class TestBatchNotSymmetricFloat32(TestBatchNotSymmetric):
    dtype = torch.float32


class TestBatchMixed(DenseContract):
    """One graph of the batch is symmetric, the other is not: the batch is not."""

    symmetry = "none"

    def weights(self):
        return np.stack([weights("symmetric", 7), weights("none", 7)])


class TestSingleGraph(DenseContract):
    symmetry = "symmetric"

    def weights(self):
        return weights("symmetric", 10)


class TestSelfLoops(DenseContract):
    symmetry = "symmetric"

    def weights(self):
        w = np.stack([weights("symmetric", 8, seed) for seed in range(2)])
        w[:, np.arange(8), np.arange(8)] = 3.0
        return w


class TestHeavySelfLoops(DenseContract):
    symmetry = "symmetric"
    dtype = torch.float32

    def weights(self):
        w = np.stack([weights("symmetric", 8, seed) for seed in range(2)])
        w[:, np.arange(8), np.arange(8)] = 1e9
        return w


class TestIsolatedPoints(DenseContract):
    symmetry = "symmetric"

    def weights(self):
        w = np.stack([weights("symmetric", 8, seed) for seed in range(2)])
        w[:, 2] = w[:, :, 2] = 0.0
        w[1] = 0.0
        return w


class TestSinglePoint(DenseContract):
    symmetry = "symmetric"

    def weights(self):
        return np.zeros((4, 1, 1))


class TestBeyondExactEigenvalues(DenseContract):
    """Past the size up to which all eigenvalues are computed."""

    symmetry = "symmetric"

    def weights(self):
        return np.stack([weights("symmetric", 90, seed, density=0.2) for seed in range(2)])


class TestBeyondExactEigenvaluesNotSymmetric(DenseContract):
    symmetry = "none"

    def weights(self):
        return np.stack([weights("none", 70, seed, density=0.2) for seed in range(2)])


@pytest.mark.parametrize(
    ("w", "message"),
    [
        (torch.ones(2, 3), r"must be \(n, n\) or \(b, n, n\), this one is \(2, 3\)"),
        (torch.tensor([[0.0, torch.nan], [1.0, 0.0]]), "NaN or infinite"),
        (torch.tensor([[0.0, torch.inf], [1.0, 0.0]]), "NaN or infinite"),
        (torch.tensor([[0.0, -1.0], [1.0, 0.0]]), "negative weights"),
    ],
)
def test_bad_weights(w, message):
    # Shapes that the annotation refuses under test are refused by the message without it.
    from diffresnet.operators.prepare import as_laplacian

    with pytest.raises(InputError, match=message):
        as_laplacian(w)


def test_a_batch_holds_the_same_points_in_every_column():
    operator = DenseLaplacian(torch.from_numpy(weights("symmetric", 5)))
    fixed = torch.zeros(5, 3, dtype=torch.bool)
    with pytest.raises(InputError, match="same points fixed in every column"):
        operator.solve(features(5), 1.0, 1e-6, fixed)


def test_gradient_reaches_the_weights():
    w = torch.from_numpy(weights("none", 5)).requires_grad_()
    operator = DenseLaplacian(w)
    assert operator.requires_grad
    x = features(5)
    (expected,) = torch.autograd.grad(((torch.diag(w.sum(1)) - w) @ x).square().sum(), w)
    (actual,) = torch.autograd.grad(operator.product(x).square().sum(), w)
    # A self-loop cancels: moving it changes nothing.
    assert torch.equal(actual.diagonal(), torch.zeros(5, dtype=torch.float64))
    np.testing.assert_allclose(actual, expected, atol=1e-12)


def test_stated_symmetry_is_taken():
    w = torch.from_numpy(weights("symmetric", 5))
    assert DenseLaplacian(w, symmetry="none").symmetry == "none"


def test_matches_the_oracle_at_every_batch_size():
    for b in (0, 1, 4):
        w = np.stack([weights("none", 6, s) for s in range(b)]) if b else np.zeros((0, 6, 6))
        operator = DenseLaplacian(torch.from_numpy(w))
        np.testing.assert_allclose(operator.to_dense().numpy(), laplacian(w), atol=1e-12)
