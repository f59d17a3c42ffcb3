"""Dropout before every diffusion step, as the released model has it, at the speed of a flow."""

from __future__ import annotations

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from ...operators import SparseLaplacian

PANEL = 64
"""Columns moved together through all steps: few enough to stay in the cache."""


def dropped_diffusion(
    laplacian: SparseLaplacian,
    x: Float[Tensor, "n d"],
    gamma: float,
    steps: int,
    dropout: float,
    seed: int,
) -> Float[Tensor, "n d"]:
    """x <- (I - gamma L) dropout(x), `steps` times, with a new mask each time.

    The whole is linear in x once the masks are drawn, so that the backward pass is the same
    product with the masks in reverse. They are drawn again from the seed instead of being kept:
    memory is one panel of columns, whatever the number of steps. An entry is dropped with
    probability round(65536 dropout) / 65536.

    Parameters
    ----------
    seed : int
        Of all masks of this call.
    """
    if steps == 0:
        return x
    moved: Tensor = _DroppedDiffusion.apply(x, laplacian, gamma, steps, dropout, seed)
    return moved


class _DroppedDiffusion(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, *how: Any) -> Tensor:
        ctx.how = how
        return _move(x, False, *how)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        return _move(grad, True, *ctx.how), None, None, None, None, None


def _move(
    x: Tensor,
    backwards: bool,
    laplacian: SparseLaplacian,
    gamma: float,
    steps: int,
    dropout: float,
    seed: int,
) -> Tensor:
    threshold = round(65536 * dropout)
    scale = 65536.0 / (65536.0 - threshold)
    operator = laplacian.transpose() if backwards else laplacian
    step = operator.shifted(scale, -scale * gamma)
    generator = torch.Generator(x.device).manual_seed(seed)
    width = PANEL if x.device.type == "cpu" else x.shape[1]
    out = torch.empty_like(x)
    for target, panel in zip(out.split(width, 1), x.split(width, 1), strict=True):
        masks = _masks(steps, panel.shape, threshold, generator)
        moved = panel.contiguous()
        for mask in masks.flip(0) if backwards else masks:
            moved = step(moved) * mask if backwards else step(moved * mask)
        target.copy_(moved)
    return out


def _masks(steps: int, shape: torch.Size, threshold: int, generator: torch.Generator) -> Tensor:
    """(steps, *shape): 1.0 where an entry stays. Four entries to a random number of 64 bits."""
    count = steps * shape.numel()
    bits = torch.empty(-(-count // 4), dtype=torch.int64, device=generator.device)
    bits.random_(-(2**63), None, generator=generator)
    stays = bits.view(torch.int16)[:count] >= threshold - 32768
    return stays.to(torch.float32).view(steps, *shape)
