"""Dropout as a differentiable function of one tensor."""

from __future__ import annotations

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from .dropout_mask import drawn_seed, drop_, mask_key, stretch


def dropout(x: Float[Tensor, "..."], p: float, seed: int | None = None) -> Float[Tensor, "..."]:
    """Each entry of x is dropped with probability p, else multiplied by 1 / (1 - p).

    The mask is not kept: the backward pass makes it anew.

    Parameters
    ----------
    seed : int, optional
        Of the mask; drawn from the global generator if not given.
    """
    if p == 0.0:
        return x
    dropped: Tensor = _Dropout.apply(x, p, drawn_seed() if seed is None else seed)
    return dropped


class _Dropout(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, p: float, seed: int) -> Tensor:
        ctx.of = p, mask_key(seed)
        return drop_((x * stretch(p)).contiguous(), *ctx.of)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None, None]:
        p, key = ctx.of
        return drop_((grad * stretch(p)).contiguous(), p, key), None, None
