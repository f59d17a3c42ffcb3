"""Linear maps of several replicas, initialised as torch.nn.Linear is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from diffresnet.graphs.layers.linear import ReplicaInit


def torch_linear(
    seeds: Sequence[int], in_features: int, out_features: int, device: torch.device
) -> tuple[nn.Parameter, nn.Parameter]:
    """Draw weights (m, in, out) and biases (m, out), uniform within 1 / sqrt(in) of zero."""
    init, bound = ReplicaInit(seeds, device), in_features**-0.5
    weight = init.uniform(-bound, bound, in_features, out_features)
    return weight, init.uniform(-bound, bound, out_features)


def class_scores(z: Float[Tensor, "n m f"], head: Float[Tensor, "m f c"]) -> Float[Tensor, "n m c"]:
    """Return z W for every replica, where W has few columns.

    Matrix products with a short side are several times faster if that side comes first: forwards
    W^T z^T, and g^T z for the gradient of W. That is all that differs from `torch.bmm`.
    """
    scores: Tensor = _ClassScores.apply(z, head)
    return scores


class _ClassScores(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, z: Tensor, head: Tensor) -> Tensor:
        ctx.save_for_backward(z, head)
        return torch.bmm(head.transpose(1, 2), z.permute(1, 2, 0)).permute(2, 0, 1)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, Tensor]:
        z, head = ctx.saved_tensors
        short = grad.permute(1, 2, 0).contiguous()  # (m, c, n)
        grad_z = torch.bmm(short.transpose(1, 2), head.transpose(1, 2)).transpose(0, 1)
        grad_head = torch.bmm(short, z.transpose(0, 1)).transpose(1, 2)
        return grad_z, grad_head
