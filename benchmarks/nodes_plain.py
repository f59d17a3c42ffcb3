"""What a reader of the paper would write: the plain side of the node benchmarks.

Dense features, r products of the graph with n x F features, everything recorded by autograd.
"""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from diffresnet.nodes.data import NodeData
from diffresnet.nodes.models.diff_resnet import DiffResNetNodes, DiffResNetSettings
from diffresnet.nodes.training import NodeModel


class PlainDiffResNet(NodeModel):
    """One network, written down as the paper has it."""

    members = 1

    def __init__(self, data: NodeData, settings: DiffResNetSettings, seed: int) -> None:
        super().__init__()
        ours = DiffResNetNodes(data, settings, [seed])  # the same initial weights
        self.weight, self.bias = ours.weight, ours.bias
        self.head, self.head_bias = ours.head, ours.head_bias
        self.settings, self.x = settings, data.dense_x
        coo = data.citation.tocoo()
        index = torch.from_numpy(np.stack([coo.row, coo.col]))
        self.graph = torch.sparse_coo_tensor(index, torch.from_numpy(coo.data).float(), coo.shape)
        self.graph = self.graph.coalesce()
        self.degree = torch.from_numpy(data.citation.sum(axis=1)).float()[:, None]

    def forward(self, rows: Tensor) -> Tensor:
        how = self.settings
        x = self.x + torch.relu(self.x @ self.weight[0] + self.bias[0])
        if how.placement == "once":
            x = F.dropout(x, how.dropout, self.training)
        for _ in range(how.steps):
            if how.placement == "each":
                x = F.dropout(x, how.dropout, self.training)
            x = x - how.gamma * (self.degree * x - torch.sparse.mm(self.graph, x))
        return (x @ self.head[0] + self.head_bias[0])[rows][None]
