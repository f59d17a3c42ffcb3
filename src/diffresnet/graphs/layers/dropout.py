"""Dropout as a differentiable function of one tensor."""

from __future__ import annotations

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from .dropout_mask import draw_seed, drop_, dropout_scale, mask_key


def dropout(x: Float[Tensor, "..."], p: float, seed: int | None = None) -> Float[Tensor, "..."]:
    """Drop each entry of x with probability p, and multiply the others by 1 / (1 - p).

    The mask is not kept: the backward pass makes it anew.

    Parameters
    ----------
    seed : int, optional
        Of the mask; drawn from the global generator if not given.
    """
    if p == 0.0:
        return x
    dropped: Tensor = _Dropout.apply(x, p, draw_seed() if seed is None else seed)
    return dropped


class _Dropout(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, p: float, seed: int) -> Tensor:
        ctx.p, ctx.key = p, mask_key(seed)
        return drop_((x * dropout_scale(p)).contiguous(), ctx.p, ctx.key)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None, None]:
        return drop_((grad * dropout_scale(ctx.p)).contiguous(), ctx.p, ctx.key), None, None
