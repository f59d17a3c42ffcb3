"""What every Laplacian owes its callers, tested against a dense float64 oracle."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from diffresnet.operators import Laplacian
from graph_cases import laplacian as oracle


class LaplacianContract:
    """A subclass supplies one case, and inherits the tests.

    `make` builds the operator from `weights()`, a dense float64 array (n, n) or (b, n, n).
    """

    symmetry: str
    dtype = torch.float64

    def weights(self) -> np.ndarray:
        raise NotImplementedError

    def make(self, w: np.ndarray) -> Laplacian:
        raise NotImplementedError

    @pytest.fixture
    def w(self) -> np.ndarray:
        return self.weights()

    @pytest.fixture
    def operator(self, w: np.ndarray) -> Laplacian:
        return self.make(w)

    @pytest.fixture
    def matrix(self, w: np.ndarray) -> np.ndarray:
        return oracle(w)

    @pytest.fixture
    def x(self, w: np.ndarray) -> torch.Tensor:
        shape = (*w.shape[:-1], 5)
        return torch.from_numpy(np.random.default_rng(1).normal(size=shape)).to(self.dtype)

    @property
    def eps(self) -> float:
        return 1e-10 if self.dtype == torch.float64 else 2e-5

    def close(self, actual: torch.Tensor, expected: np.ndarray, slack: float = 1.0) -> None:
        assert actual.dtype == self.dtype
        size = max(1.0, float(np.abs(expected).max(initial=0.0)))
        np.testing.assert_allclose(
            actual.double().numpy(), expected, rtol=0, atol=slack * self.eps * size
        )

    # What it is.

    def test_shape_dtype_and_device(self, operator, w):
        assert tuple(operator.shape) == w.shape
        assert operator.dtype == self.dtype
        assert operator.device.type == "cpu"

    def test_symmetry(self, operator):
        assert operator.symmetry == self.symmetry

    def test_to_dense(self, operator, matrix):
        self.close(operator.to_dense(), matrix)

    def test_max_degree(self, operator, matrix):
        diagonal = np.diagonal(matrix, axis1=-2, axis2=-1)
        assert operator.max_degree == pytest.approx(diagonal.max(initial=0.0), rel=self.eps)

    # Products.

    def test_product(self, operator, matrix, x):
        self.close(operator.product(x), matrix @ x.double().numpy())

    def test_product_of_one_column(self, operator, matrix, x):
        self.close(operator.product(x[..., :1]), matrix @ x[..., :1].double().numpy())

    def test_product_of_columns_that_are_not_contiguous(self, operator, matrix, x):
        self.close(operator.product(x[..., ::2]), matrix @ x[..., ::2].double().numpy())

    @pytest.mark.parametrize(("alpha", "beta"), [(0.0, 1.0), (1.0, -0.3), (2.5, 4.0), (1.0, 0.0)])
    def test_shifted(self, operator, matrix, x, alpha, beta):
        expected = alpha * x.double().numpy() + beta * matrix @ x.double().numpy()
        self.close(operator.shifted(alpha, beta)(x), expected)

    def test_shifted_leaves_the_operator_alone(self, operator, matrix):
        operator.shifted(3.0, -2.0)
        self.close(operator.to_dense(), matrix)

    def test_product_leaves_x_alone(self, operator, x):
        before = x.clone()
        operator.product(x)
        assert torch.equal(x, before)

    def test_panels_are_x(self, operator, x):
        assert torch.equal(torch.cat(operator.panels(x), dim=-1), x)

    # Laws.

    def test_rows_sum_to_zero(self, operator, x):
        ones = torch.ones_like(x)
        size = max(1.0, operator.max_degree)
        assert float(operator.product(ones).abs().max()) <= self.eps * size

    def test_mass_is_conserved_where_symmetric(self, operator, x):
        if self.symmetry != "symmetric":
            return
        total = operator.product(x).sum(-2).abs().max()
        assert float(total) <= 10 * self.eps * max(1.0, operator.max_degree)

    def test_diffusion_lowers_the_energy_where_symmetric(self, operator, x):
        if self.symmetry != "symmetric":
            return
        assert float((x * operator.product(x)).sum()) >= -self.eps

    # The transpose.

    def test_transpose(self, operator, matrix, x):
        expected = np.swapaxes(matrix, -1, -2) @ x.double().numpy()
        self.close(operator.transpose().product(x), expected)

    def test_transpose_shifted(self, operator, matrix, x):
        y = x.double().numpy()
        expected = 2.0 * y - 0.7 * np.swapaxes(matrix, -1, -2) @ y
        self.close(operator.transpose().shifted(2.0, -0.7)(x), expected)

    def test_transpose_is_adjoint(self, operator, x):
        y = x.roll(1, dims=-2).flip(-1)
        one, other = (operator.product(x) * y).sum(), (x * operator.transpose().product(y)).sum()
        assert float(one) == pytest.approx(float(other), abs=50 * self.eps * (1 + abs(float(one))))

    def test_transpose_twice(self, operator, matrix):
        self.close(operator.transpose().transpose().to_dense(), matrix)

    def test_transpose_dense(self, operator, matrix):
        self.close(operator.transpose().to_dense(), np.swapaxes(matrix, -1, -2))

    def test_transpose_keeps_the_spectrum(self, operator):
        other = operator.transpose()
        assert other.symmetry == operator.symmetry
        assert other.max_degree == operator.max_degree
        assert other.spectral_bound() == pytest.approx(operator.spectral_bound(), rel=1e-6)

    # The spectrum.

    def test_spectral_bound_holds(self, operator, matrix):
        radius = np.abs(np.linalg.eigvals(matrix)).max(initial=0.0)
        assert operator.spectral_bound() >= radius * (1 - self.eps) - 1e-12

    def test_spectral_bound_is_not_loose(self, operator, matrix):
        radius = np.abs(np.linalg.eigvals(matrix)).max(initial=0.0)
        loose = 1.02 * radius if self.symmetry != "none" else 2.0 * operator.max_degree
        assert operator.spectral_bound() <= loose * (1 + self.eps) + 1e-12

    def test_spectral_bound_is_remembered(self, operator):
        assert operator.spectral_bound() == operator.spectral_bound()

    def test_max_step(self, operator, matrix):
        values = np.linalg.eigvals(matrix).ravel()
        values = values[np.abs(values) > 1e-9 * max(1e-300, np.abs(matrix).max(initial=0.0))]
        expected = (2 * values.real / np.abs(values) ** 2).min() if values.size else np.inf
        assert operator.max_step() == pytest.approx(expected, rel=1e-4)

    def test_gershgorin_step_is_always_allowed(self, operator):
        if operator.max_degree > 0:
            assert operator.max_step() * (1 + self.eps) >= 1.0 / operator.max_degree

    # Solving.

    @pytest.mark.parametrize("gamma", [0.01, 1.0, 30.0])
    def test_solve(self, operator, matrix, x, gamma):
        n = matrix.shape[-1]
        expected = np.linalg.solve(np.eye(n) + gamma * matrix, x.double().numpy())
        self.close(operator.solve(x, gamma, 1e-12), expected, slack=100)

    @pytest.mark.parametrize("gamma", [0.5, 10.0])
    def test_solve_transposed(self, operator, matrix, x, gamma):
        n = matrix.shape[-1]
        expected = np.linalg.solve(
            np.eye(n) + gamma * np.swapaxes(matrix, -1, -2), x.double().numpy()
        )
        self.close(operator.transpose().solve(x, gamma, 1e-12), expected, slack=100)

    def test_solve_zero(self, operator, x):
        assert torch.equal(operator.solve(torch.zeros_like(x), 1.0, 1e-6), torch.zeros_like(x))

    def test_solve_at_gamma_zero(self, operator, x):
        self.close(operator.solve(x, 0.0, 1e-12), x.double().numpy())

    def test_solve_keeps_constants(self, operator, x):
        ones = torch.ones_like(x)
        self.close(operator.solve(ones, 3.0, 1e-12), ones.double().numpy(), slack=100)

    @pytest.mark.parametrize("gamma", [0.5, 30.0])
    def test_solve_with_fixed_points(self, operator, matrix, x, gamma):
        fixed = torch.zeros(*x.shape[:-1], 1, dtype=torch.bool)
        fixed[..., ::3, :] = True
        out = operator.solve(x, gamma, 1e-12, fixed)
        assert torch.equal(out[fixed.expand_as(out)], x[fixed.expand_as(x)])
        n = matrix.shape[-1]
        system = np.where(fixed.numpy(), np.eye(n), np.eye(n) + gamma * matrix)
        self.close(out, np.linalg.solve(system, x.double().numpy()), slack=100)

    def test_solve_with_all_points_fixed(self, operator, x):
        fixed = torch.ones(*x.shape[:-1], 1, dtype=torch.bool)
        assert torch.equal(operator.solve(x, 2.0, 1e-6, fixed), x)

    def test_solve_with_none_fixed(self, operator, matrix, x):
        fixed = torch.zeros(*x.shape[:-1], 1, dtype=torch.bool)
        expected = np.linalg.solve(np.eye(matrix.shape[-1]) + matrix, x.double().numpy())
        self.close(operator.solve(x, 1.0, 1e-12, fixed), expected, slack=100)

    # Moving.

    @pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
    def test_to(self, operator, matrix, x, dtype):
        other = operator.to(dtype=dtype)
        assert other.dtype == dtype
        assert other.symmetry == operator.symmetry
        eps = 2e-5 * max(1.0, np.abs(matrix).max(initial=0.0))
        for one, dense in ((other, matrix), (other.transpose(), np.swapaxes(matrix, -1, -2))):
            product = one.product(x.to(dtype))
            assert product.dtype == dtype
            np.testing.assert_allclose(product.numpy(), dense @ x.numpy(), rtol=0, atol=10 * eps)

    def test_to_where_it_is(self, operator):
        assert operator.to("cpu") is operator
        assert operator.to(dtype=self.dtype) is operator

    def test_to_after_transpose(self, operator, matrix):
        other = operator.transpose().to(dtype=torch.float64)
        dense = np.swapaxes(matrix, -1, -2)
        size = max(1.0, np.abs(matrix).max(initial=0.0))
        np.testing.assert_allclose(
            other.to_dense().numpy(), dense, rtol=0, atol=10 * self.eps * size
        )
