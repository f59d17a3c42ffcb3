"""Label propagation (Zhou et al. 2003, "Learning with local and global consistency")."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from diffresnet.graphs.node_data import NodeData
from diffresnet.graphs.training import ReplicatedModule
from diffresnet.operators.matrix import SparseMatrix
from diffresnet.similarity.weights import normalized

from ..model_spec import ModelSpec


@dataclass(frozen=True)
class LabelPropagationConfig:
    """F <- alpha S F + (1 - alpha) Y, `steps` times from F = Y, S = D^-1/2 A D^-1/2.

    Y is 1 at the class of each training node. The defaults are those of Shchur et al. (arXiv
    1811.05868), a return probability of 0.05, run until nothing moves: 0.95^200 is 4e-5.
    """

    alpha: float = 0.95
    steps: int = 200


class LabelPropagation(ReplicatedModule):
    """Replicas that are all alike: nothing is drawn, and there is nothing to train.

    The labels are read by `prepare`, which must be called first.
    """

    scores: Float[Tensor, "n c"] | None

    def __init__(
        self, data: NodeData, config: LabelPropagationConfig, seeds: Sequence[int]
    ) -> None:
        super().__init__(len(seeds))
        self.config, self.data = config, data
        self.register_buffer("scores", None, persistent=False)

    def prepare(self, train_rows: Int[Tensor, " k"]) -> None:
        """Propagate the labels of these nodes."""
        data, alpha = self.data, self.config.alpha
        labels = torch.zeros(len(data), data.classes, device=data.device)
        labels[train_rows, data.labels[train_rows]] = 1.0
        adjacency = normalized(data.adjacency, "symmetric")
        propagate = SparseMatrix.from_scipy(adjacency, device=data.device)
        scores = labels
        for _ in range(self.config.steps):
            scores = alpha * propagate(scores) + (1 - alpha) * labels
        self.scores = scores

    def forward(self, rows: Int[Tensor, " k"]) -> Float[Tensor, "m k c"]:
        if self.scores is None:
            raise RuntimeError("label propagation needs its training nodes: call prepare first")
        return self.scores[rows].expand(self.replicas, -1, -1)


SPEC = ModelSpec(
    "label_propagation", "Label propagation", LabelPropagation, LabelPropagationConfig()
)
