"""The channels: small networks that each look at features and neighbours in a way of their own."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

import numpy as np
import scipy.sparse
import torch
from jaxtyping import Float
from torch import Tensor, nn

from ...operators.matrix import SparseMatrix
from ..layers.dropout import dropout
from ..layers.linear import ReplicaInit, ReplicatedLinear
from ..layers.sparse_features import SparseProduct
from ..node_data import NodeData


class Channel(nn.Module, ABC):
    """A network with one hidden layer, from projected features to class scores.

    Attributes
    ----------
    projections : int
        Products X W of `width` columns that the channel takes, side by side.
    """

    projections = 1

    def __init__(self, data: NodeData, init: ReplicaInit, width: int) -> None:
        super().__init__()
        self.bias = init.constant(0.0, width)
        self.head = init.linear(width, data.classes)

    @abstractmethod
    def forward(self, z: Float[Tensor, "m n k"], p: float) -> Float[Tensor, "m n c"]:
        """Return the class scores of all nodes, with hidden units dropped at rate p."""

    def input_weights(self) -> list[Tensor]:
        """Return the weights beside X W that inputs are multiplied by."""
        return []

    def hidden(self, z: Float[Tensor, "m n h"], p: float) -> Float[Tensor, "m n h"]:
        """Return dropout(ReLU(z + b))."""
        return dropout(torch.relu(z + self.bias[:, None]), p)


class FeatureChannel(Channel):
    """ReLU(X W) H: the features of the node alone."""

    def forward(self, z: Float[Tensor, "m n k"], p: float) -> Float[Tensor, "m n c"]:
        scores: Tensor = self.head(self.hidden(z, p))
        return scores


class ConvolutionChannel(Channel):
    """A~ ReLU(A~ X W) H: a graph convolution (Kipf, Welling 2017, arXiv 1609.02907)."""

    def __init__(self, data: NodeData, init: ReplicaInit, width: int) -> None:
        super().__init__(data, init, width)
        self.propagate = SparseProduct(data.propagation_matrix)

    def forward(self, z: Float[Tensor, "m n k"], p: float) -> Float[Tensor, "m n c"]:
        scores: Tensor = self.propagate(self.head(self.hidden(self.propagate(z), p)))
        return scores


class SeparatedChannel(Channel):
    """Z H + P Z G with Z = ReLU(X W + P X V), P = D^-1 A: a node apart from its neighbours.

    With weights of their own for the mean over neighbours, classes may attract or repel one
    another. Two layers of GraphSAGE (Hamilton et al. 2017, arXiv 1706.02216); why the separation
    helps under heterophily is said by Zhu et al. 2020 (H2GCN, arXiv 2006.11468).
    """

    projections = 2
    neighbour_head: ReplicatedLinear

    def __init__(self, data: NodeData, init: ReplicaInit, width: int) -> None:
        super().__init__(data, init, width)
        self.average = SparseProduct(scaled_rows(data, -1.0))
        self.neighbour_head = init.linear(width, data.classes)

    def forward(self, z: Float[Tensor, "m n k"], p: float) -> Float[Tensor, "m n c"]:
        own, neighbours = z.chunk(2, dim=-1)
        hidden = self.hidden(own + self.average(neighbours), p)
        scores: Tensor = self.head(hidden) + self.average(self.neighbour_head(hidden))
        return scores


class AdjacencyChannel(Channel):
    """ReLU(X W + D^-1/2 A V) H: the neighbours by name, a weight for each of them.

    So a node is known by the hubs that it is joined to (LINKX, Lim et al. 2021, arXiv 2110.14446).
    The rows of D^-1/2 A have length 1.
    """

    def __init__(self, data: NodeData, init: ReplicaInit, width: int) -> None:
        super().__init__(data, init, width)
        self.link = SparseProduct(scaled_rows(data, -0.5))
        self.node_weight = init.glorot(len(data), width)

    def forward(self, z: Float[Tensor, "m n k"], p: float) -> Float[Tensor, "m n c"]:
        scores: Tensor = self.head(self.hidden(z + self.link(self.node_weight), p))
        return scores

    def input_weights(self) -> list[Tensor]:
        return [self.node_weight]


CHANNELS: Sequence[type[Channel]] = (
    FeatureChannel,
    ConvolutionChannel,
    SeparatedChannel,
    AdjacencyChannel,
)


def scaled_rows(data: NodeData, power: float) -> SparseMatrix:
    """Return D^power A with D the degrees; isolated nodes keep rows of zeros."""
    degrees = np.maximum(data.adjacency.sum(axis=1), 1.0)
    scaled = data.adjacency.multiply((degrees**power)[:, None])
    return SparseMatrix.from_scipy(scipy.sparse.csr_array(scaled), device=data.device)
