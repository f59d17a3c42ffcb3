import numpy as np
import pytest
import scipy.sparse as sp
import torch
from hypothesis import given

from diffresnet.errors import InputError
from diffresnet.operators import SparseLaplacian
from diffresnet.operators import sparse as module
from graph_cases import features, graphs, laplacian, weights
from laplacian_contract import LaplacianContract


class SparseContract(LaplacianContract):
    def make(self, w):
        return SparseLaplacian(sp.csr_array(w), dtype=self.dtype)

    @pytest.mark.parametrize("gamma", [0.5, 30.0])
    def test_solve_with_other_points_fixed_in_every_column(self, operator, matrix, x, gamma):
        fixed = torch.from_numpy(np.random.default_rng(3).random(tuple(x.shape)) < 0.3)
        out = operator.solve(x, gamma, 1e-12, fixed)
        n = matrix.shape[-1]
        for c in range(x.shape[1]):
            system = np.where(fixed[:, c : c + 1].numpy(), np.eye(n), np.eye(n) + gamma * matrix)
            expected = np.linalg.solve(system, x[:, c].double().numpy())
            self.close(out[:, c], expected, slack=100)

    def test_narrow_panels(self, operator, monkeypatch):
        x = features(operator.shape[0], 40, dtype=self.dtype)
        monkeypatch.setattr(module, "PANEL_BYTES", 1)
        panels = operator.panels(x)
        assert [p.shape[1] for p in panels] == [20, 20]
        assert torch.equal(torch.cat(panels, dim=1), x)


class TestSymmetric(SparseContract):
    symmetry = "symmetric"

    def weights(self):
        return weights("symmetric", 15)


class TestSymmetricFloat32(TestSymmetric):
    dtype = torch.float32


class TestReversible(SparseContract):
    symmetry = "reversible"

    def weights(self):
        return weights("reversible", 15)


class TestReversibleFloat32(TestReversible):
    dtype = torch.float32


class TestNotSymmetric(SparseContract):
    symmetry = "none"

    def weights(self):
        return weights("none", 15)


class TestNotSymmetricFloat32(TestNotSymmetric):
    dtype = torch.float32


class TestRandomWalk(SparseContract):
    """Built from symmetric weights, so that no search for a measure is needed."""

    symmetry = "reversible"

    def undirected(self):
        w = weights("symmetric", 14, seed=4)
        w[3] = w[:, 3] = 0.0
        return w

    def weights(self):
        w = self.undirected()
        degree = w.sum(1, keepdims=True)
        return np.divide(w, degree, out=w, where=degree > 0)

    def make(self, w):
        return SparseLaplacian.random_walk(sp.csr_array(self.undirected()), dtype=self.dtype)


class TestRandomWalkFloat32(TestRandomWalk):
    dtype = torch.float32


class TestTransposed(SparseContract):
    """The transpose is an operator of its own; only its row sums are not zero."""

    symmetry = "none"

    def weights(self):
        return weights("none", 12, seed=6)

    def make(self, w):
        return SparseLaplacian(sp.csr_array(w), dtype=self.dtype).transpose().transpose()


class TestSelfLoops(SparseContract):
    symmetry = "symmetric"

    def weights(self):
        w = weights("symmetric", 11)
        np.fill_diagonal(w, np.linspace(0.0, 5.0, 11))
        return w


class TestHeavySelfLoops(SparseContract):
    symmetry = "none"
    dtype = torch.float32

    def weights(self):
        w = weights("none", 11)
        np.fill_diagonal(w, 1e9)
        return w


class TestIsolatedPoints(SparseContract):
    symmetry = "symmetric"

    def weights(self):
        w = weights("symmetric", 12)
        w[[0, 5, 11]] = 0.0
        w[:, [0, 5, 11]] = 0.0
        return w


class TestComponents(SparseContract):
    symmetry = "reversible"

    def weights(self):
        w = np.zeros((14, 14))
        w[:6, :6] = weights("reversible", 6)
        w[6:13, 6:13] = weights("reversible", 7, seed=2)
        return w


