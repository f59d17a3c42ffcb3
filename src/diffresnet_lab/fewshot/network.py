"""Network of the paper's three trained few-shot methods: settings and initial weights.

    out = S(x + W2 ReLU(W1 x + b1) + b2) Wc^T + bc,   S = (I - gamma L)^r

with one graph a task over its support and query rows, as wide as the features.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from diffresnet.errors import InputError
from diffresnet.similarity import GraphSettings


@dataclass(frozen=True)
class NetworkConfig:
    """Architecture and loss of the network that is trained on a task.

    The loss is the mean cross entropy of the support rows, plus

        alpha sum_q sum_c softmax(out_q)_c |x_q - p_c| + mu sum_ij w_ij |out_i - out_j|^2

    over queries q with prototypes p_c, and over all rows i, j of a task.

    Parameters
    ----------
    steps, gamma : int, float
        Diffusion: x <- x - gamma L x, `steps` times.
    ntop, sigma : int
        Neighbours of the graph; see `GraphSettings.few_shot`.
    alpha, mu : float
        Weights of the two terms.
    """

    steps: int = 0
    gamma: float = 0.5
    ntop: int = 8
    sigma: int = 4
    alpha: float = 0.0
    mu: float = 0.0

    def __post_init__(self) -> None:
        GraphSettings.few_shot(self.ntop, self.sigma)
        if self.steps < 0 or self.gamma < 0.0:
            raise InputError("steps and gamma of the diffusion must not be negative")
        if self.alpha < 0.0 or self.mu < 0.0:
            raise InputError("alpha and mu, weights of parts of the loss, must not be negative")

    @property
    def loss_sees_queries(self) -> bool:
        return self.alpha > 0.0 or self.mu > 0.0

    @property
    def needs_graph(self) -> bool:
        return self.steps > 0 or self.mu > 0.0


@dataclass(frozen=True)
class TrainingConfig:
    """Full-batch SGD as in torch: v <- momentum v + g + weight_decay p; p <- p - rate v.

    Parameters
    ----------
    rate : float
        Learning rate of the first epoch.
    milestones : tuple of int
        Epochs before which the learning rate is multiplied by `drop`.
    """

    epochs: int = 100
    rate: float = 0.1
    momentum: float = 0.9
    weight_decay: float = 1e-4
    milestones: tuple[int, ...] = (50, 75)
    drop: float = 0.1

    def __post_init__(self) -> None:
        if self.epochs < 1 or not self.rate > 0.0:
            raise InputError("training needs at least 1 epoch and a positive rate")
        if not 0.0 <= self.momentum < 1.0 or self.weight_decay < 0.0:
            raise InputError("training needs 0 <= momentum < 1 and weight_decay >= 0")

    @property
    def rates(self) -> list[float]:
        """Learning rate of every epoch."""
        drops = [sum(m <= epoch for m in self.milestones) for epoch in range(self.epochs)]
        return [self.rate * self.drop**count for count in drops]


@dataclass(frozen=True)
class NetworkWeights:
    """Parameters of t networks, each matrix (outputs, inputs) as torch.nn.Linear has it."""

    first: Float[Tensor, "t d d"]
    first_bias: Float[Tensor, "t d"]
    second: Float[Tensor, "t d d"]
    second_bias: Float[Tensor, "t d"]
    head: Float[Tensor, "t c d"]
    head_bias: Float[Tensor, "t c"]


def initial_weights(
    seeds: Int[Tensor, " t"], width: int, ways: int, like: Float[Tensor, "..."]
) -> NetworkWeights:
    """Draw weights as torch.nn.Linear does: uniform within 1 / sqrt(width) of zero.

    Every task has its own, by its seed: the draw does not depend on the batch. On a CPU they come
    from numpy's SFC64, 16 bits a weight, since torch's generator would take a tenth of the time
    that training takes; on a GPU from the generator there, so that the same seed means other
    numbers. They are the same in single and double precision.
    """
    shapes = [(width, width), (width,), (width, width), (width,), (ways, width), (ways,)]
    sizes = [torch.Size(shape).numel() for shape in shapes]
    drawn = torch.empty(len(seeds), sum(sizes), device=like.device)
    bound = width**-0.5
    for row, seed in zip(drawn, seeds.tolist(), strict=True):
        if like.device.type == "cpu":
            raw = np.random.Generator(np.random.SFC64(seed)).bytes(2 * len(row))
            row.copy_(torch.frombuffer(bytearray(raw), dtype=torch.int16))
        else:
            row.uniform_(-bound, bound, generator=torch.Generator(row.device).manual_seed(seed))
    if like.device.type == "cpu":
        drawn.add_(0.5).mul_(bound / 2**15)
    parts = drawn.to(like.dtype).split(sizes, dim=1)
    return NetworkWeights(*(x.unflatten(1, shape) for x, shape in zip(parts, shapes, strict=True)))
