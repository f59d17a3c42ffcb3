"""Graph neural ordinary differential equation, "GDE" (Poli et al. 2019, arXiv 1911.07532)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor

from diffresnet.graphs.layers.dropout import dropout
from diffresnet.graphs.layers.linear import Features, Linear, generators, propagate
from diffresnet.graphs.node_data import NodeData
from diffresnet.graphs.preset import Preset, of
from diffresnet.graphs.training import NodeModel, Training

from .ode import Method, integrate


@dataclass(frozen=True)
class GDESettings:
    """A graph convolution, z' = two graph convolutions of z for a time, a graph convolution.

    ReLU after the first, softplus between the two of the velocity. The defaults are those of the
    authors' notebook (Zymrael/gde): rk4 in one step over time 1, and two rates of dropout.
    """

    hidden: int = 64
    time: float = 1.0
    step: float = 1.0
    method: Method = "rk4"
    dropout: float = 0.4
    velocity_dropout: float = 0.9


class GDENodes(NodeModel):
    """Members of a graph neural differential equation."""

    def __init__(self, data: NodeData, settings: GDESettings, seeds: Sequence[int]) -> None:
        super().__init__()
        self.members, self.settings = len(seeds), settings
        self.propagation = data.propagation
        self.features = Features(data)
        drawn, width = generators(seeds), settings.hidden
        self.first = Linear(drawn, self.features.width, width, data.device)
        self.inner = Linear(drawn, width, width, data.device)
        self.outer = Linear(drawn, width, width, data.device)
        self.last = Linear(drawn, width, data.classes, data.device)

    def forward(self, rows: Int[Tensor, " k"]) -> Float[Tensor, "m k c"]:
        s = self.settings
        z = self.features(self.first.weight, s.dropout if self.training else 0.0)
        z = torch.relu(propagate(self.propagation, z) + self.first.bias[:, None])
        z = integrate(self._velocity, z, s.time, s.step, s.method)
        return self._convolve(z, self.last)[:, rows]

    def _velocity(self, z: Float[Tensor, "m n h"]) -> Float[Tensor, "m n h"]:
        p = self.settings.velocity_dropout
        z = F.softplus(self._convolve(dropout(z, p if self.training else 0.0), self.inner))
        return self._convolve(dropout(z, p if self.training else 0.0), self.outer)

    def _convolve(self, z: Float[Tensor, "m n h"], layer: Linear) -> Float[Tensor, "m n k"]:
        return propagate(self.propagation, z @ layer.weight) + layer.bias[:, None]


def preset(data: NodeData) -> Preset:
    """The authors train 3,000 epochs at rate 0.001; ours stops early, at ten times the rate."""
    training = Training(learning_rate=0.01, weight_decay=5e-4)
    return of("gde", "GDE", GDENodes, GDESettings(), training)
