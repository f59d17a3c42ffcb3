"""How fast a Laplacian can make things change: its largest eigenvalue, and the longest step."""

from __future__ import annotations

import numpy as np
import scipy.linalg
import scipy.sparse
import torch
from jaxtyping import Float
from scipy.sparse.linalg import ArpackNoConvergence, eigsh
from torch import Tensor

# Up to here all eigenvalues are computed: exact, and well under a second.
DENSE_LIMIT = 1000


def largest_eigenvalue(matrix: scipy.sparse.csr_array, tol: float) -> tuple[float, float]:
    """Largest eigenvalue of a symmetric matrix, and the residual |A v - lambda v| of its vector.

    Some eigenvalue lies within the residual of the estimate, which Lanczos steps approach from
    below: estimate + residual serves as an upper bound.
    """
    n = matrix.shape[0]
    if n <= 64:
        return float(scipy.linalg.eigvalsh(matrix.toarray())[-1]) if n else 0.0, 0.0
    start = np.random.default_rng(0).standard_normal(n)
    try:
        value, vector = eigsh(matrix, k=1, which="LA", v0=start, tol=tol)
    except ArpackNoConvergence:
        return 0.0, float("inf")
    residual = float(np.linalg.norm(matrix @ vector[:, 0] - value[0] * vector[:, 0]))
    return float(value[0]), residual


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
        for _ in range(2):
            w = w - basis @ (basis.mT @ w)
        length = w.norm(dim=-2, keepdim=True)
        # A direction of rounding noise alone is harmless: the projection stays a projection.
        v = w / length.clamp_min(torch.finfo(w.dtype).tiny)
        basis = torch.cat([basis, v], dim=-1)
    small = basis.mT @ matrices @ basis
    return torch.linalg.eigvalsh((small + small.mT) / 2)[..., -1]


def longest_step(laplacian: scipy.sparse.csr_array, max_degree: float) -> float:
    """The longest stable explicit step of a Laplacian with complex eigenvalues.

    min 2 Re(lambda) / |lambda|^2 over the non-zero eigenvalues, for up to `DENSE_LIMIT` points.
    For more, 1 / max L_ii: every eigenvalue lies in a disc of radius L_ii around some L_ii
    (Gershgorin), where that ratio is at least 1 / L_ii. That is safe, and may be short.
    """
    if laplacian.shape[0] > DENSE_LIMIT:
        return 1.0 / max_degree
    return longest_step_dense(scipy.linalg.eigvals(laplacian.toarray()), max_degree)


def longest_step_dense(eigenvalues: np.ndarray, max_degree: float) -> float:
    """The same from all eigenvalues; those below rounding count as zero."""
    moving = eigenvalues[np.abs(eigenvalues) > 1e-9 * max_degree]
    if moving.size == 0:
        return float("inf")
    return float((2.0 * moving.real / np.abs(moving) ** 2).min())
