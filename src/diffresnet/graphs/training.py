"""Training of several networks side by side, on all labels that there are."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor, nn


class ReplicatedModule(nn.Module, ABC):
    """Independent networks of one architecture on one graph, trained side by side.

    The replicas are the first axis of every parameter, so that the gradient of the sum of their
    losses is the gradient of each. Tensors of the graph are buffers.

    Attributes
    ----------
    replicas : int
    """

    def __init__(self, replicas: int) -> None:
        super().__init__()
        self.replicas = replicas

    @abstractmethod
    def forward(self, rows: Int[Tensor, " k"]) -> Float[Tensor, "m k c"]:
        """Return the class scores of some nodes; dropout acts in training mode only."""

    def prepare(self, train_rows: Int[Tensor, " k"]) -> None:
        """Take note, before training, of the nodes whose labels may be read."""

    def losses(self, rows: Int[Tensor, " k"], target: Int[Tensor, " k"]) -> Float[Tensor, " m"]:
        """Return the training loss of each replica: cross entropy, unless a subclass has more."""
        return cross_entropies(self(rows), target)

    def keep(self, replicas: Int[Tensor, " j"]) -> None:
        """Drop all replicas but some."""
        for parameter in self.parameters():
            parameter.data = parameter.data[replicas]
        self.replicas = len(replicas)

    def active(self, p: float) -> float:
        """Return a dropout rate in training mode, else 0."""
        return p if self.training else 0.0


@dataclass(frozen=True)
class TrainingConfig:
    """Adam on all training nodes at once; weight decay is added to the gradient."""

    learning_rate: float = 0.01
    weight_decay: float = 5e-4


def train_for(
    model: ReplicatedModule,
    labels: Int[Tensor, " n"],
    rows: Int[Tensor, " k"],
    config: TrainingConfig,
    epochs: int,
    advance: Callable[[int], None] | None = None,
) -> None:
    """Train for a number of epochs: nothing is held out for early stopping.

    Parameters
    ----------
    labels : (n,) classes from 0 on; those of other nodes are not read.
    advance : called with 1 after every epoch.
    """
    model.prepare(rows)
    target, optimizer = labels[rows], adam(model, config)
    for _ in range(epochs):
        training_step(model, optimizer, rows, target)
        if advance is not None:
            advance(1)
    model.eval()


def adam(model: nn.Module, config: TrainingConfig) -> torch.optim.Adam:
    """Return the optimizer of a configuration."""
    return torch.optim.Adam(
        model.parameters(), config.learning_rate, weight_decay=config.weight_decay, fused=True
    )


def training_step(
    model: ReplicatedModule,
    optimizer: torch.optim.Optimizer,
    rows: Int[Tensor, " k"],
    target: Int[Tensor, " k"],
) -> None:
    """Take one step along the gradient of the losses of all replicas."""
    model.train()
    optimizer.zero_grad()
    model.losses(rows, target).sum().backward()
    optimizer.step()


def cross_entropies(
    scores: Float[Tensor, "m k c"], target: Int[Tensor, " k"]
) -> Float[Tensor, " m"]:
    """Return the mean cross entropy of each replica."""
    m, k, c = scores.shape
    each = F.cross_entropy(scores.reshape(m * k, c), target.repeat(m), reduction="none")
    return each.view(m, k).mean(-1)
