"""Dropout before every diffusion step, as the released model has it, at the speed of a flow."""

from __future__ import annotations

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from ...operators import SparseLaplacian
from .dropout import kept_mask, masked, stretch

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
    product with the masks in reverse, and only masks are kept: one byte an entry and step, where
    a recorded loop keeps nine.

    Parameters
    ----------
    x : (n, d) float32
    seed : int
        Of all masks of this call.
    """
    if steps == 0:
        return x
    moved: Tensor = _DroppedDiffusion.apply(x, laplacian, gamma, steps, dropout, seed)
    return moved


class _DroppedDiffusion(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        x: Tensor,
        laplacian: SparseLaplacian,
        gamma: float,
        steps: int,
        dropout: float,
        seed: int,
    ) -> Tensor:
        scale = stretch(dropout)
        ctx.back = laplacian.transpose().shifted(scale, -scale * gamma)
        ctx.masks = []
        step = laplacian.shifted(scale, -scale * gamma)
        generator = torch.Generator(x.device).manual_seed(seed)
        out = torch.empty_like(x)
        for target, panel in zip(_panels(out), _panels(x), strict=True):
            kept = torch.empty((steps, *panel.shape), dtype=torch.int8, device=x.device)
            moved = panel.contiguous()
            for k in range(steps):
                mask = kept_mask(panel.shape, dropout, generator)
                kept[k] = mask
                moved = step(masked(moved, mask))
            ctx.masks.append(kept)
            target.copy_(moved)
        return out

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        out = torch.empty_like(grad)
        for target, panel, kept in zip(_panels(out), _panels(grad), ctx.masks, strict=True):
            moved = panel.contiguous()
            for mask in kept.unbind()[::-1]:
                moved = masked(ctx.back(moved), mask.to(torch.int32))
            target.copy_(moved)
        return out, None, None, None, None, None


def _panels(x: Tensor) -> tuple[Tensor, ...]:
    return x.split(PANEL if x.device.type == "cpu" else x.shape[1], dim=1)
