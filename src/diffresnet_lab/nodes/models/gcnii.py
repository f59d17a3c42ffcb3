"""GCNII: a deep graph convolution that keeps its input (Chen et al. 2020, arXiv 2007.02133)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import log

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from diffresnet.graphs.layers.dropout import dropout
from diffresnet.graphs.layers.linear import Features, Linear, generators, glorot, propagate
from diffresnet.graphs.node_data import NodeData
from diffresnet.graphs.preset import Preset, of
from diffresnet.graphs.training import NodeModel, Training

from ..published import published_name


@dataclass(frozen=True)
class GCNIISettings:
    """z <- ReLU((1 - b) s + b s W) with s = (1 - alpha) A~ z + alpha z_0 and b = log(rate / l + 1)

    in layer l of `depth`, from z_0 = ReLU(X W + b); then a linear classifier. Dropout before
    every layer.
    """

    depth: int = 64
    hidden: int = 64
    alpha: float = 0.1
    rate: float = 0.5
    dropout: float = 0.6


PUBLISHED = {
    "cora": GCNIISettings(),
    "citeseer": GCNIISettings(depth=32, hidden=256, rate=0.6, dropout=0.7),
    "pubmed": GCNIISettings(depth=16, hidden=256, rate=0.4, dropout=0.5),
}
"""The settings of the authors' repository (chennnM/GCNII)."""


class GCNIINodes(NodeModel):
    """Members of GCNII."""

    def __init__(self, data: NodeData, settings: GCNIISettings, seeds: Sequence[int]) -> None:
        super().__init__()
        self.members, self.settings = len(seeds), settings
        self.propagation = data.propagation
        self.features = Features(data)
        drawn, width = generators(seeds), settings.hidden
        self.first = Linear(drawn, self.features.width, width, data.device)
        self.layers = nn.ParameterList(
            glorot(drawn, width, width, data.device) for _ in range(settings.depth)
        )
        self.last = Linear(drawn, width, data.classes, data.device)

    def forward(self, rows: Int[Tensor, " k"]) -> Float[Tensor, "m k c"]:
        p, alpha = self.settings.dropout if self.training else 0.0, self.settings.alpha
        start = torch.relu(self.features(self.first.weight, p) + self.first.bias[:, None])
        z = start
        for depth, weight in enumerate(self.layers, start=1):
            share = log(self.settings.rate / depth + 1)
            s = propagate(self.propagation, dropout(z, p))
            s = (1 - alpha) * s + alpha * start
            z = torch.relu(torch.baddbmm(s, s, weight, beta=1 - share, alpha=share))
        scores: Tensor = self.last(dropout(z[:, rows], p))
        return scores


def preset(data: NodeData) -> Preset:
    """The published architecture; other graphs take Cora's.

    The authors decay the layers by 0.01 (Pubmed: 5e-4) and the two linear maps by 5e-4; one rate
    for all is used here. They wait 100 epochs. Initialisations are trained one at a time: on
    Pubmed two at once took twice as long each, in memory that was new to the process every time.
    """
    settings = PUBLISHED.get(published_name(data), PUBLISHED["cora"])
    training = Training(learning_rate=0.01, weight_decay=5e-4, patience=100)
    return replace(of("gcnii", "GCNII", GCNIINodes, settings, training), members=1)
