"""Linear layers of several networks side by side, each network initialised by its own seed."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn


class ReplicaInit:
    """Initial parameters of several replicas, each drawn by a generator of its own.

    Parameters
    ----------
    seeds : sequence of int
        One for each replica; parameters are drawn in the order in which they are asked for.
    device : torch.device
        Where the parameters are put; they are drawn on the CPU, alike for every device.
    """

    def __init__(self, seeds: Sequence[int], device: torch.device) -> None:
        self._generators = [torch.Generator().manual_seed(seed) for seed in seeds]
        self.device = device

    def __len__(self) -> int:
        return len(self._generators)

    def uniform(self, low: float, high: float, *shape: int) -> nn.Parameter:
        """Return a parameter (m, *shape), uniform between two numbers."""
        drawn = [torch.empty(shape).uniform_(low, high, generator=g) for g in self._generators]
        return nn.Parameter(torch.stack(drawn).to(self.device))

    def constant(self, value: float, *shape: int) -> nn.Parameter:
        """Return a parameter (m, *shape) of one value."""
        return nn.Parameter(torch.full((len(self), *shape), value, device=self.device))

    def glorot(self, fan_in: int, fan_out: int) -> nn.Parameter:
        """Return weights (m, in, out), uniform in ±sqrt(6 / (in + out)) (Glorot, Bengio 2010)."""
        bound = (6.0 / (fan_in + fan_out)) ** 0.5
        return self.uniform(-bound, bound, fan_in, fan_out)

    def linear(self, fan_in: int, fan_out: int) -> ReplicatedLinear:
        """Return a layer with Glorot weights and zero biases."""
        return ReplicatedLinear(self.glorot(fan_in, fan_out), self.constant(0.0, fan_out))


class ReplicatedLinear(nn.Module):
    """z W + b for every replica.

    Parameters
    ----------
    weight : (m, in, out)
    bias : (m, out)
    """

    def __init__(self, weight: nn.Parameter, bias: nn.Parameter) -> None:
        super().__init__()
        self.weight, self.bias = weight, bias

    def forward(self, z: Float[Tensor, "m n in_"]) -> Float[Tensor, "m n out"]:
        return torch.baddbmm(self.bias[:, None], z, self.weight)
