"""Graph convolutional network (Kipf, Welling 2017, arXiv 1609.02907), of any depth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from diffresnet.graphs.layers.dropout import dropout
from diffresnet.graphs.layers.linear import Features, generators, glorot, propagate
from diffresnet.graphs.node_data import NodeData
from diffresnet.graphs.preset import Preset, of
from diffresnet.graphs.training import NodeModel, Training


@dataclass(frozen=True)
class GCNSettings:
    """`depth` layers z <- A~ dropout(z) W + b, with ReLU between them.

    The defaults are the settings that Shchur et al. (arXiv 1811.05868) tuned for this protocol.
    Nothing is added for depth (no residual, no normalisation of features): 32 layers of it are
    the plain deep network that over-smooths.
    """

    depth: int = 2
    hidden: int = 64
    dropout: float = 0.8


class GCNNodes(NodeModel):
    """Members of a graph convolutional network."""

    def __init__(self, data: NodeData, settings: GCNSettings, seeds: Sequence[int]) -> None:
        super().__init__()
        self.members, self.settings = len(seeds), settings
        self.propagation = data.propagation
        self.features = Features(data)
        drawn = generators(seeds)
        widths = [self.features.width, *[settings.hidden] * (settings.depth - 1), data.classes]
        self.weights = nn.ParameterList(
            glorot(drawn, fan_in, fan_out, data.device) for fan_in, fan_out in pairwise(widths)
        )
        self.biases = nn.ParameterList(
            torch.zeros(len(seeds), width, device=data.device) for width in widths[1:]
        )

    def forward(self, rows: Int[Tensor, " k"]) -> Float[Tensor, "m k c"]:
        p = self.settings.dropout if self.training else 0.0
        z = self.features(self.weights[0], p)
        z = propagate(self.propagation, z) + self.biases[0][:, None]
        for weight, bias in zip(self.weights[1:], self.biases[1:], strict=True):
            z = dropout(torch.relu(z), p) @ weight
            z = propagate(self.propagation, z) + bias[:, None]
        return z[:, rows]


def preset(data: NodeData) -> Preset:
    """Learning rate and weight decay as tuned by Shchur et al., who decay the first layer only."""
    training = Training(learning_rate=0.01, weight_decay=1e-3)
    return of("gcn", "GCN", GCNNodes, GCNSettings(), training)
