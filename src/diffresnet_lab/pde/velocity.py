"""The velocity of a residual network, and the two orders of time in which it is read."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

from jaxtyping import Float
from torch import Tensor

from diffresnet.errors import InputError

Velocity = Callable[[Tensor], Tensor]
"""Points (..., d) -> how fast each of them moves (..., d), in lengths a block."""

Scheme = Literal["network", "strang"]
"""Scheme of a step of length dt.

"network": the residual step x + dt v(x), then the noise of the whole step. With one step a block
it is the residual network with noise behind every block. The error of its mean is of order dt.
"strang": half of the noise, a midpoint step, the other half: an error of order dt^2 where v is
smooth.
"""


@dataclass(frozen=True)
class Convection:
    """Velocity that is constant in time during each block: a residual network as a flow.

    A particle meets the layers in their order: X(s) moves with layers[k] for k <= s < k + 1. The
    field u(x, t) is what a particle that starts at x still has to go through for a time t, so
    equation u_t = v(x, t) . grad u + sigma^2 Lap u reads them backwards: at t = 0 nothing is left
    but the classifier, and the first block acts last, just before t = T. In formulas,
    v(x, t) = layers[T - 1 - floor(t)](x), and the particle that arrives at time T sees
    v(X(s), T - s).

    Parameters
    ----------
    layers : velocities, in the order of the network.

    Examples
    --------
    >>> import torch
    >>> there_and_on = Convection((lambda x: 0 * x + 1, lambda x: x))
    >>> there_and_on.transport(torch.zeros(1, 2), substeps=1)
    tensor([[2., 2.]])
    >>> there_and_on.at(0.0)(torch.tensor([[3.0, 4.0]]))
    tensor([[3., 4.]])
    """

    layers: tuple[Velocity, ...]

    @classmethod
    def of_blocks(cls, blocks: Iterable[Velocity]) -> Convection:
        """Take the velocities block(x) - x of residual blocks, in the order of the network."""
        return cls(tuple(_velocity(block) for block in blocks))

    @property
    def time(self) -> int:
        """Return T, the number of blocks, each of which takes a unit of time."""
        return len(self.layers)

    def at(self, t: float) -> Velocity:
        """Return v(., t) of the equation, 0 <= t < T."""
        if not 0 <= t < self.time:
            raise InputError(f"the velocity is known for 0 <= t < {self.time}, not at {t}")
        return self.layers[self.time - 1 - int(t)]

    def transport(self, x: Float[Tensor, "*n d"], substeps: int) -> Float[Tensor, "*n d"]:
        """Move particles without noise by Euler steps; with one a block, it is the network."""
        for velocity in self.layers:
            for _ in range(substeps):
                x = x + velocity(x) / substeps
        return x


def _velocity(block: Velocity) -> Velocity:
    return lambda x: block(x) - x


def step(scheme: Scheme, velocity: Velocity, x: Tensor, dt: float) -> Tensor:
    """Move a particle for a time dt without noise."""
    if scheme == "network":
        return x + dt * velocity(x)
    return x + dt * velocity(x + 0.5 * dt * velocity(x))


def noise_times(scheme: Scheme, dt: float) -> tuple[float, float]:
    """Return the times for which noise acts before a step, and after it."""
    return (dt / 2, dt / 2) if scheme == "strang" else (0.0, dt)


def check_noise(sigma: float, substeps: int, scheme: str = "network") -> None:
    """Refuse noise and steps that no solver can take."""
    if not 0.0 <= sigma < float("inf"):
        raise InputError(f"sigma must be a finite number >= 0, not {sigma}")
    if substeps < 1:
        raise InputError(f"substeps must be at least 1, not {substeps}")
    if scheme not in ("network", "strang"):
        raise InputError(f'scheme must be "network" or "strang", not {scheme!r}')
