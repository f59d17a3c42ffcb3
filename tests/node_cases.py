"""Tiny graphs with features and labels, and models on them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import scipy.sparse as sp
import torch

from diffresnet.graphs.graph import GraphData
from diffresnet.graphs.node_data import NodeData
from diffresnet.graphs.training import ReplicatedModule


def two_blocks(n: int = 60, words: int = 24, seed: int = 0, inside: float = 0.3) -> GraphData:
    """Two classes that prefer neighbours of their own, and words of their own."""
    rng = np.random.default_rng(seed)
    labels = np.arange(n) % 2
    same = labels[:, None] == labels
    upper = np.triu(rng.random((n, n)) < np.where(same, inside, 0.02), 1)
    ring = np.arange(n)
    upper[ring, (ring + 2) % n] = True  # a ring in each block, and one bridge: connected
    upper[0, 1] = True
    half = np.arange(words) < words // 2
    likes = half == (labels[:, None] == 0)
    bag = rng.random((n, words)) < np.where(likes, 0.25, 0.1)
    return GraphData(
        "blocks", sp.csr_array((upper | upper.T).astype(float)), sp.csr_array(bag * 1.0), labels
    )


def write_graph(path: Path, graph: GraphData) -> None:
    """Write a graph with features and labels as one npz file."""
    parts = {
        f"{name}_{part}": getattr(matrix, part)
        for name, matrix in (("adj", graph.adjacency), ("attr", graph.features))
        for part in ("data", "indices", "indptr", "shape")
    }
    np.savez(path, labels=graph.labels, **parts)


def node_data(n: int = 60, words: int = 24, seed: int = 0) -> NodeData:
    return NodeData.from_graph(two_blocks(n, words, seed))


def halves(data: NodeData, train: int = 10, held: int = 10) -> tuple[torch.Tensor, torch.Tensor]:
    """The first nodes, as many of each class, for training; the next for validation."""
    return torch.arange(train), torch.arange(train, train + held)


class Scripted(ReplicatedModule):
    """Validation results by epoch and replica as written down; the weight counts the epochs.

    Parameters
    ----------
    losses : a row a replica, the loss wanted on every validation node in each epoch
    right : a row a replica, whether the class is right
    """

    def __init__(self, losses: Sequence[Sequence[float]], right: Sequence[Sequence[bool]]) -> None:
        super().__init__(len(losses))
        self.script, self.right = torch.tensor(losses), torch.tensor(right)
        self.row = torch.arange(self.replicas)
        self.seen = torch.nn.Parameter(torch.zeros(self.replicas, 1))
        self.epoch = 0
        self.sizes: list[int] = []

    def keep(self, replicas: torch.Tensor) -> None:
        super().keep(replicas)
        self.row = self.row[replicas]

    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        shape = (self.replicas, len(rows), 2)
        if self.training:
            self.sizes.append(self.replicas)
            return torch.zeros(shape) + 0.0 * self.seen[..., None]
        epoch = self.epoch
        self.epoch += 1
        with torch.no_grad():
            self.seen.fill_(epoch + 1.0)
        # With two classes, of label 0, log(1 + exp(-margin)) is the loss, and its sign the class.
        loss, right = self.script[self.row, epoch], self.right[self.row, epoch]
        margin = -torch.log(torch.expm1(loss))
        assert bool(((margin > 0) == right).all()), "a loss above log 2 is of a wrong class"
        scores = torch.zeros(shape)
        scores[..., 0] = margin[:, None]
        return scores
