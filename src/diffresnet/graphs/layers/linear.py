"""The two layers that the baselines are made of, for many members at once: X W and A z."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn

from ...operators.matrix import SparseMatrix
from ..node_data import NodeData
from .dropout import dropout
from .sparsity_pattern import Pattern


def generators(seeds: Sequence[int]) -> list[torch.Generator]:
    """One source of random numbers a member; layers draw from them in the order they are built."""
    return [torch.Generator().manual_seed(seed) for seed in seeds]


def glorot(
    of: Sequence[torch.Generator], fan_in: int, fan_out: int, device: torch.device
) -> nn.Parameter:
    """Weights (m, in, out), uniform within sqrt(6 / (in + out)) of zero (Glorot, Bengio 2010)."""
    reach = (6.0 / (fan_in + fan_out)) ** 0.5
    drawn = [torch.empty(fan_in, fan_out).uniform_(-reach, reach, generator=g) for g in of]
    return nn.Parameter(torch.stack(drawn).to(device))


class Linear(nn.Module):
    """z W + b, Glorot weights (m, in, out) and zero biases (m, out)."""

    def __init__(
        self, of: Sequence[torch.Generator], fan_in: int, fan_out: int, device: torch.device
    ) -> None:
        super().__init__()
        self.weight = glorot(of, fan_in, fan_out, device)
        self.bias = nn.Parameter(torch.zeros(len(of), fan_out, device=device))

    def forward(self, z: Float[Tensor, "m n in_"]) -> Float[Tensor, "m n out"]:
        return torch.baddbmm(self.bias[:, None], z, self.weight)


class Features:
    """The nodes' features, kept sparse: `features(W, p)` is dropout(X, p) W for every member.

    Each member drops entries of its own. 98% of a bag of words is zero, so that a dropped X costs
    what its entries cost.
    """

    def __init__(self, data: NodeData) -> None:
        self.width = data.features.shape[1]
        self._x = data.x
        self._pattern = Pattern(data.features, data.device)

    def __call__(self, weight: Float[Tensor, "m f h"], p: float = 0.0) -> Float[Tensor, "m n h"]:
        if p:
            kept = dropout(self._x.values.expand(len(weight), -1), p)
            return self._pattern.product(kept, weight)
        return propagate(self._x, weight)


def propagate(matrix: SparseMatrix, z: Float[Tensor, "m c h"]) -> Float[Tensor, "m n h"]:
    """A z for every member, with a gradient to z: one product of all their columns."""
    m, c, h = z.shape
    wide = matrix.differentiable(z.transpose(0, 1).reshape(c, m * h))
    return wide.view(-1, m, h).transpose(0, 1)
