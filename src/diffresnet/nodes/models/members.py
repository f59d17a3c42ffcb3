"""Layers of many networks at once, each initialised as torch.nn.Linear would be by its own seed."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn


def linear_parameters(
    seeds: Sequence[int], in_features: int, out_features: int, device: torch.device
) -> tuple[nn.Parameter, nn.Parameter]:
    """Weights (m, in, out) and biases (m, out), uniform within 1 / sqrt(in) of zero."""
    weights, biases = [], []
    reach = in_features**-0.5
    for seed in seeds:
        generator = torch.Generator().manual_seed(seed)
        weights.append(
            torch.empty(in_features, out_features).uniform_(-reach, reach, generator=generator)
        )
        biases.append(torch.empty(out_features).uniform_(-reach, reach, generator=generator))
    return (
        nn.Parameter(torch.stack(weights).to(device)),
        nn.Parameter(torch.stack(biases).to(device)),
    )
