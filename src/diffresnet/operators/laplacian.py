"""What every graph Laplacian can do: L = diag(W 1) - W for non-negative weights W."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Literal

import torch
from jaxtyping import Bool
from torch import Tensor

Symmetry = Literal["symmetric", "reversible", "none"]


# A fixed matrix that multiplies features (..., n, d) from the left.
LinearMap = Callable[[Tensor], Tensor]


class Laplacian(ABC):
    """The graph Laplacian L = diag(W 1) - W of eq. 7, as a linear operator.

    Row sums of L are zero, so constants are left alone; where L is symmetric its column sums are
    zero too and diffusion conserves mass.

    Attributes
    ----------
    symmetry : {"symmetric", "reversible", "none"}
        "reversible" is similar to a symmetric matrix by a diagonal one (a random walk on an
        undirected graph): D L = L^T D, so its eigenvalues are real.
    """

    symmetry: Symmetry

    @property
    @abstractmethod
    def shape(self) -> tuple[int, ...]:
        """(n, n) for a graph, (b, n, n) for a batch."""

    @property
    @abstractmethod
    def device(self) -> torch.device: ...

    @property
    @abstractmethod
    def dtype(self) -> torch.dtype: ...

    @abstractmethod
    def shifted(self, alpha: float, beta: float) -> LinearMap:
        """Return the map x -> (alpha I + beta L) x, folded into one matrix."""

    @abstractmethod
    def transpose(self) -> Laplacian:
        """Return the operator of L^T, which the backward pass multiplies by.

        It is the operator itself where L is symmetric. Its row sums need not be zero.
        """

    @abstractmethod
    def spectral_bound(self) -> float:
        """Bound the eigenvalues of L in absolute value, close to the largest."""

    @abstractmethod
    def max_step(self) -> float:
        """Return the longest explicit Euler step gamma for which no mode of I - gamma L grows.

        2 / lambda_max where eigenvalues are real, else min 2 Re(lambda) / |lambda|^2 over the
        non-zero ones. Infinite for a graph without edges.
        """

    @property
    @abstractmethod
    def max_degree(self) -> float:
        """max_i L_ii: the largest off-diagonal row sum, without self-loops."""

    @abstractmethod
    def solve(
        self, x: Tensor, gamma: float, tol: float, fixed: Bool[Tensor, "*b n #d"] | None = None
    ) -> Tensor:
        """(I + gamma L)^-1 x to an error of tol |x| in every column.

        For a reversible graph |x| is the norm in which L is symmetric. A tol below 1e-2 bounds the
        residual too.

        With `fixed`, points where it is true keep their value of x, and the equation holds at
        the others only.
        """

    @abstractmethod
    def to_dense(self) -> Tensor:
        """L as a dense tensor: for tests and small graphs."""

    @abstractmethod
    def to(
        self, device: torch.device | str | None = None, dtype: torch.dtype | None = None
    ) -> Laplacian:
        """Move the operator to another device or precision."""

    def product(self, x: Tensor) -> Tensor:
        """L x."""
        return self.shifted(0.0, 1.0)(x)

    def panels(self, x: Tensor) -> list[Tensor]:
        """x cut into groups of columns that a flow had better move one after another.

        Columns never meet in a diffusion, so the cut changes nothing but speed.
        """
        return [x]
