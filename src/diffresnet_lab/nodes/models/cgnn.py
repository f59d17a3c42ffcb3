"""Continuous graph neural network with weights (Xhonneux et al. 2020, arXiv 1912.00967)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from diffresnet.graphs.layers.dropout import dropout
from diffresnet.graphs.layers.linear import Features, Linear, generators, propagate
from diffresnet.graphs.node_data import NodeData
from diffresnet.graphs.preset import Preset, of
from diffresnet.graphs.training import NodeModel, Training

from .ode import Method, integrate


@dataclass(frozen=True)
class CGNNSettings:
    """z' = A z + z (W - I) + e from z(0) = e = X V + v, then ReLU and a linear classifier.

    A = alpha / 2 (A~ - I) with a learned alpha in (0, 1) for every node, as the authors' code has
    it (their text has alpha / 2 (A~ + I) - I, which smooths less: 5 points fewer on validation
    nodes of Cora), and W = Q diag(m) Q^T with Q orthogonal (the exponential of a skew matrix) and
    m within [0, 1]. With eigenvalues within [-2, 0] the equation is stable, and so are Euler steps
    up to 1.

    Training begins at Q = I, m from (0.9, 1) and alpha = sigmoid(`alpha`). Time, width, dropout
    and alpha are those of the authors' repository (DeepGraphLearning/ContinuousGNN) for Cora,
    where steps are adaptive.
    """

    hidden: int = 16
    time: float = 12.1
    step: float = 1.0
    method: Method = "euler"
    alpha: float = 0.918
    input_dropout: float = 0.5
    dropout: float = 0.0


class CGNNNodes(NodeModel):
    """Members of a continuous graph neural network."""

    def __init__(self, data: NodeData, settings: CGNNSettings, seeds: Sequence[int]) -> None:
        super().__init__()
        self.members, self.settings = len(seeds), settings
        self.propagation = data.propagation
        self.features = Features(data)
        drawn, h, device = generators(seeds), settings.hidden, data.device
        self.first = Linear(drawn, self.features.width, h, device)
        m = len(seeds)
        self.alpha = nn.Parameter(torch.full((m, len(data), 1), settings.alpha, device=device))
        self.skew = nn.Parameter(torch.zeros(m, h, h, device=device))
        # Not all 1: where all are equal, Q has no gradient, and Adam would follow rounding errors.
        scales = [torch.empty(h).uniform_(0.9, 1.0, generator=generator) for generator in drawn]
        self.scale = nn.Parameter(torch.stack(scales).to(device))
        self.last = Linear(drawn, h, data.classes, device)

    def forward(self, rows: Int[Tensor, " k"]) -> Float[Tensor, "m k c"]:
        s = self.settings
        p = s.input_dropout if self.training else 0.0
        start = self.features(self.first.weight, p) + self.first.bias[:, None]
        half = torch.sigmoid(self.alpha) / 2
        mix = self._weight() - torch.eye(s.hidden, device=start.device)

        def velocity(z: Float[Tensor, "m n h"]) -> Float[Tensor, "m n h"]:
            around = propagate(self.propagation, z) - z
            return torch.addcmul(torch.baddbmm(start, z, mix), half, around)

        z = integrate(velocity, start, s.time, s.step, s.method)[:, rows]
        scores: Tensor = self.last(dropout(torch.relu(z), s.dropout if self.training else 0.0))
        return scores

    def _weight(self) -> Float[Tensor, "m h h"]:
        q = torch.matrix_exp(self.skew - self.skew.transpose(1, 2))
        return (q * self.scale.clamp(0, 1)[:, None]) @ q.transpose(1, 2)


def preset(data: NodeData) -> Preset:
    """The authors' rate is 0.0047 with RMSprop; this is Adam at 0.005."""
    training = Training(learning_rate=0.005, weight_decay=5e-4)
    return of("cgnn", "CGNN", CGNNNodes, CGNNSettings(), training)
