"""Continuous graph neural network with weights (Xhonneux et al. 2020, arXiv 1912.00967)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from diffresnet.graphs.layers.dropout import dropout
from diffresnet.graphs.layers.linear import ReplicaInit
from diffresnet.graphs.layers.sparse_features import SparseLinear, SparseProduct
from diffresnet.graphs.node_data import NodeData
from diffresnet.graphs.training import ReplicatedModule

from ..model_spec import ModelSpec
from ..training import EarlyStoppingConfig
from .ode import Method, integrate


@dataclass(frozen=True)
class CGNNConfig:
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


class CGNN(ReplicatedModule):
    """Replicas of a continuous graph neural network."""

    def __init__(self, data: NodeData, config: CGNNConfig, seeds: Sequence[int]) -> None:
        super().__init__(len(seeds))
        self.config = config
        self.propagate = SparseProduct(data.propagation_matrix)
        init, h = ReplicaInit(seeds, data.device), config.hidden
        self.first = SparseLinear(data, init.linear(data.features.shape[1], h))
        self.alpha = init.constant(config.alpha, len(data), 1)
        self.skew = init.constant(0.0, h, h)
        # Not all 1: where all are equal, Q has no gradient, and Adam would follow rounding errors.
        self.eigenvalues = init.uniform(0.9, 1.0, h)
        self.last = init.linear(h, data.classes)

    def forward(self, rows: Int[Tensor, " k"]) -> Float[Tensor, "m k c"]:
        config = self.config
        start = self.first(self.active(config.input_dropout))
        rate = torch.sigmoid(self.alpha) / 2
        mixing = self.weight() - torch.eye(config.hidden, device=start.device)

        def velocity(z: Float[Tensor, "m n h"]) -> Float[Tensor, "m n h"]:
            return torch.addcmul(torch.baddbmm(start, z, mixing), rate, self.propagate(z) - z)

        z = integrate(velocity, start, config.time, config.step, config.method)[:, rows]
        return self.last(dropout(torch.relu(z), self.active(config.dropout)))

    def weight(self) -> Float[Tensor, "m h h"]:
        """Return W = Q diag(m) Q^T."""
        q = torch.matrix_exp(self.skew - self.skew.transpose(1, 2))
        return (q * self.eigenvalues.clamp(0, 1)[:, None]) @ q.transpose(1, 2)


SPEC = ModelSpec(
    "cgnn",
    "CGNN",
    CGNN,
    CGNNConfig(),
    # The authors' rate is 0.0047 with RMSprop.
    EarlyStoppingConfig(learning_rate=0.005, weight_decay=5e-4),
    library="torchdiffeq",
    small_configs=({"hidden": 8, "time": 2.3, "dropout": 0.2},),
)
