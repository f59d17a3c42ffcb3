"""How fast a Laplacian can make things change: its largest eigenvalue, and the longest step."""

from __future__ import annotations

import numpy as np
import scipy.linalg
import scipy.sparse
import torch
from jaxtyping import Float
from torch import Tensor

# Up to here all eigenvalues are computed: exact, and well under a second.
DENSE_LIMIT = 1000
EXACT_LIMIT = 500


def largest_eigenvalue(
    matrix: scipy.sparse.csr_array, tol: float, most: int = 300
) -> tuple[float, float]:
    """Largest eigenvalue of a symmetric matrix, and the residual |A v - lambda v| of its vector.

    Exact up to 500 rows, else by plain Lanczos steps until the residual is `tol` times the
    estimate, or `most` of them: where many eigenvalues crowd at the top, the estimate stays
    below by a little, and that little does not matter to a flow. Some eigenvalue lies within the
    residual of the estimate, so their sum serves as an upper bound.
    """
    n = matrix.shape[0]
    if n <= EXACT_LIMIT:
        return float(scipy.linalg.eigvalsh(matrix.toarray())[-1]) if n else 0.0, 0.0
    # Three vectors are enough: without reorthogonalisation copies of eigenvalues turn up, and
    # the largest is no larger for it.
    v = np.random.default_rng(0).standard_normal(n)
    v /= np.linalg.norm(v)
    before = np.zeros(n)
    diagonal: list[float] = []
    beside: list[float] = []
    while True:
        w = matrix @ v - (beside[-1] * before if beside else 0.0)
        diagonal.append(float(v @ w))
        w -= diagonal[-1] * v
        length = float(np.linalg.norm(w))
        if len(diagonal) % 10 == 0 or length == 0.0:
            values, vectors = scipy.linalg.eigh_tridiagonal(
                diagonal, beside, select="i", select_range=(len(diagonal) - 1,) * 2
            )
            residual = length * abs(float(vectors[-1, 0]))
            if residual <= tol * abs(values[0]) or len(diagonal) >= most:
                return float(values[0]), residual
        beside.append(length)
        before, v = v, w / length


def lanczos_largest(matrices: Float[Tensor, "*b n n"], most: int = 60) -> Float[Tensor, "*b"]:
    """Largest eigenvalue of each symmetric matrix of a batch: exact up to 64 rows, else by
    Lanczos steps with full reorthogonalisation, from below and close after 60 of them."""
    n = matrices.shape[-1]
    if n <= 64:
        return torch.linalg.eigvalsh(matrices)[..., -1]
    draw = torch.Generator().manual_seed(0)
    v = torch.randn(n, 1, generator=draw, dtype=torch.float64).to(matrices)
    v = (v / v.norm()).expand(*matrices.shape[:-2], n, 1)
    basis = v
    for _ in range(min(most, n) - 1):
        w = matrices @ v
        noise = 1e-12 * w.norm(dim=-2, keepdim=True)
        for _ in range(2):
            w = w - basis @ (basis.mT @ w)
        length = w.norm(dim=-2, keepdim=True)
        # Where only rounding is left the space is used up: a zero direction adds nothing.
        v = torch.where(length > noise, w / length, 0.0)
        basis = torch.cat([basis, v], dim=-1)
    small = basis.mT @ matrices @ basis
    return torch.linalg.eigvalsh((small + small.mT) / 2)[..., -1]


def longest_step(
    laplacian: scipy.sparse.csr_array, max_degree: float, rounding: float = 1e-9
) -> float:
    """Return the longest stable explicit step of a Laplacian with complex eigenvalues.

    min 2 Re(lambda) / |lambda|^2 over the non-zero eigenvalues, for up to `DENSE_LIMIT` points.
    For more, 1 / max L_ii: every eigenvalue lies in a disc of radius L_ii around some L_ii
    (Gershgorin), where that ratio is at least 1 / L_ii. That is safe, and may be short.
    """
    if laplacian.shape[0] > DENSE_LIMIT:
        return 1.0 / max_degree
    eigenvalues = scipy.linalg.eigvals(laplacian.toarray())
    return longest_step_dense(eigenvalues, max_degree, rounding)


def longest_step_dense(eigenvalues: np.ndarray, max_degree: float, rounding: float = 1e-9) -> float:
    """Compute it from all eigenvalues; those below `rounding` times `max_degree` count as 0."""
    moving = eigenvalues[np.abs(eigenvalues) > max(1e-9, rounding) * max_degree]
    if moving.size == 0:
        return float("inf")
    # What Gershgorin allows is always right: eigenvalues near zero are computed with a large error.
    return max(1.0 / max_degree, float((2.0 * moving.real / np.abs(moving) ** 2).min()))
