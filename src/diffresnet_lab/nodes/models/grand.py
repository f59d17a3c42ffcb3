"""Graph neural diffusion, "GRAND" (Chamberlain et al. 2021, arXiv 2106.10934)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

from diffresnet.graphs.layers.dropout import dropout
from diffresnet.graphs.layers.linear import ReplicaInit
from diffresnet.graphs.layers.sparse_features import SparseLinear
from diffresnet.graphs.layers.sparsity_pattern import SparsityPattern
from diffresnet.graphs.node_data import NodeData
from diffresnet.graphs.training import ReplicatedModule

from ..model_spec import ModelSpec
from ..published import adapt_to_published
from .ode import Method, integrate
from .pagerank import pagerank_graph


@dataclass(frozen=True)
class GRANDConfig:
    """z' = alpha (A(z) - I) z + beta e from z(0) = e = X V + v, then ReLU and a linear classifier.

    A(z) is the mean over heads of softmax(Q z_i . K z_j / sqrt(width of a head)) over the
    neighbours j of i, itself among them. alpha, the sigmoid of a learned number, and beta are
    learned.

    Parameters
    ----------
    nonlinear : bool
        The attention follows z ("nl"); otherwise it is that of z(0) throughout ("l").
    pagerank_neighbors : int
        0 for the graph itself; or join each node to so many nodes of largest personalised
        PageRank ("rw"). The paper then drops edges of little attention while it trains; this does
        not.
    attention : int
        Width of Q z, of all heads together.
    time, step, method
        Fixed steps; the authors' are adaptive. A has rows of sum 1, so that explicit Euler is
        stable up to a step of 1 / alpha.
    """

    nonlinear: bool = False
    pagerank_neighbors: int = 0
    hidden: int = 80
    attention: int = 128
    heads: int = 8
    time: float = 18.29
    step: float = 1.0
    method: Method = "euler"
    input_dropout: float = 0.5
    dropout: float = 0.047


class GRAND(ReplicatedModule):
    """Replicas of graph neural diffusion."""

    def __init__(self, data: NodeData, config: GRANDConfig, seeds: Sequence[int]) -> None:
        super().__init__(len(seeds))
        self.config = config
        graph = data.normalized_adjacency
        if config.pagerank_neighbors:
            graph = pagerank_graph(data, config.pagerank_neighbors)
        self.pattern = SparsityPattern(graph, data.device)
        init, h = ReplicaInit(seeds, data.device), config.hidden
        self.first = SparseLinear(data, init.linear(data.features.shape[1], h))
        self.query = init.linear(h, config.attention)
        self.key = init.linear(h, config.attention)
        self.alpha = init.constant(0.0, 1, 1)
        self.beta = init.constant(0.0, 1, 1)
        self.last = init.linear(h, data.classes)

    def forward(self, rows: Int[Tensor, " k"]) -> Float[Tensor, "m k c"]:
        config = self.config
        start = self.first(self.active(config.input_dropout))
        rate, source = torch.sigmoid(self.alpha), self.beta * start
        fixed = None if config.nonlinear else self._attention(start)

        def velocity(z: Float[Tensor, "m n h"]) -> Float[Tensor, "m n h"]:
            weights = self._attention(z) if fixed is None else fixed
            return rate * (self.pattern.spmm(weights, z) - z) + source

        z = integrate(velocity, start, config.time, config.step, config.method)[:, rows]
        return self.last(dropout(torch.relu(z), self.active(config.dropout)))

    def _attention(self, z: Float[Tensor, "m n h"]) -> Float[Tensor, "m e"]:
        m, n, _ = z.shape
        heads = self.config.heads
        width = self.config.attention // heads

        def split(wide: Float[Tensor, "m n a"]) -> Float[Tensor, "mh n width"]:
            return wide.view(m, n, heads, width).transpose(1, 2).reshape(m * heads, n, width)

        scores = self.pattern.sddmm(split(self.query(z)), split(self.key(z)))
        return self.pattern.row_softmax(scores / width**0.5).view(m, heads, -1).mean(1)


def _spec(name: str, title: str, **changes: Any) -> ModelSpec:
    return ModelSpec(
        name,
        title,
        GRAND,
        GRANDConfig(**changes),
        adapt=adapt_to_published("grand"),
        library="torchdiffeq",
        small_configs=({"hidden": 8, "attention": 8, "heads": 2, "time": 2.3, "dropout": 0.2},),
    )


LINEAR = _spec("grand_l", "GRAND-l")
NONLINEAR = _spec("grand_nl", "GRAND-nl", nonlinear=True)
NONLINEAR_REWIRED = _spec("grand_nl_rw", "GRAND-nl-rw", nonlinear=True, pagerank_neighbors=16)
