"""The first residual block and the classifier, panel by panel: n x width is never formed."""

from __future__ import annotations

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from diffresnet.graphs.layers.sparse_features import SparseProduct

from .panels import FeaturePanels, PanelMap


class FirstBlock(nn.Module):
    """M(x + ReLU(x W + b)) V for every replica, with M a linear map over nodes.

    Equal to forming the n x g features of every replica, and faster, because what is made of a
    panel of columns is used while it is in the cache. Kept for the backward pass are the outputs
    of the ReLU and of M. The ReLU's is also kept from one validation to the training step that
    follows it, which would compute it again from the same weights.

    Parameters
    ----------
    features : x as a factor
    panels : x in the panels of the weight
    """

    def __init__(self, features: SparseProduct, panels: FeaturePanels) -> None:
        super().__init__()
        self.features, self.panels = features, panels
        self._cached: tuple[tuple[int, ...], list[Tensor]] | None = None

    def forward(
        self,
        weight: Float[Tensor, "m p f w"],
        bias: Float[Tensor, "m g"],
        head: Float[Tensor, "m g c"],
        node_map: PanelMap,
    ) -> Float[Tensor, "m k c"]:
        """Return the scores; `weight` as `to_panels` leaves it, V the `head`, M the `node_map`."""
        state = (weight.data_ptr(), weight._version, bias.data_ptr(), bias._version)
        cached = None
        if self._cached is not None and self._cached[0] == state:
            cached = self._cached[1]
        self._cached = None
        active: list[Tensor] = []
        scores: Tensor = _FirstBlockScores.apply(weight, bias, head, self, node_map, cached, active)
        if not scores.requires_grad:
            self._cached = state, active
        return scores


class _FirstBlockScores(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        weight: Tensor,
        bias: Tensor,
        head: Tensor,
        block: FirstBlock,
        node_map: PanelMap,
        cached: list[Tensor] | None,
        active: list[Tensor],
    ) -> Tensor:
        weight = weight.detach()  # or products would make ready for a gradient of their own
        features = block.features.matrix
        ctx.save_for_backward(head)
        ctx.features, ctx.node_map, ctx.shape = features, node_map, weight.shape
        ctx.active, ctx.outputs = active, []
        scores: list[Tensor] = [weight.new_zeros(())] * len(weight)
        for index, (replica, panel, columns) in enumerate(_panels(weight.shape, head.shape[1])):
            if cached is None:
                product = features(weight[replica, panel])[:, : _width(columns)].contiguous()
                active.append(product.add_(bias[replica, columns]).relu_())
            else:
                active.append(cached[index])
            z = node_map.forward(block.panels.add_to(active[-1], panel), index)
            # Short sides first in products: several times faster.
            scores[replica] = scores[replica] + head[replica, columns].T @ z.T
            if any(ctx.needs_input_grad):
                ctx.outputs.append(z)
        return torch.stack(scores).transpose(1, 2)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        (head,) = ctx.saved_tensors
        short = grad.transpose(1, 2).contiguous()
        grad = grad.contiguous()
        grad_weight, grad_head = head.new_empty(ctx.shape), torch.empty_like(head)
        grad_weight[:, -1].zero_()  # its last columns may be none of the matrix
        grad_bias = head.new_empty(head.shape[:2])
        back = ctx.features.transposed
        for index, (replica, panel, columns) in enumerate(_panels(ctx.shape, head.shape[1])):
            active, z = ctx.active[index], ctx.outputs[index]
            grad_head[replica, columns] = (short[replica] @ z).T
            flowing = ctx.node_map.backward(grad[replica] @ head[replica, columns].T, index)
            flowing = torch.ops.aten.threshold_backward(flowing, active, 0)
            grad_weight[replica, panel, :, : _width(columns)] = back(flowing)
            grad_bias[replica, columns] = flowing.sum(0)
        ctx.active, ctx.outputs = [], []
        return grad_weight, grad_bias, grad_head, None, None, None, None


def _panels(shape: torch.Size, width: int) -> list[tuple[int, int, slice]]:
    """Return replica, panel, and the columns in it, in the order in which they are mapped."""
    replicas, panels, _, step = shape
    return [
        (replica, panel, slice(panel * step, min((panel + 1) * step, width)))
        for replica in range(replicas)
        for panel in range(panels)
    ]


def _width(columns: slice) -> int:
    return int(columns.stop - columns.start)
