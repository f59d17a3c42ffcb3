"""GraphSAGE (Hamilton et al. 2017, arXiv 1706.02216): means or maxima over neighbours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from jaxtyping import Float, Int
from torch import Tensor

from diffresnet.graphs.layers.dropout import dropout
from diffresnet.graphs.layers.linear import ReplicaInit
from diffresnet.graphs.layers.sparse_features import SparseFeatures, SparseProduct
from diffresnet.graphs.layers.sparsity_pattern import SparsityPattern
from diffresnet.graphs.node_data import NodeData
from diffresnet.graphs.training import ReplicatedModule
from diffresnet.operators.matrix import SparseMatrix
from diffresnet.similarity.weights import normalized

from ..model_spec import ModelSpec
from ..training import EarlyStoppingConfig


@dataclass(frozen=True)
class SAGEConfig:
    """Two layers z <- z U + aggregate(neighbours' z) W + b, ReLU between them.

    The defaults are the width and dropout that Shchur et al. (arXiv 1811.05868) tuned for means.

    Parameters
    ----------
    aggregate : {"mean", "maxpool"}
        The neighbours' mean, or the largest value of each entry of ReLU(z P + p) among them. All
        neighbours are used, none are sampled.
    hidden : int
        Also the width of P.
    """

    aggregate: Literal["mean", "maxpool"] = "mean"
    hidden: int = 32
    dropout: float = 0.4


class SAGE(ReplicatedModule):
    """Replicas of GraphSAGE."""

    def __init__(self, data: NodeData, config: SAGEConfig, seeds: Sequence[int]) -> None:
        super().__init__(len(seeds))
        self.config = config
        self.features = SparseFeatures(data)
        width, hidden = self.features.width, config.hidden
        init = ReplicaInit(seeds, data.device)
        self.first = init.linear(width, hidden)
        self.last = init.linear(hidden, data.classes)
        if config.aggregate == "mean":
            means = normalized(data.adjacency, "random_walk")
            self.mean = SparseProduct(SparseMatrix.from_scipy(means, device=data.device))
        else:
            self.pattern = SparsityPattern(data.adjacency, data.device)
            self.first_pool = init.linear(width, hidden)
            self.last_pool = init.linear(hidden, hidden)
            width = hidden
        self.first_neighbours = init.glorot(width, hidden)
        self.last_neighbours = init.glorot(hidden, data.classes)

    def forward(self, rows: Int[Tensor, " k"]) -> Float[Tensor, "m k c"]:
        p = self.active(self.config.dropout)
        aggregate = self._mean if self.config.aggregate == "mean" else self._maxpool
        return aggregate(p)[:, rows]

    def _mean(self, p: float) -> Float[Tensor, "m n c"]:
        both = self.features(torch.cat([self.first.weight, self.first_neighbours], 2), p)
        node, neighbours = both.split(self.config.hidden, 2)
        z = node + self.mean(neighbours) + self.first.bias[:, None]
        z = dropout(torch.relu(z), p)
        return self.last(z) + self.mean(z @ self.last_neighbours)

    def _maxpool(self, p: float) -> Float[Tensor, "m n c"]:
        both = self.features(torch.cat([self.first.weight, self.first_pool.weight], 2), p)
        node, pooled = both.split(self.config.hidden, 2)
        pooled = torch.relu(pooled + self.first_pool.bias[:, None])
        z = node + self.pattern.row_max(pooled) @ self.first_neighbours + self.first.bias[:, None]
        z = dropout(torch.relu(z), p)
        pooled = torch.relu(self.last_pool(z))
        return self.last(z) + self.pattern.row_max(pooled) @ self.last_neighbours


# The tuned learning rate is 0.001 for both, and the weight decay of the first layer only: 0.1 for
# means, 0.005 for maxima.
MEAN = ModelSpec(
    "sage_mean",
    "GraphSAGE-mean",
    SAGE,
    SAGEConfig("mean", 32, 0.4),
    EarlyStoppingConfig(learning_rate=0.01, weight_decay=5e-3),
    small_configs=({"hidden": 8},),
)
MAXPOOL = ModelSpec(
    "sage_maxpool",
    "GraphSAGE-maxpool",
    SAGE,
    SAGEConfig("maxpool", 32, 0.3),
    EarlyStoppingConfig(learning_rate=0.01, weight_decay=5e-4),
    small_configs=({"hidden": 8},),
)
