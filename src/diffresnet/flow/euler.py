"""The paper's diffusion: r explicit Euler steps (eq. 7)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from torch import Tensor

from ..errors import InputError, StabilityError
from ..operators import Laplacian
from .integrator import Integrator


@dataclass(frozen=True)
class ExplicitEuler(Integrator):
    """x <- x - gamma L x, `steps` times: F(L) = (I - gamma L)^r.

    Parameters
    ----------
    unstable : {"error", "allow"}
        What to do with a gamma past the stability bound of the graph, where the fastest modes
        grow instead of fading. The paper's setting for Pubmed is past it.
    """

    unstable: Literal["error", "allow"] = "error"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.unstable not in ("error", "allow"):
            raise InputError(f'unstable must be "error" or "allow", not {self.unstable!r}')

    def check(self, laplacian: Laplacian) -> None:
        # Gershgorin first: it costs nothing, and clears most settings.
        if self.unstable == "allow" or self.steps == 0 or self.gamma * laplacian.max_degree <= 1:
            return
        bound = laplacian.max_step()
        if self.gamma > bound * (1 + 1e-6):
            raise StabilityError(
                f"gamma = {self.gamma:g} is past the stability bound {bound:.4g} of this graph; "
                f"take more and shorter steps, method='heat', or unstable='allow'"
            )

    def __call__(self, laplacian: Laplacian, x: Tensor) -> Tensor:
        step = laplacian.shifted(1.0, -self.gamma)
        if self.steps == 0:
            return x.clone()
        for _ in range(self.steps):
            x = step(x)
        return x

    def derivative(self) -> ExplicitEuler:
        return replace(self, steps=self.steps - 1)
