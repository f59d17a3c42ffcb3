"""Implicit Euler: stable at any step, and the cheapest way to very long times."""

from __future__ import annotations

from dataclasses import dataclass, replace

from torch import Tensor

from ..errors import InputError
from ..operators import Laplacian
from .integrator import Integrator


@dataclass(frozen=True)
class ImplicitEuler(Integrator):
    """x <- (I + gamma L)^-1 x, `steps` times.

    Each step is solved to a relative error of `tol`: by a polynomial of L or conjugate gradients
    where eigenvalues are real, BiCGStab elsewhere, a factorisation for dense batches.
    """

    tol: float = 1e-6

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0.0 < self.tol < 1.0:
            raise InputError(f"tol must be between 0 and 1, not {self.tol}")

    def check(self, laplacian: Laplacian) -> None:
        """Accept every step: the flow is always stable."""

    def __call__(self, laplacian: Laplacian, x: Tensor) -> Tensor:
        if self.steps == 0:
            return x.clone()
        for _ in range(self.steps):
            x = laplacian.solve(x, self.gamma, self.tol)
        return x

    def derivative(self) -> ImplicitEuler:
        return replace(self, steps=self.steps + 1)