class TestDuplicateEntries(SparseContract):
    symmetry = "symmetric"

    def weights(self):
        return weights("symmetric", 9)

    def make(self, w):
        coo = sp.coo_array(w)
        twice = sp.coo_array(
            (
                np.concatenate([coo.data, coo.data]) / 2,
                (np.concatenate([coo.row, coo.row]), np.concatenate([coo.col, coo.col])),
            ),
            shape=w.shape,
        )
        return SparseLaplacian(twice, dtype=self.dtype)


class TestExplicitZeros(SparseContract):
    symmetry = "none"

    def weights(self):
        return weights("none", 9)

    def make(self, w):
        rows, columns = np.indices(w.shape).reshape(2, -1)
        full = sp.coo_array((w.ravel(), (rows, columns)), shape=w.shape)
        return SparseLaplacian(full, dtype=self.dtype)


class TestSinglePoint(SparseContract):
    symmetry = "symmetric"

    def weights(self):
        return np.zeros((1, 1))


class TestNoEdges(SparseContract):
    symmetry = "symmetric"

    def weights(self):
        return np.zeros((7, 7))


class TestOneEdgeOneWay(SparseContract):
    symmetry = "none"

    def weights(self):
        return np.array([[0.0, 2.0], [0.0, 0.0]])


class TestLarge(SparseContract):
    """Past the size up to which all eigenvalues are computed."""

    symmetry = "symmetric"

    def weights(self):
        return weights("symmetric", 530, density=0.01)


def test_entry_says_who_pulls_whom():
    # Point 1 pulls point 0 and is not pulled itself.
    operator = SparseLaplacian(sp.csr_array([[0.0, 1.0], [0.0, 0.0]]), dtype=torch.float64)
    moved = operator.shifted(1.0, -1.0)(torch.tensor([[0.0], [8.0]], dtype=torch.float64))
    assert moved.tolist() == [[8.0], [8.0]]


@pytest.mark.parametrize("kind", ["csr", "csc", "coo", "lil", "dok", "bsr"])
def test_every_scipy_format(kind):
    w = weights("none", 8)
    for matrix in (sp.csr_array(w), sp.csr_matrix(w)):
        operator = SparseLaplacian(matrix.asformat(kind), dtype=torch.float64)
        np.testing.assert_allclose(operator.to_dense().numpy(), laplacian(w), atol=1e-12)


@pytest.mark.parametrize("dtype", [np.int64, np.uint8, bool, np.float32])
def test_every_type_of_weight(dtype):
    w = (weights("symmetric", 8) > 0).astype(dtype)
    operator = SparseLaplacian(sp.csr_array(w), dtype=torch.float64)
    np.testing.assert_allclose(operator.to_dense().numpy(), laplacian(w), atol=1e-12)


def test_the_callers_matrix_is_left_alone():
    w = sp.coo_array(
        (np.array([0.0, 1.0, 2.0, 3.0, 4.0]), (np.array([0, 0, 0, 1, 2]), [2, 1, 1, 0, 1])),
        shape=(3, 3),
    ).tocsr()
    w = sp.csr_array((w.data, w.indices, w.indptr), shape=w.shape)
    before = w.toarray(), w.data.copy(), w.indices.copy(), w.indptr.copy()
    SparseLaplacian(w)
    for old, new in zip(before, (w.toarray(), w.data, w.indices, w.indptr), strict=True):
        np.testing.assert_array_equal(old, new)


def test_no_points():
    operator = SparseLaplacian(sp.csr_array((0, 0)))
    assert operator.shape == (0, 0)
    assert operator.product(torch.zeros(0, 3)).shape == (0, 3)
    assert operator.spectral_bound() == 0.0
    assert operator.max_step() == float("inf")


def test_many_points_without_edges():
    operator = SparseLaplacian(sp.csr_array((600, 600)))
    assert operator.spectral_bound() == 0.0
    assert operator.max_step() == float("inf")


def test_stated_symmetry_is_taken():
    w = weights("none", 8)
    assert SparseLaplacian(sp.csr_array(w), symmetry="none").symmetry == "none"
    w = weights("symmetric", 8)
    assert SparseLaplacian(sp.csr_array(w), symmetry="none").symmetry == "none"
    assert SparseLaplacian(sp.csr_array(w), symmetry="symmetric").symmetry == "symmetric"


