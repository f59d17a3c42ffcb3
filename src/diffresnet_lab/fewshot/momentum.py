"""SGD with momentum and weight decay, in place, and in closed form for a sum of past gradients."""

from __future__ import annotations

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from .network import Training


class Momentum:
    """One parameter that SGD moves in place: v <- m v + g + w p; p <- p - rate v."""

    def __init__(self, parameter: Tensor, training: Training) -> None:
        self.parameter, self.training = parameter, training
        self.speed = torch.zeros_like(parameter)

    def step(self, slope: Tensor, rate: float) -> None:
        """Move by a gradient."""
        self.speed.mul_(self.training.momentum).add_(slope)
        self._move(rate)

    def step_product(self, left: Tensor, right: Tensor, rate: float) -> None:
        """Move by the gradient left @ right, which is never stored."""
        self.speed.baddbmm_(left, right, beta=self.training.momentum)
        self._move(rate)

    def _move(self, rate: float) -> None:
        self.speed.add_(self.parameter, alpha=self.training.weight_decay)
        self.parameter.sub_(self.speed, alpha=rate)


def responses(
    training: Training,
) -> tuple[Float[np.ndarray, " e1"], Float[np.ndarray, "e1 e"]]:
    """What a parameter is made of: p(t) = start[t] p(0) + sum_{s < t} kick[t, s] g(s).

    SGD is linear in p(0) and the gradients g, so that its answer to each of them alone, for
    t = 0 .. epochs, is all there is to know. See `docs/fewshot-training.md`.
    """
    epochs = training.epochs
    start = np.ones(epochs + 1)
    kick = np.zeros((epochs + 1, epochs))
    speed, speeds = 0.0, np.zeros(epochs)
    for t, rate in enumerate(training.rates):
        speed = training.momentum * speed + training.weight_decay * start[t]
        speeds = training.momentum * speeds + training.weight_decay * kick[t]
        speeds[t] += 1.0
        start[t + 1] = start[t] - rate * speed
        kick[t + 1] = kick[t] - rate * speeds
    return start, kick
