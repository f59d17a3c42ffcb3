"""GraphSAGE (Hamilton et al. 2017, arXiv 1706.02216): means or maxima over neighbours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from jaxtyping import Float, Int
from torch import Tensor

from diffresnet.graphs.layers.dropout import dropout
from diffresnet.graphs.layers.linear import Features, Linear, generators, glorot, propagate
from diffresnet.graphs.layers.sparsity_pattern import Pattern
from diffresnet.graphs.node_data import NodeData
from diffresnet.graphs.preset import Preset, of
from diffresnet.graphs.training import NodeModel, Training
from diffresnet.operators.matrix import SparseMatrix
from diffresnet.similarity.weights import normalized


@dataclass(frozen=True)
class SAGESettings:
    """Two layers z <- z U + aggregate(neighbours' z) W + b, ReLU between them.

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


class SAGENodes(NodeModel):
    """Members of GraphSAGE."""

    def __init__(self, data: NodeData, settings: SAGESettings, seeds: Sequence[int]) -> None:
        super().__init__()
        self.members, self.settings = len(seeds), settings
        self.features = Features(data)
        width, hidden = self.features.width, settings.hidden
        drawn, device = generators(seeds), data.device
        self.first = Linear(drawn, width, hidden, device)
        self.last = Linear(drawn, hidden, data.classes, device)
        if settings.aggregate == "mean":
            means = normalized(data.adjacency, "random_walk")
            self.mean = SparseMatrix.from_scipy(means, device=device)
        else:
            self.pattern = Pattern(data.adjacency, device)
            self.first_pool = Linear(drawn, width, hidden, device)
            self.last_pool = Linear(drawn, hidden, hidden, device)
            width = hidden
        self.first_around = glorot(drawn, width, hidden, device)
        self.last_around = glorot(drawn, hidden, data.classes, device)

    def forward(self, rows: Int[Tensor, " k"]) -> Float[Tensor, "m k c"]:
        p = self.settings.dropout if self.training else 0.0
        step = self._mean if self.settings.aggregate == "mean" else self._maxpool
        return step(p)[:, rows]

    def _mean(self, p: float) -> Float[Tensor, "m n c"]:
        both = self.features(torch.cat([self.first.weight, self.first_around], 2), p)
        own, around = both.split(self.settings.hidden, 2)
        z = own + propagate(self.mean, around) + self.first.bias[:, None]
        z = dropout(torch.relu(z), p)
        scores: Tensor = self.last(z) + propagate(self.mean, z @ self.last_around)
        return scores

    def _maxpool(self, p: float) -> Float[Tensor, "m n c"]:
        both = self.features(torch.cat([self.first.weight, self.first_pool.weight], 2), p)
        own, pooled = both.split(self.settings.hidden, 2)
        pooled = torch.relu(pooled + self.first_pool.bias[:, None])
        z = own + self.pattern.maximum(pooled) @ self.first_around + self.first.bias[:, None]
        z = dropout(torch.relu(z), p)
        pooled = torch.relu(self.last_pool(z))
        scores: Tensor = self.last(z) + self.pattern.maximum(pooled) @ self.last_around
        return scores


def preset_mean(data: NodeData) -> Preset:
    """Width and dropout as tuned by Shchur et al. (arXiv 1811.05868).

    Their rate is 0.001, and their weight decay of 0.1 is on the first layer only.
    """
    training = Training(learning_rate=0.01, weight_decay=5e-3)
    return of("sage_mean", "GraphSAGE-mean", SAGENodes, SAGESettings("mean", 32, 0.4), training)


def preset_maxpool(data: NodeData) -> Preset:
    """Width and dropout as tuned by Shchur et al. (arXiv 1811.05868).

    Their rate is 0.001, and their weight decay of 0.005 is on the first layer only.
    """
    training = Training(learning_rate=0.01, weight_decay=5e-4)
    settings = SAGESettings("maxpool", 32, 0.3)
    return of("sage_maxpool", "GraphSAGE-maxpool", SAGENodes, settings, training)
