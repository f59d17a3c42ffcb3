"""Residual blocks of one ReLU, and linear classifiers, with weights that are written down."""

from __future__ import annotations

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import nn

from diffresnet.nn import ResidualBlock


def one_relu_block(
    into: Float[np.ndarray, " d"], bias: float, out: Float[np.ndarray, " d"]
) -> ResidualBlock:
    """Return the block x <- x + out ReLU(into . x + bias)."""
    with torch.device("meta"):  # so that no random numbers are drawn
        block = ResidualBlock(len(into), hidden=1)
    block = block.to_empty(device="cpu").double()
    with torch.no_grad():
        block.fc1.weight.copy_(torch.from_numpy(into)[None])
        block.fc1.bias.fill_(bias)
        block.fc2.weight.copy_(torch.from_numpy(out)[:, None])
        block.fc2.bias.zero_()
    return block


def threshold_classifier(
    weight: Float[np.ndarray, " d"],
    bias: float,
    order: Int[np.ndarray, " c"],
    thresholds: Float[np.ndarray, " t"],
) -> nn.Linear:
    """Return a classifier by thresholds of t = weight . x + bias.

    The k-th class of `order` has the largest score where t is between the k-th and the next
    threshold: score_k = k t - (the sum of the first k thresholds).
    """
    rank = np.argsort(order)
    with torch.device("meta"):
        linear = nn.Linear(len(weight), len(order))
    linear = linear.to_empty(device="cpu").double()
    sums = np.append(0.0, np.cumsum(thresholds))[rank]
    with torch.no_grad():
        linear.weight.copy_(torch.from_numpy(np.outer(rank, weight)))
        linear.bias.copy_(torch.from_numpy(rank * bias - sums))
    return linear
