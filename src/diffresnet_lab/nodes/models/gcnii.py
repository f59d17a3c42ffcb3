"""GCNII: a deep graph convolution that keeps its input (Chen et al. 2020, arXiv 2007.02133)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import log

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from diffresnet.graphs.layers.dropout import dropout
from diffresnet.graphs.layers.linear import ReplicaInit
from diffresnet.graphs.layers.sparse_features import SparseLinear, SparseProduct
from diffresnet.graphs.node_data import NodeData
from diffresnet.graphs.training import ReplicatedModule

from ..model_spec import ModelSpec
from ..published import adapt_to_published
from ..training import EarlyStoppingConfig


@dataclass(frozen=True)
class GCNIIConfig:
    """z <- ReLU((1 - b) s + b s W) with s = (1 - alpha) A~ z + alpha z_0 and b = log(rate / l + 1)

    in layer l of `depth`, from z_0 = ReLU(X W + b); then a linear classifier. Dropout before
    every layer. The rate is the paper's lambda.
    """

    depth: int = 64
    hidden: int = 64
    alpha: float = 0.1
    rate: float = 0.5
    dropout: float = 0.6


class GCNII(ReplicatedModule):
    """Replicas of GCNII."""

    def __init__(self, data: NodeData, config: GCNIIConfig, seeds: Sequence[int]) -> None:
        super().__init__(len(seeds))
        self.config = config
        self.propagate = SparseProduct(data.propagation_matrix)
        init, width = ReplicaInit(seeds, data.device), config.hidden
        self.first = SparseLinear(data, init.linear(data.features.shape[1], width))
        self.weights = nn.ParameterList(init.glorot(width, width) for _ in range(config.depth))
        self.last = init.linear(width, data.classes)

    def forward(self, rows: Int[Tensor, " k"]) -> Float[Tensor, "m k c"]:
        p, alpha = self.active(self.config.dropout), self.config.alpha
        start = torch.relu(self.first(p))
        z = start
        for layer, weight in enumerate(self.weights, start=1):
            share = log(self.config.rate / layer + 1)
            s = (1 - alpha) * self.propagate(dropout(z, p)) + alpha * start
            z = torch.relu(torch.baddbmm(s, s, weight, beta=1 - share, alpha=share))
        return self.last(dropout(z[:, rows], p))


SPEC = ModelSpec(
    "gcnii",
    "GCNII",
    GCNII,
    GCNIIConfig(),
    # The authors decay the layers by 0.01 (Pubmed: 5e-4) and the two linear maps by 5e-4; one rate
    # for all is used here. They wait 100 epochs.
    EarlyStoppingConfig(learning_rate=0.01, weight_decay=5e-4, patience=100),
    # On Pubmed two at once took twice as long each, in memory that was new to the process.
    replicas=1,
    adapt=adapt_to_published("gcnii"),
    small_configs=({"depth": 6, "hidden": 8},),
)
