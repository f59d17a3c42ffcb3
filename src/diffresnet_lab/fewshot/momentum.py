"""SGD with momentum and weight decay: in place, and as a closed form of past gradients."""

from __future__ import annotations

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from .network import TrainingConfig


class MomentumSGD:
    """SGD of one parameter, in place: v <- m v + g + w p; p <- p - rate v."""

    def __init__(self, parameter: Tensor, training: TrainingConfig) -> None:
        self.parameter, self.training = parameter, training
        self.velocity = torch.zeros_like(parameter)

    def step(self, gradient: Tensor, rate: float) -> None:
        """Step along a gradient."""
        self.velocity.mul_(self.training.momentum).add_(gradient)
        self._update(rate)

    def step_product(self, left: Tensor, right: Tensor, rate: float) -> None:
        """Step along the gradient left @ right, which is never stored."""
        self.velocity.baddbmm_(left, right, beta=self.training.momentum)
        self._update(rate)

    def _update(self, rate: float) -> None:
        self.velocity.add_(self.parameter, alpha=self.training.weight_decay)
        self.parameter.sub_(self.velocity, alpha=rate)


def sgd_responses(
    training: TrainingConfig,
) -> tuple[Float[np.ndarray, " e1"], Float[np.ndarray, "e1 e"]]:
    """Return the initial response and the impulse response of SGD, a linear filter of gradients.

    With a = initial_response and b = impulse_response, a parameter is
    p(t) = a[t] p(0) + sum_{s < t} b[t, s] g(s) for t = 0 .. epochs. See `docs/fewshot-training.md`.
    """
    epochs = training.epochs
    initial_response = np.ones(epochs + 1)
    impulse_response = np.zeros((epochs + 1, epochs))
    velocity, velocities = 0.0, np.zeros(epochs)
    for t, rate in enumerate(training.rates):
        velocity = training.momentum * velocity + training.weight_decay * initial_response[t]
        velocities = training.momentum * velocities + training.weight_decay * impulse_response[t]
        velocities[t] += 1.0
        initial_response[t + 1] = initial_response[t] - rate * velocity
        impulse_response[t + 1] = impulse_response[t] - rate * velocities
    return initial_response, impulse_response
