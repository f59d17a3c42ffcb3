"""A multilayer perceptron: the baseline that never looks at the graph."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from diffresnet.graphs.layers.dropout import dropout
from diffresnet.graphs.layers.linear import Features, Linear, generators
from diffresnet.graphs.node_data import NodeData
from diffresnet.graphs.preset import Preset, of
from diffresnet.graphs.training import NodeModel, Training


@dataclass(frozen=True)
class MLPSettings:
    """One hidden layer: ReLU(X W + b) V + c, dropout before each of the two products.

    The defaults are the settings that Shchur et al. (arXiv 1811.05868) tuned for this protocol.
    """

    hidden: int = 64
    dropout: float = 0.8


class MLPNodes(NodeModel):
    """Members of a multilayer perceptron."""

    def __init__(self, data: NodeData, settings: MLPSettings, seeds: Sequence[int]) -> None:
        super().__init__()
        self.members, self.settings = len(seeds), settings
        drawn = generators(seeds)
        self.features = Features(data)
        self.first = Linear(drawn, self.features.width, settings.hidden, data.device)
        self.last = Linear(drawn, settings.hidden, data.classes, data.device)

    def forward(self, rows: Int[Tensor, " k"]) -> Float[Tensor, "m k c"]:
        p = self.settings.dropout if self.training else 0.0
        z = self.features(self.first.weight, p)[:, rows] + self.first.bias[:, None]
        scores: Tensor = self.last(dropout(torch.relu(z), p))
        return scores


def preset(data: NodeData) -> Preset:
    """Learning rate as tuned by Shchur et al.

    Their weight decay of 0.01, which is on the first layer only, would be too much on all; 0.001
    was better on validation nodes of Cora (a split of master seed 1000).
    """
    training = Training(learning_rate=0.005, weight_decay=1e-3)
    return of("mlp", "MLP", MLPNodes, MLPSettings(), training)
