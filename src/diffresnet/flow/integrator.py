"""What every way of computing the diffusion dx/dt = -L x shares."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor

from ..errors import InputError
from ..operators import Laplacian


@dataclass(frozen=True)
class Integrator(ABC):
    """A function of the Laplacian, F(L), that approximates exp(-t L) for t = gamma * steps.

    Parameters
    ----------
    gamma : float
        Length of one step, in units of time.
    steps : int
        Number of steps r.
    """

    gamma: float
    steps: int = 1

    def __post_init__(self) -> None:
        if not 0.0 <= self.gamma < float("inf"):
            raise InputError(f"gamma must be a finite number >= 0, not {self.gamma}")
        if self.steps < 0 or self.steps != int(self.steps):
            raise InputError(f"steps must be a whole number >= 0, not {self.steps}")

    @property
    def time(self) -> float:
        """The strength t = gamma * steps of the diffusion."""
        return self.gamma * self.steps

    @abstractmethod
    def check(self, laplacian: Laplacian) -> None:
        """Raise `StabilityError` where this integrator would let a mode of the graph grow."""

    @abstractmethod
    def __call__(self, laplacian: Laplacian, x: Float[Tensor, "*b n d"]) -> Float[Tensor, "*b n d"]:
        """Compute F(L) x, without gradients; the caller has checked the step."""

    @abstractmethod
    def derivative(self) -> Integrator:
        """Return the flow G for which dF(L) / d gamma = -steps L G(L), at steps >= 1."""
