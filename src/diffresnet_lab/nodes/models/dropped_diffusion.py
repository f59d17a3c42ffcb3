"""Dropout before every diffusion step, as the released model has it, at the speed of a flow."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

from diffresnet.graphs.layers.dropout_mask import drop_, dropout_scale, mask_key
from diffresnet.operators import SparseLaplacian

from .panels import PanelMap, panel_width


class DroppedDiffusion(PanelMap):
    """x <- (I - gamma L) dropout(x), `steps` times, with a new mask each time.

    Linear in x once the masks are drawn, so that the backward pass is the same product with the
    masks in reverse; they are made anew, and nothing is kept.

    Parameters
    ----------
    seed : int
        Of all masks.
    rows : (k,), optional
        Nodes whose features are returned after the last step; all if not given.
    """

    def __init__(
        self,
        laplacian: SparseLaplacian,
        gamma: float,
        steps: int,
        dropout: float,
        seed: int,
        rows: Int[Tensor, " k"] | None = None,
    ) -> None:
        scale = dropout_scale(dropout)
        self._step = laplacian.shifted(scale, -scale * gamma)
        self._back = laplacian.transpose().shifted(scale, -scale * gamma)
        self._steps, self._dropout, self._seed = steps, dropout, seed
        self._rows, self._n = rows, laplacian.shape[0]

    def forward(self, panel: Float[Tensor, "n w"], index: int) -> Float[Tensor, "k w"]:
        for step in range(self._steps):
            panel = self._step(drop_(panel, self._dropout, mask_key(self._seed, index, step)))
        return panel if self._rows is None else panel[self._rows]

    def backward(self, grad: Float[Tensor, "k w"], index: int) -> Float[Tensor, "n w"]:
        if self._rows is not None:
            everywhere = grad.new_zeros(self._n, grad.shape[1])
            grad = everywhere.index_add_(0, self._rows, grad)
        for step in reversed(range(self._steps)):
            key = mask_key(self._seed, index, step)
            grad = drop_(self._back(grad), self._dropout, key)
        return grad


def dropped_diffusion(
    laplacian: SparseLaplacian,
    x: Float[Tensor, "n d"],
    gamma: float,
    steps: int,
    dropout: float,
    seed: int,
) -> Float[Tensor, "n d"]:
    """Return `DroppedDiffusion` of all nodes, differentiable in x."""
    if steps == 0:
        return x
    diffused: Tensor = _ByPanels.apply(x, DroppedDiffusion(laplacian, gamma, steps, dropout, seed))
    return diffused


class _ByPanels(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, panel_map: PanelMap) -> Tensor:
        ctx.panel_map = panel_map
        return _by_panels(panel_map.forward, x)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None]:
        return _by_panels(ctx.panel_map.backward, grad), None


def _by_panels(apply: Callable[[Tensor, int], Tensor], x: Tensor) -> Tensor:
    out = torch.empty_like(x, memory_format=torch.contiguous_format)
    width = panel_width(x.shape[1], len(x), x.device)
    for index, (panel, target) in enumerate(
        zip(x.split(width, 1), out.split(width, 1), strict=True)
    ):
        target.copy_(apply(panel.clone(memory_format=torch.contiguous_format), index))
    return out
