"""Graph neural ordinary differential equation, "GDE" (Poli et al. 2019, arXiv 1911.07532)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor

from diffresnet.graphs.layers.dropout import dropout
from diffresnet.graphs.layers.linear import ReplicaInit, ReplicatedLinear
from diffresnet.graphs.layers.sparse_features import SparseFeatures, SparseProduct
from diffresnet.graphs.node_data import NodeData
from diffresnet.graphs.training import ReplicatedModule

from ..model_spec import ModelSpec
from ..training import EarlyStoppingConfig
from .ode import Method, integrate


@dataclass(frozen=True)
class GDEConfig:
    """A graph convolution, z' = two graph convolutions of z for a time, a graph convolution.

    ReLU after the first, softplus between the two of the velocity. The defaults are those of the
    authors' notebook (Zymrael/gde): rk4 in one step over time 1, and two rates of dropout.
    """

    hidden: int = 64
    time: float = 1.0
    step: float = 1.0
    method: Method = "rk4"
    dropout: float = 0.4
    velocity_dropout: float = 0.9


class GDE(ReplicatedModule):
    """Replicas of a graph neural differential equation."""

    def __init__(self, data: NodeData, config: GDEConfig, seeds: Sequence[int]) -> None:
        super().__init__(len(seeds))
        self.config = config
        self.features = SparseFeatures(data)
        self.propagate = SparseProduct(data.propagation_matrix)
        init, width = ReplicaInit(seeds, data.device), config.hidden
        self.first = init.linear(self.features.width, width)
        self.inner = init.linear(width, width)
        self.outer = init.linear(width, width)
        self.last = init.linear(width, data.classes)

    def forward(self, rows: Int[Tensor, " k"]) -> Float[Tensor, "m k c"]:
        config = self.config
        z = self.features(self.first.weight, self.active(config.dropout))
        z = torch.relu(self.propagate(z) + self.first.bias[:, None])
        z = integrate(self._velocity, z, config.time, config.step, config.method)
        return self._convolve(z, self.last)[:, rows]

    def _velocity(self, z: Float[Tensor, "m n h"]) -> Float[Tensor, "m n h"]:
        p = self.active(self.config.velocity_dropout)
        return self._convolve(
            dropout(F.softplus(self._convolve(dropout(z, p), self.inner)), p), self.outer
        )

    def _convolve(
        self, z: Float[Tensor, "m n h"], layer: ReplicatedLinear
    ) -> Float[Tensor, "m n k"]:
        return self.propagate(z @ layer.weight) + layer.bias[:, None]


SPEC = ModelSpec(
    "gde",
    "GDE",
    GDE,
    GDEConfig(),
    # The authors train 3,000 epochs at rate 0.001; ours stops early, at ten times the rate.
    EarlyStoppingConfig(learning_rate=0.01, weight_decay=5e-4),
    library="torchdiffeq",
    small_configs=({"hidden": 8, "velocity_dropout": 0.3},),
)
