"""Graph attention network (Velickovic et al. 2018, arXiv 1710.10903)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor, nn

from diffresnet.graphs.layers.dropout import dropout
from diffresnet.graphs.layers.linear import Features, generators, glorot
from diffresnet.graphs.layers.sparsity_pattern import Pattern
from diffresnet.graphs.node_data import NodeData
from diffresnet.graphs.preset import Preset, of
from diffresnet.graphs.training import NodeModel, Training


@dataclass(frozen=True)
class GATSettings:
    """Two layers: `heads` heads of width `hidden` side by side, ELU, then one head of classes.

    A head weighs the neighbour j of i, itself among them, by softmax over j of
    LeakyReLU(a . W z_i + b . W z_j, slope 0.2). The defaults are the settings that Shchur et al.
    (arXiv 1811.05868) tuned for this protocol.
    """

    hidden: int = 8
    heads: int = 8
    dropout: float = 0.6
    attention_dropout: float = 0.3


class GATNodes(NodeModel):
    """Members of a graph attention network."""

    def __init__(self, data: NodeData, settings: GATSettings, seeds: Sequence[int]) -> None:
        super().__init__()
        self.members, self.settings = len(seeds), settings
        self.features = Features(data)
        drawn, device = generators(seeds), data.device
        pattern, p = Pattern(data.citation, device), settings.attention_dropout
        wide = settings.heads * settings.hidden
        self.first = glorot(drawn, self.features.width, wide, device)
        self.last = glorot(drawn, wide, data.classes, device)
        self.attend = nn.ModuleList(
            [
                Attention(drawn, pattern, settings.heads, settings.hidden, p),
                Attention(drawn, pattern, 1, data.classes, p),
            ]
        )

    def forward(self, rows: Int[Tensor, " k"]) -> Float[Tensor, "m k c"]:
        p = self.settings.dropout if self.training else 0.0
        inner, outer = self.attend
        z = F.elu(inner(self.features(self.first, p)))
        scores: Tensor = outer(dropout(z, p) @ self.last)[:, rows]
        return scores


class Attention(nn.Module):
    """Weighted means over neighbours, with weights from `heads` slices of the features."""

    def __init__(
        self,
        of: Sequence[torch.Generator],
        pattern: Pattern,
        heads: int,
        width: int,
        dropout: float,
    ) -> None:
        super().__init__()
        self.pattern, self.dropout = pattern, dropout
        device = pattern.rows.device
        self.target = glorot(of, heads, width, device)
        self.source = glorot(of, heads, width, device)
        self.bias = nn.Parameter(torch.zeros(len(of), heads * width, device=device))

    def forward(self, z: Float[Tensor, "m n hw"]) -> Float[Tensor, "m n hw"]:
        m, n, _ = z.shape
        heads, width = self.target.shape[1:]
        pattern = self.pattern
        z = z.view(m, n, heads, width).transpose(1, 2).reshape(m * heads, n, width)
        target = (z @ self.target.reshape(m * heads, width, 1))[..., 0]
        source = (z @ self.source.reshape(m * heads, width, 1))[..., 0]
        scores = F.leaky_relu(pattern.ends(target, source), 0.2)
        weights = dropout(pattern.softmax(scores), self.dropout if self.training else 0.0)
        mixed = pattern.product(weights, z).view(m, heads, n, width)
        return mixed.transpose(1, 2).reshape(m, n, -1) + self.bias[:, None]


def preset(data: NodeData) -> Preset:
    """Learning rate as tuned by Shchur et al.

    Their weight decay of 0.01, which is on the weights of the first layer only, would be too much
    on all; 0.002 was better on validation nodes of Cora (a split of master seed 1000).
    """
    training = Training(learning_rate=0.01, weight_decay=2e-3)
    return of("gat", "GAT", GATNodes, GATSettings(), training)
