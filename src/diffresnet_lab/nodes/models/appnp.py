"""APPNP: a perceptron's scores, spread by personalised PageRank (Gasteiger et al. 2019)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from diffresnet.graphs.layers.dropout import dropout
from diffresnet.graphs.layers.linear import Features, Linear, generators, propagate
from diffresnet.graphs.layers.sparsity_pattern import Pattern
from diffresnet.graphs.node_data import NodeData
from diffresnet.graphs.preset import Preset, of
from diffresnet.graphs.training import NodeModel, Training


@dataclass(frozen=True)
class APPNPSettings:
    """z <- (1 - alpha) A~ z + alpha h, `steps` times from z = h = MLP(X).

    Dropout acts on the features, the hidden layer and the edges of every step. The defaults are
    those of the paper (arXiv 1810.05997), which tuned them on splits much like ours.
    """

    hidden: int = 64
    steps: int = 10
    alpha: float = 0.1
    dropout: float = 0.5


class APPNPNodes(NodeModel):
    """Members of APPNP."""

    def __init__(self, data: NodeData, settings: APPNPSettings, seeds: Sequence[int]) -> None:
        super().__init__()
        self.members, self.settings = len(seeds), settings
        self.propagation = data.propagation
        self.pattern = Pattern(data.citation, data.device)
        self.features = Features(data)
        drawn = generators(seeds)
        self.first = Linear(drawn, self.features.width, settings.hidden, data.device)
        self.last = Linear(drawn, settings.hidden, data.classes, data.device)

    def forward(self, rows: Int[Tensor, " k"]) -> Float[Tensor, "m k c"]:
        p, alpha = self.settings.dropout if self.training else 0.0, self.settings.alpha
        z = self.features(self.first.weight, p) + self.first.bias[:, None]
        start = self.last(dropout(torch.relu(z), p))
        scores = start
        for _ in range(self.settings.steps):
            scores = (1 - alpha) * self._step(scores, p) + alpha * start
        return scores[:, rows]

    def _step(self, z: Float[Tensor, "m n c"], p: float) -> Float[Tensor, "m n c"]:
        if not p:
            return propagate(self.propagation, z)
        kept = dropout(self.propagation.values.expand(len(z), -1), p)
        return self.pattern.product(kept, z)


def preset(data: NodeData) -> Preset:
    """Learning rate of the paper.

    Its weight decay of 0.005, which is on the first layer only, would be too much on all; 5e-4
    was better on validation nodes of Cora (a split of master seed 1000).
    """
    training = Training(learning_rate=0.01, weight_decay=5e-4)
    return of("appnp", "APPNP", APPNPNodes, APPNPSettings(), training)
