"""The first residual block and the classifier, panel by panel: n x width is never formed."""

from __future__ import annotations

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from diffresnet.operators.matrix import SparseMatrix

from .panels import FeaturePanels, PanelMap


class FirstBlock:
    """M(x + ReLU(x W + b)) V for every member, with M a linear map over nodes.

    Equal to forming the n x g features of every member, and faster, because what is made of a
    panel of columns is used while it is in the cache. Kept for the backward pass are the ReLU's
    answer and M's. The answer of the ReLU is also kept from one validation to the training step
    that follows it, which would compute it again from the same weights.

    Parameters
    ----------
    features : of x, in the panels of the weight
    """

    def __init__(self, x: SparseMatrix, features: FeaturePanels) -> None:
        self.x, self.features = x, features
        self._seen: tuple[tuple[int, ...], list[Tensor]] | None = None

    def scores(
        self,
        weight: Float[Tensor, "m p f w"],
        bias: Float[Tensor, "m g"],
        head: Float[Tensor, "m g c"],
        moved: PanelMap,
    ) -> Float[Tensor, "m k c"]:
        """The scores; `weight` as `to_panels` leaves it."""
        state = (weight.data_ptr(), weight._version, bias.data_ptr(), bias._version)
        seen = self._seen[1] if self._seen is not None and self._seen[0] == state else None
        self._seen = None
        active: list[Tensor] = []
        scores: Tensor = _FirstBlockScores.apply(weight, bias, head, self, moved, seen, active)
        if not scores.requires_grad:
            self._seen = state, active
        return scores


class _FirstBlockScores(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        weight: Tensor,
        bias: Tensor,
        head: Tensor,
        block: FirstBlock,
        moved: PanelMap,
        seen: list[Tensor] | None,
        active: list[Tensor],
    ) -> Tensor:
        weight = weight.detach()  # or products would make ready for a gradient of their own
        ctx.save_for_backward(head)
        ctx.x, ctx.moved, ctx.shape, ctx.active, ctx.kept = block.x, moved, weight.shape, active, []
        scores: list[Tensor] = [weight.new_zeros(())] * len(weight)
        for index, (member, panel, columns) in enumerate(_panels(weight.shape, head.shape[1])):
            if seen is None:
                product = block.x(weight[member, panel])[:, : _width(columns)].contiguous()
                active.append(product.add_(bias[member, columns]).relu_())
            else:
                active.append(seen[index])
            z = moved.forward(block.features.add_to(active[-1], panel), index)
            # Short sides first in products: several times faster.
            scores[member] = scores[member] + head[member, columns].T @ z.T
            if any(ctx.needs_input_grad):
                ctx.kept.append(z)
        return torch.stack(scores).transpose(1, 2)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        (head,) = ctx.saved_tensors
        short = grad.transpose(1, 2).contiguous()
        grad = grad.contiguous()
        of_weight, of_head = head.new_empty(ctx.shape), torch.empty_like(head)
        of_weight[:, -1].zero_()  # its last columns may be none of the matrix
        of_bias = head.new_empty(head.shape[:2])
        back = ctx.x.transposed
        for index, (member, panel, columns) in enumerate(_panels(ctx.shape, head.shape[1])):
            active, z = ctx.active[index], ctx.kept[index]
            of_head[member, columns] = (short[member] @ z).T
            flowing = ctx.moved.backward(grad[member] @ head[member, columns].T, index)
            flowing = torch.ops.aten.threshold_backward(flowing, active, 0)
            of_weight[member, panel, :, : _width(columns)] = back(flowing)
            of_bias[member, columns] = flowing.sum(0)
        ctx.active, ctx.kept = [], []
        return of_weight, of_bias, of_head, None, None, None, None


def _panels(shape: torch.Size, width: int) -> list[tuple[int, int, slice]]:
    """Member, panel, and the columns in it, in the order in which they are moved."""
    members, panels, _, step = shape
    return [
        (member, panel, slice(panel * step, min((panel + 1) * step, width)))
        for member in range(members)
        for panel in range(panels)
    ]


def _width(columns: slice) -> int:
    return int(columns.stop - columns.start)