def test_nnz_counts_the_diagonal():
    w = weights("symmetric", 10)
    assert SparseLaplacian(sp.csr_array(w)).nnz == np.count_nonzero(w) + 10


@pytest.mark.parametrize(
    ("w", "message"),
    [
        (np.ones((2, 3)), "must be square, this one is 2 x 3"),
        (np.array([[0.0, np.nan], [1.0, 0.0]]), "NaN or infinite"),
        (np.array([[0.0, np.inf], [1.0, 0.0]]), "NaN or infinite"),
        (np.array([[0.0, -1.0], [1.0, 0.0]]), "negative weights"),
    ],
)
def test_bad_weights(w, message):
    with pytest.raises(InputError, match=message):
        SparseLaplacian(sp.csr_array(w))


def test_not_reversible():
    with pytest.raises(InputError, match="not reversible"):
        SparseLaplacian(sp.csr_array(weights("none", 8)), symmetry="reversible")


def test_long_directed_chain_is_no_reversible_graph():
    # It has a measure, of 160 orders of magnitude: useless, and infinite in float32.
    chain = sp.diags_array([np.full(79, 10.0), np.full(79, 0.1)], offsets=[1, -1])
    operator = SparseLaplacian(chain.tocsr())
    assert operator.symmetry == "none"
    assert bool(operator.solve(torch.randn(80, 2), 1.0, 1e-6).isfinite().all())


def test_many_directed_points_take_the_safe_step():
    n = 1001
    ring = sp.csr_array((np.full(n, 2.0), (np.arange(n), (np.arange(n) + 1) % n)), shape=(n, n))
    operator = SparseLaplacian(ring)
    assert operator.symmetry == "none"
    assert operator.max_step() == 0.5


@pytest.mark.parametrize("kind", ["symmetric", "reversible", "none"])
def test_any_graph(kind):
    @given(graphs(kind))
    def check(w):
        operator = SparseLaplacian(sp.csr_array(w), dtype=torch.float64)
        matrix, x = laplacian(w), features(len(w))
        size = max(1.0, np.abs(matrix).max())
        np.testing.assert_allclose(operator.product(x), matrix @ x.numpy(), atol=1e-11 * size)
        np.testing.assert_allclose(
            operator.transpose().product(x), matrix.T @ x.numpy(), atol=1e-9 * size
        )
        values = np.linalg.eigvals(matrix)
        assert operator.spectral_bound() >= np.abs(values).max() * (1 - 1e-9)
        if operator.max_degree > 0:
            assert operator.max_step() >= (1 - 1e-9) / operator.max_degree
        np.testing.assert_allclose(
            operator.solve(x, 2.0, 1e-13),
            np.linalg.solve(np.eye(len(w)) + 2 * matrix, x.numpy()),
            atol=1e-8,
        )

    check()


@pytest.mark.parametrize("each", [False, True])
@pytest.mark.parametrize("kind", ["symmetric", "reversible"])
def test_coarse_solutions_keep_their_error(kind, each):
    operator = SparseLaplacian(sp.csr_array(weights(kind, 60)), dtype=torch.float64)
    matrix, x, measure = laplacian(weights(kind, 60)), features(60, 3), np.ones(60)
    if kind == "reversible":
        measure = operator._measure.numpy()
    for gamma in (0.5, 20.0 / operator.max_degree):
        for tol in (1e-1, 2e-3):
            fixed = torch.from_numpy(np.random.default_rng(2).random((60, 3 if each else 1)) < 0.2)
            out = operator.solve(x, gamma, tol, fixed)
            held = fixed.expand(60, 3)
            assert torch.equal(out[held], x[held])
            for c in range(3):
                free = ~held[:, c].numpy()
                system = np.eye(60) + gamma * matrix
                kept = np.where(free, 0.0, x[:, c].numpy())
                right = (x[:, c].numpy() - system @ kept)[free]
                exact = np.linalg.solve(system[np.ix_(free, free)], right)
                root = np.sqrt(measure[free])
                error = np.linalg.norm(root * (out[:, c].numpy()[free] - exact))
                assert error <= tol * np.linalg.norm(root * right)
                assert error > 1e-9  # that of a polynomial, not of another solver
