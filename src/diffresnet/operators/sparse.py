"""The Laplacian of one graph, in CSR."""

from __future__ import annotations

from functools import cached_property, partial
from math import ceil

import numpy as np
import scipy.sparse
import torch
from jaxtyping import Bool
from torch import Tensor

from ..errors import InputError
from ..similarity.weights import normalized
from .chebyshev import chebyshev_series, resolvent_coefficients
from .laplacian import Laplacian, LinearMap, Symmetry
from .matrix import SparseMatrix
from .solve import bicgstab, conjugate_gradient
from .spectrum import largest_eigenvalue, longest_step
from .symmetry import reversing_measure

# A panel of features of this size stays in a shared cache while a flow moves it, and below 32 MB
# the C library keeps its memory from one product to the next.
PANEL_BYTES = 24 * 2**20
# Looking a row up takes as long for 32 columns as for 8 (`benchmarks/kernel.py`).
NARROWEST = 32
# Solutions no better than this are polynomials of no more terms than that: a third of the memory
# traffic of conjugate gradients, which need fewer products the more digits are wanted.
COARSE, TERMS = 1e-2, 64


class SparseLaplacian(Laplacian):
    """L = diag(W 1) - W for a sparse (n, n) matrix W of non-negative weights.

    Parameters
    ----------
    weights : scipy sparse matrix or array, (n, n)
        Entry (i, j) is the weight with which point j pulls point i. Self-loops cancel in L.
    symmetry : {"symmetric", "reversible", "none"}, optional
        Found out if not given.
    measure : (n,), optional
        Where the caller knows it, the d with d_i w_ij = d_j w_ji of a reversible graph.
    dtype : torch.dtype
        Precision of the products.

    Memory is 8 bytes an entry in float32, and 4 for the last product; products run in panels of
    columns, so that a flow adds one copy of the features and `PANEL_BYTES`.
    """

    def __init__(
        self,
        weights: scipy.sparse.sparray | scipy.sparse.spmatrix,
        *,
        symmetry: Symmetry | None = None,
        measure: np.ndarray | None = None,
        dtype: torch.dtype = torch.float32,
        device: torch.device | str = "cpu",
    ) -> None:
        w = scipy.sparse.csr_array(weights).astype(np.float64)
        if w.shape[0] != w.shape[1]:
            raise InputError(f"a graph must be square, this one is {w.shape[0]} x {w.shape[1]}")
        if not np.isfinite(w.data).all():
            raise InputError("the graph has weights that are NaN or infinite; remove those edges")
        if (w.data < 0).any():
            raise InputError("the graph has negative weights; a diffusion needs weights >= 0")
        w.sum_duplicates()
        if measure is not None:
            symmetry = "reversible"
        elif symmetry != "symmetric":
            measure = reversing_measure(w) if symmetry in (None, "reversible") else None
            if measure is None and symmetry == "reversible":
                raise InputError("this graph is not reversible: no measure makes it symmetric")
            if measure is None:
                symmetry = "none"
            else:
                symmetry = "symmetric" if (measure == 1.0).all() else "reversible"
        lap, degree = _laplacian(w)
        rows = np.repeat(np.arange(lap.shape[0]), np.diff(lap.indptr))
        index = np.int32 if lap.nnz < 2**31 else np.int64
        self.symmetry = symmetry
        self._max_degree = float(degree.max(initial=0.0))
        self._measure = (
            torch.from_numpy(measure).to(device, dtype) if symmetry == "reversible" else None
        )
        self._transposed = False
        # What was asked for last: on a step of a few columns it takes as long as the product.
        self._last: tuple[tuple[float, float], SparseMatrix] | None = None
        self._diagonal_at = torch.from_numpy(np.flatnonzero(rows == lap.indices)).to(device)
        self._l = SparseMatrix(
            torch.from_numpy(lap.indptr.astype(index)).to(device),
            torch.from_numpy(lap.indices.astype(index)).to(device),
            torch.from_numpy(lap.data).to(device, dtype),
        )

    @classmethod
    def random_walk(
        cls,
        weights: scipy.sparse.sparray | scipy.sparse.spmatrix,
        *,
        dtype: torch.dtype = torch.float32,
        device: torch.device | str = "cpu",
    ) -> SparseLaplacian:
        """I - D^-1 W for symmetric weights without self-loops; points without edges stay put."""
        w = scipy.sparse.csr_array(weights)
        degree = w.sum(axis=1)
        walk = normalized(w, "random_walk")
        return cls(walk, measure=np.where(degree > 0, degree, 1.0), dtype=dtype, device=device)

    @property
    def shape(self) -> tuple[int, ...]:
        return (self._l.n, self._l.n)

    @property
    def nnz(self) -> int:
        """Stored entries of L, the diagonal included."""
        return self._l.values.numel()

    @property
    def device(self) -> torch.device:
        return self._l.values.device

    @property
    def dtype(self) -> torch.dtype:
        return self._l.values.dtype

    @property
    def max_degree(self) -> float:
        return self._max_degree

    def shifted(self, alpha: float, beta: float) -> LinearMap:
        if self._last is None or self._last[0] != (alpha, beta):
            values = beta * self._l.values
            values[self._diagonal_at] += alpha
            matrix = SparseMatrix(self._l.indptr, self._l.indices, values)
            self._last = (alpha, beta), matrix
        matrix = self._last[1]
        if self._transposed and self._measure is not None:  # L^T = D L D^-1
            d = self._measure[:, None]
            return lambda x: d * matrix(x / d)
        return matrix

    def panels(self, x: Tensor) -> list[Tensor]:
        if x.device.type != "cpu":
            return [x]
        widest = max(NARROWEST, PANEL_BYTES // max(1, x.shape[0] * x.element_size()))
        count = max(1, ceil(x.shape[1] / widest))
        return list(x.split(max(1, ceil(x.shape[1] / count)), dim=1))

    def transpose(self) -> SparseLaplacian:
        if self.symmetry == "symmetric":
            return self
        return self._transpose

    @cached_property
    def _transpose(self) -> SparseLaplacian:
        other = self._copy()
        if self.symmetry == "reversible":
            other._transposed = not self._transposed
        else:
            other._l = self._l.transpose()
            rows = torch.repeat_interleave(
                torch.arange(other._l.n, device=self.device), other._l.indptr.diff().long()
            )
            other._diagonal_at = torch.nonzero(rows == other._l.indices)[:, 0]
        other.__dict__["_transpose"] = self
        return other

    def _copy(self) -> SparseLaplacian:
        other = object.__new__(SparseLaplacian)
        other.__dict__.update(self.__dict__)
        other._last = None
        for cached in ("_transpose", "_ratios", "_symmetrized", "_spectral_bound", "_max_step"):
            other.__dict__.pop(cached, None)
        return other

    @cached_property
    def _symmetrized(self) -> scipy.sparse.csr_array:
        """D^1/2 L D^-1/2 on the host: a symmetric matrix with the eigenvalues of L."""
        values = self._l.values.double().cpu().numpy()
        indices = self._l.indices.cpu().numpy()
        indptr = self._l.indptr.cpu().numpy()
        if self._measure is not None:
            root = self._measure.double().cpu().numpy() ** 0.5
            rows = np.repeat(np.arange(self._l.n), np.diff(indptr))
            values = values * root[rows] / root[indices]
        return scipy.sparse.csr_array((values, indices, indptr), shape=self.shape)

    @cached_property
    def _spectral_bound(self) -> float:
        gershgorin = 2.0 * self._max_degree
        if self.symmetry == "none":
            return gershgorin
        estimate, residual = largest_eigenvalue(self._symmetrized, tol=1e-2)
        return min(gershgorin, estimate + residual)

    def spectral_bound(self) -> float:
        return self._spectral_bound

    @cached_property
    def _max_step(self) -> float:
        if self._max_degree == 0.0:
            return float("inf")
        if self.symmetry == "none":
            rounding = 10 * torch.finfo(self.dtype).eps
            return longest_step(self._symmetrized, self._max_degree, rounding)
        return 2.0 / largest_eigenvalue(self._symmetrized, tol=1e-5)[0]

    def max_step(self) -> float:
        return self._max_step

    def solve(
        self, x: Tensor, gamma: float, tol: float, fixed: Bool[Tensor, "n #d"] | None = None
    ) -> Tensor:
        if self.symmetry != "none" and tol >= COARSE:
            coefficients = resolvent_coefficients(gamma * self._max_degree, tol)
            if len(coefficients) <= TERMS:
                return self._solve_coarsely(x, gamma, coefficients, fixed)
        if self._measure is None:
            solved = self._solve(self.shifted(1.0, gamma), x.clone(), tol, fixed)
        else:
            # In coordinates where the reversible matrix is symmetric.
            root = self._measure.sqrt()[:, None]
            if self._transposed:
                root = 1.0 / root
            solved = self._solve(self._shifted_symmetric(gamma), root * x, tol, fixed).div_(root)
        return solved if fixed is None else torch.where(fixed, x, solved)

    def _solve_coarsely(
        self, x: Tensor, gamma: float, coefficients: tuple[float, ...], fixed: Tensor | None
    ) -> Tensor:
        top = 2.0 * self._max_degree  # by Gershgorin's theorem
        if fixed is None:
            return chebyshev_series(self, coefficients, top, x)
        # As in `_solve`, but for a few fixed points only these rows are touched.
        rows = fixed.any(dim=1).nonzero()[:, 0]
        free = ~fixed[rows]

        def hold(y: Tensor) -> Tensor:
            y[rows] *= free
            return y

        held = x * fixed
        rest = hold(x - self.shifted(1.0, gamma)(held))
        return chebyshev_series(self, coefficients, top, rest, hold).add_(held)

    def _solve(self, matrix: LinearMap, b: Tensor, tol: float, fixed: Tensor | None) -> Tensor:
        """Solve for the points that are not fixed; b is overwritten."""
        symmetric = partial(conjugate_gradient, overwrite=True)
        invert = bicgstab if self.symmetry == "none" else symmetric
        if fixed is None:
            return invert(matrix, b, tol)
        # Values at fixed points go to the right-hand side; the rest is a system of its own.
        free = (~fixed).to(b.dtype)
        b.sub_(matrix(b * fixed)).mul_(free)
        return invert(lambda y: matrix(y).mul_(free), b, tol)

    def _shifted_symmetric(self, gamma: float) -> SparseMatrix:
        """I + gamma D^1/2 L D^-1/2 of a reversible graph."""
        assert self._measure is not None
        values = gamma * self._l.values * self._ratios
        values[self._diagonal_at] += 1.0
        return SparseMatrix(self._l.indptr, self._l.indices, values)

    @cached_property
    def _ratios(self) -> Tensor:
        """sqrt(d_i / d_j) for every entry (i, j)."""
        assert self._measure is not None
        root = self._measure.sqrt()
        rows = root.repeat_interleave(self._l.indptr.diff().long())
        return rows / root[self._l.indices.long()]

    def to_dense(self) -> Tensor:
        return self.shifted(0.0, 1.0)(torch.eye(self._l.n, device=self.device, dtype=self.dtype))

    def to(
        self, device: torch.device | str | None = None, dtype: torch.dtype | None = None
    ) -> SparseLaplacian:
        if (device is None or torch.device(device) == self.device) and dtype in (None, self.dtype):
            return self
        other = self._copy()
        device = device or self.device
        other._measure = None if self._measure is None else self._measure.to(device, dtype)
        other._diagonal_at = self._diagonal_at.to(device)
        other._l = SparseMatrix(
            self._l.indptr.to(device), self._l.indices.to(device), self._l.values.to(device, dtype)
        )
        return other


def _laplacian(w: scipy.sparse.csr_array) -> tuple[scipy.sparse.csr_array, np.ndarray]:
    """diag(W 1) - W with an entry in every diagonal place, and its diagonal."""
    n = w.shape[0]
    every = np.arange(n, dtype=w.indices.dtype)
    rows = np.repeat(every, np.diff(w.indptr))
    off = rows != w.indices
    degree = np.bincount(rows[off], weights=w.data[off], minlength=n)
    coo = scipy.sparse.coo_array(
        (
            np.concatenate([-w.data[off], degree]),
            (np.concatenate([rows[off], every]), np.concatenate([w.indices[off], every])),
        ),
        shape=(n, n),
    )
    return coo.tocsr(), degree
