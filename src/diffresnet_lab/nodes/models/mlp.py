"""A multilayer perceptron: the baseline that never looks at the graph."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from diffresnet.graphs.layers.dropout import dropout
from diffresnet.graphs.layers.linear import ReplicaInit
from diffresnet.graphs.layers.sparse_features import SparseLinear
from diffresnet.graphs.node_data import NodeData
from diffresnet.graphs.training import ReplicatedModule

from ..model_spec import ModelSpec
from ..training import EarlyStoppingConfig


@dataclass(frozen=True)
class MLPConfig:
    """One hidden layer: ReLU(X W + b) V + c, dropout before each of the two products.

    The defaults are the settings that Shchur et al. (arXiv 1811.05868) tuned for this protocol.
    """

    hidden: int = 64
    dropout: float = 0.8


class MLP(ReplicatedModule):
    """Replicas of a multilayer perceptron."""

    def __init__(self, data: NodeData, config: MLPConfig, seeds: Sequence[int]) -> None:
        super().__init__(len(seeds))
        self.config = config
        init, inputs = ReplicaInit(seeds, data.device), data.features.shape[1]
        self.first = SparseLinear(data, init.linear(inputs, config.hidden))
        self.last = init.linear(config.hidden, data.classes)

    def forward(self, rows: Int[Tensor, " k"]) -> Float[Tensor, "m k c"]:
        p = self.active(self.config.dropout)
        return self.last(dropout(torch.relu(self.first(p, rows)), p))


SPEC = ModelSpec(
    "mlp",
    "MLP",
    MLP,
    MLPConfig(),
    # The tuned weight decay of 0.01, which is on the first layer only, would be too much on all;
    # 0.001 was better on validation nodes of Cora (a split of master seed 1000).
    EarlyStoppingConfig(learning_rate=0.005, weight_decay=1e-3),
    small_configs=({"hidden": 8},),
)
