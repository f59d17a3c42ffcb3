"""Label propagation (Zhou et al. 2003, "Learning with local and global consistency")."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from diffresnet.graphs.node_data import NodeData
from diffresnet.graphs.preset import Preset, of
from diffresnet.graphs.training import NodeModel, Training
from diffresnet.operators.matrix import SparseMatrix
from diffresnet.similarity.weights import normalized


@dataclass(frozen=True)
class LabelPropagationSettings:
    """F <- alpha S F + (1 - alpha) Y, `steps` times from F = Y, S = D^-1/2 A D^-1/2.

    Y is 1 at the class of each training node. The defaults are those of Shchur et al. (arXiv
    1811.05868), a return probability of 0.05, run until nothing moves: 0.95^200 is 4e-5.
    """

    alpha: float = 0.95
    steps: int = 200


class LabelPropagationNodes(NodeModel):
    """Members that are all alike: nothing is drawn, and there is nothing to train.

    The only model that reads labels itself. `prepare` says which, and must be called first.
    """

    def __init__(
        self, data: NodeData, settings: LabelPropagationSettings, seeds: Sequence[int]
    ) -> None:
        super().__init__()
        self.members, self.settings, self.data = len(seeds), settings, data
        self._scores: Float[Tensor, "n c"] | None = None

    def prepare(self, train_rows: Int[Tensor, " k"]) -> None:
        """Spread the labels of these nodes."""
        data, alpha = self.data, self.settings.alpha
        given = torch.zeros(len(data), data.classes, device=data.device)
        given[train_rows, data.labels[train_rows]] = 1.0
        smooth = SparseMatrix.from_scipy(
            normalized(data.adjacency, "symmetric"), device=data.device
        )
        scores = given
        for _ in range(self.settings.steps):
            scores = alpha * smooth(scores) + (1 - alpha) * given
        self._scores = scores

    def forward(self, rows: Int[Tensor, " k"]) -> Float[Tensor, "m k c"]:
        if self._scores is None:
            raise RuntimeError("label propagation needs its training nodes: call prepare first")
        return self._scores[rows].expand(self.members, -1, -1)


def preset(data: NodeData) -> Preset:
    return of(
        "label_propagation",
        "Label propagation",
        LabelPropagationNodes,
        LabelPropagationSettings(),
        Training(),
    )
