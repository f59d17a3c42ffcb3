"""Fields that are known in closed form: a Gaussian bump carried by linear velocities."""

import math
from dataclasses import dataclass

import numpy as np
import torch

from diffresnet_lab.pde import Convection

BUMP, CENTRE = 0.6, torch.tensor([0.5, -0.3], dtype=torch.float64)


def bump(x):
    """f: one column."""
    return torch.exp(-(x - CENTRE).square().sum(-1, keepdim=True) / (2 * BUMP**2))


@dataclass
class Exact:
    """X(T) is Gaussian around `mean(x)` with variance sigma^2 * spread a coordinate."""

    convection: Convection
    mean: object
    spread: float

    def field(self, x, sigma):
        wide = BUMP**2 + sigma**2 * self.spread
        apart = (self.mean(torch.as_tensor(x)) - CENTRE).square().sum(-1)
        return (BUMP**2 / wide * torch.exp(-apart / (2 * wide))).numpy()


def _turn(x, angle=0.7):
    c, s = math.cos(angle), math.sin(angle)
    return x @ torch.tensor([[c, s], [-s, c]], dtype=torch.float64)


SHIFT = torch.tensor([0.4, 0.2], dtype=torch.float64)
PULL = 0.8
PULLED = (1 - math.exp(-2 * PULL)) / PULL

CASES = {
    "still": Exact(Convection((torch.zeros_like, torch.zeros_like)), lambda x: x, 4.0),
    "constant": Exact(Convection((lambda x: SHIFT + 0 * x,)), lambda x: x + SHIFT, 2.0),
    "ornstein_uhlenbeck": Exact(
        Convection((lambda x: -PULL * x,)), lambda x: math.exp(-PULL) * x, PULLED
    ),
    "rotation": Exact(
        Convection((lambda x: 0.7 * torch.stack([-x[..., 1], x[..., 0]], -1),)), _turn, 2.0
    ),
    # The order of time: shifted by the first block, then pulled by the second.
    "shift_then_pull": Exact(
        Convection((lambda x: SHIFT + 0 * x, lambda x: -PULL * x)),
        lambda x: math.exp(-PULL) * (x + SHIFT),
        2.0 * math.exp(-2 * PULL) + PULLED,
    ),
    "pull_then_shift": Exact(
        Convection((lambda x: -PULL * x, lambda x: SHIFT + 0 * x)),
        lambda x: math.exp(-PULL) * x + SHIFT,
        PULLED + 2.0,
    ),
}

PROBES = np.random.default_rng(0).uniform(-1.5, 1.5, (40, 2))


def swirl(x):
    """A velocity that is nonlinear and smooth."""
    return torch.stack([torch.tanh(1.5 * x[..., 1]), -0.8 * torch.sin(2 * x[..., 0])], -1)
