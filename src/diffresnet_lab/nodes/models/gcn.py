"""Graph convolutional network (Kipf, Welling 2017, arXiv 1609.02907), of any depth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from diffresnet.graphs.layers.dropout import dropout
from diffresnet.graphs.layers.linear import ReplicaInit
from diffresnet.graphs.layers.sparse_features import SparseFeatures, SparseProduct
from diffresnet.graphs.node_data import NodeData
from diffresnet.graphs.training import ReplicatedModule

from ..model_spec import ModelSpec
from ..training import EarlyStoppingConfig


@dataclass(frozen=True)
class GCNConfig:
    """`depth` layers z <- A~ dropout(z) W + b, with ReLU between them.

    The defaults are the settings that Shchur et al. (arXiv 1811.05868) tuned for this protocol.
    Nothing is added for depth (no residual, no normalisation of features): 32 layers of it are
    the plain deep network that over-smooths.
    """

    depth: int = 2
    hidden: int = 64
    dropout: float = 0.8


class GCN(ReplicatedModule):
    """Replicas of a graph convolutional network."""

    def __init__(self, data: NodeData, config: GCNConfig, seeds: Sequence[int]) -> None:
        super().__init__(len(seeds))
        self.config = config
        self.features = SparseFeatures(data)
        self.propagate = SparseProduct(data.propagation_matrix)
        init = ReplicaInit(seeds, data.device)
        widths = [self.features.width, *[config.hidden] * (config.depth - 1), data.classes]
        self.weights = nn.ParameterList(init.glorot(*fans) for fans in pairwise(widths))
        self.biases = nn.ParameterList(init.constant(0.0, width) for width in widths[1:])

    def forward(self, rows: Int[Tensor, " k"]) -> Float[Tensor, "m k c"]:
        return self._convolve(self.hidden(), -1)[:, rows]

    def hidden(self) -> Float[Tensor, "m n h"] | None:
        """Return the features of all nodes before the last layer; None where it is the first."""
        z = None
        for layer in range(self.config.depth - 1):
            z = torch.relu(self._convolve(z, layer))
        return z

    def _convolve(self, z: Float[Tensor, "m n h"] | None, layer: int) -> Float[Tensor, "m n k"]:
        """Return A~ dropout(z) W + b, with the input features where there is no z."""
        p, weight = self.active(self.config.dropout), self.weights[layer]
        product = self.features(weight, p) if z is None else dropout(z, p) @ weight
        return self.propagate(product) + self.biases[layer][:, None]


SPEC = ModelSpec(
    "gcn",
    "GCN",
    GCN,
    GCNConfig(),
    # As tuned by Shchur et al., who decay the first layer only.
    EarlyStoppingConfig(learning_rate=0.01, weight_decay=1e-3),
    small_configs=({"hidden": 8}, {"hidden": 8, "depth": 1}, {"hidden": 8, "depth": 5}),
)
