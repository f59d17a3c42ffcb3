"""Graph attention network (Velickovic et al. 2018, arXiv 1710.10903)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor, nn

from diffresnet.graphs.layers.dropout import dropout
from diffresnet.graphs.layers.linear import ReplicaInit
from diffresnet.graphs.layers.sparse_features import SparseFeatures
from diffresnet.graphs.layers.sparsity_pattern import SparsityPattern
from diffresnet.graphs.node_data import NodeData
from diffresnet.graphs.training import ReplicatedModule

from ..model_spec import ModelSpec
from ..training import EarlyStoppingConfig


@dataclass(frozen=True)
class GATConfig:
    """Two layers: `heads` heads of width `hidden` side by side, ELU, then one head of classes.

    A head weighs the neighbour j of i, itself among them, by softmax over j of
    LeakyReLU(a . W z_i + b . W z_j, slope 0.2). The defaults are the settings that Shchur et al.
    (arXiv 1811.05868) tuned for this protocol.
    """

    hidden: int = 8
    heads: int = 8
    dropout: float = 0.6
    attention_dropout: float = 0.3


class GAT(ReplicatedModule):
    """Replicas of a graph attention network."""

    def __init__(self, data: NodeData, config: GATConfig, seeds: Sequence[int]) -> None:
        super().__init__(len(seeds))
        self.config = config
        self.features = SparseFeatures(data)
        init = ReplicaInit(seeds, data.device)
        pattern = SparsityPattern(data.normalized_adjacency, data.device)
        width = config.heads * config.hidden
        self.first = init.glorot(self.features.width, width)
        self.last = init.glorot(width, data.classes)
        self.first_attention = Attention(init, pattern, config.heads, config.hidden)
        self.last_attention = Attention(init, pattern, 1, data.classes)

    def forward(self, rows: Int[Tensor, " k"]) -> Float[Tensor, "m k c"]:
        p = self.active(self.config.dropout)
        attention_p = self.active(self.config.attention_dropout)
        z = F.elu(self.first_attention(self.features(self.first, p), attention_p))
        return self.last_attention(dropout(z, p) @ self.last, attention_p)[:, rows]


class Attention(nn.Module):
    """Weighted means over neighbours, with weights from `heads` slices of the features."""

    def __init__(self, init: ReplicaInit, pattern: SparsityPattern, heads: int, width: int) -> None:
        super().__init__()
        self.pattern = pattern
        self.target = init.glorot(heads, width)
        self.source = init.glorot(heads, width)
        self.bias = init.constant(0.0, heads * width)

    def forward(self, z: Float[Tensor, "m n hw"], p: float) -> Float[Tensor, "m n hw"]:
        m, n, _ = z.shape
        heads, width = self.target.shape[1:]
        z = z.view(m, n, heads, width).transpose(1, 2).reshape(m * heads, n, width)
        target = (z @ self.target.reshape(m * heads, width, 1))[..., 0]
        source = (z @ self.source.reshape(m * heads, width, 1))[..., 0]
        scores = F.leaky_relu(self.pattern.edge_sum(target, source), 0.2)
        weights = dropout(self.pattern.row_softmax(scores), p)
        messages = self.pattern.spmm(weights, z).view(m, heads, n, width)
        return messages.transpose(1, 2).reshape(m, n, -1) + self.bias[:, None]


SPEC = ModelSpec(
    "gat",
    "GAT",
    GAT,
    GATConfig(),
    # The tuned weight decay of 0.01, which is on the weights of the first layer only, would be too
    # much on all; 0.002 was better on validation nodes of Cora (a split of master seed 1000).
    EarlyStoppingConfig(learning_rate=0.01, weight_decay=2e-3),
    small_configs=({"hidden": 4, "heads": 2},),
)
