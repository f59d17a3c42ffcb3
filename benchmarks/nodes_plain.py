"""What a reader of the paper would write: the other sides of the node benchmarks.

One run at a time, r products with n x F features, everything recorded by autograd.
"""

from __future__ import annotations

import numpy as np
import scipy.sparse
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from diffresnet.graphs.node_data import NodeData
from diffresnet.graphs.training import ReplicatedModule
from diffresnet_lab.nodes.models.diff_resnet import DiffResNetConfig, DiffResNetNodes


class PlainDiffResNet(ReplicatedModule):
    """One network, written down as the paper has it: dense features, sums over neighbours."""

    def __init__(self, data: NodeData, settings: DiffResNetConfig, seed: int) -> None:
        super().__init__(1)
        ours = DiffResNetNodes(data, settings, [seed])  # the same initial weights
        self.weight, self.bias = nn.Parameter(ours.weight.detach().clone()), ours.bias
        self.head, self.head_bias = ours.head, ours.head_bias
        self.settings, self.x = settings, data.dense_features
        coo = data.normalized_adjacency.tocoo()
        index = torch.from_numpy(np.stack([coo.row, coo.col]))
        self.graph = torch.sparse_coo_tensor(index, torch.from_numpy(coo.data).float(), coo.shape)
        self.graph = self.graph.coalesce()
        self.degree = torch.from_numpy(data.normalized_adjacency.sum(axis=1)).float()[:, None]

    def forward(self, rows: Tensor) -> Tensor:
        how = self.settings
        x = self.x + torch.relu(self.product() + self.bias[0])
        if how.placement == "once":
            x = F.dropout(x, how.dropout, self.training)
        for _ in range(how.steps):
            if how.placement == "each":
                x = F.dropout(x, how.dropout, self.training)
            x = self.step(x)
        return (x @ self.head[0] + self.head_bias[0])[rows][None]

    def product(self) -> Tensor:
        return self.x @ self.weight[0]

    def step(self, x: Tensor) -> Tensor:
        return x - self.settings.gamma * (self.degree * x - torch.sparse.mm(self.graph, x))


class SparseDiffResNet(PlainDiffResNet):
    """The same by a reader who knows sparse matrices: X W from X in CSR, one matrix for a step."""

    def __init__(self, data: NodeData, settings: DiffResNetConfig, seed: int) -> None:
        super().__init__(data, settings, seed)
        self.sparse_x = _csr(data.features)
        w = data.normalized_adjacency
        laplacian = scipy.sparse.diags_array(w.sum(axis=1)) - w
        self.matrix = _csr(scipy.sparse.eye_array(len(data)) - settings.gamma * laplacian)

    def product(self) -> Tensor:
        return torch.sparse.mm(self.sparse_x, self.weight[0])

    def step(self, x: Tensor) -> Tensor:
        return torch.sparse.mm(self.matrix, x)


def _csr(matrix: scipy.sparse.sparray) -> Tensor:
    csr = scipy.sparse.csr_array(matrix)
    parts = [torch.from_numpy(part) for part in (csr.indptr, csr.indices, csr.data)]
    return torch.sparse_csr_tensor(*parts[:2], parts[2].float(), csr.shape)
