"""The Laplacians of many small graphs at once, as a dense batch."""

from __future__ import annotations

from functools import cached_property

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from ..errors import InputError
from .laplacian import Laplacian, LinearMap, Symmetry
from .spectrum import lanczos_largest, longest_step_dense


class DenseLaplacian(Laplacian):
    """L = diag(W 1) - W for a (b, n, n) batch of dense non-negative weights, by `bmm`.

    Parameters
    ----------
    weights : (b, n, n) or (n, n) floating tensor
        Gradients flow into it if it requires them.
    """

    def __init__(self, weights: Float[Tensor, "..."], *, symmetry: Symmetry | None = None) -> None:
        if weights.ndim not in (2, 3) or weights.shape[-1] != weights.shape[-2]:
            raise InputError(
                f"a dense graph must be (n, n) or (b, n, n), this one is {tuple(weights.shape)}"
            )
        if not bool(torch.isfinite(weights).all()):
            raise InputError("the graph has weights that are NaN or infinite; remove those edges")
        if bool((weights < 0).any()):
            raise InputError("the graph has negative weights; a diffusion needs weights >= 0")
        if symmetry is None:
            even = torch.allclose(weights, weights.mT, rtol=1e-5, atol=0.0)
            symmetry = "symmetric" if even else "none"
        self.symmetry = symmetry
        # Self-loops go first: one that outweighs the rest would round the row sum.
        off = weights - torch.diag_embed(weights.diagonal(dim1=-2, dim2=-1))
        self._l = torch.diag_embed(off.sum(-1)) - off

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(self._l.shape)

    @property
    def device(self) -> torch.device:
        return self._l.device

    @property
    def dtype(self) -> torch.dtype:
        return self._l.dtype

    @property
    def requires_grad(self) -> bool:
        """Whether the weights themselves are being learned."""
        return self._l.requires_grad

    @cached_property
    def max_degree(self) -> float:
        diagonal = self._l.detach().diagonal(dim1=-2, dim2=-1)
        return float(diagonal.max()) if diagonal.numel() else 0.0

    def shifted(self, alpha: float, beta: float) -> LinearMap:
        matrix = beta * self._l
        matrix.diagonal(dim1=-2, dim2=-1).add_(alpha)
        return lambda x: matrix @ x

    def transpose(self) -> DenseLaplacian:
        return self if self.symmetry == "symmetric" else self._with(self._l.mT)

    def _with(self, laplacian: Tensor) -> DenseLaplacian:
        other = object.__new__(DenseLaplacian)
        other.symmetry = self.symmetry
        other._l = laplacian
        other.__dict__["max_degree"] = self.max_degree
        return other

    @cached_property
    def _largest(self) -> float:
        return float(lanczos_largest(self._l.detach().double()).max())

    def spectral_bound(self) -> float:
        gershgorin = 2.0 * self.max_degree
        # 1% for what Lanczos steps have not reached yet.
        return min(gershgorin, 1.01 * self._largest) if self.symmetry == "symmetric" else gershgorin

    def max_step(self) -> float:
        if self.max_degree == 0.0:
            return float("inf")
        if self.symmetry == "symmetric":
            return 2.0 / self._largest
        eigenvalues = torch.linalg.eigvals(self._l.detach().double()).flatten()
        rounding = 10 * torch.finfo(self.dtype).eps
        return longest_step_dense(eigenvalues.cpu().numpy(), self.max_degree, rounding)

    def solve(
        self, x: Tensor, gamma: float, tol: float, fixed: Bool[Tensor, "*b n #d"] | None = None
    ) -> Tensor:
        """By a direct factorisation: `tol` is met by rounding alone."""
        matrix = gamma * self._l
        matrix.diagonal(dim1=-2, dim2=-1).add_(1.0)
        if fixed is None:
            return torch.linalg.solve(matrix, x)
        if fixed.shape[-1] != 1:
            raise InputError("a dense batch holds the same points fixed in every column")
        eye = torch.eye(matrix.shape[-1], dtype=matrix.dtype, device=matrix.device)
        # Kept to the last bit: a factorisation may round them.
        return torch.where(fixed, x, torch.linalg.solve(torch.where(fixed, eye, matrix), x))

    def to_dense(self) -> Tensor:
        return self._l

    def to(
        self, device: torch.device | str | None = None, dtype: torch.dtype | None = None
    ) -> DenseLaplacian:
        moved = self._l.to(device or self.device, dtype or self.dtype)
        return self if moved is self._l else self._with(moved)
