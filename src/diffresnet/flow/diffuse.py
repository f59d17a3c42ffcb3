"""Diffusion as a differentiable function of the features, and of gamma if asked."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from ..errors import InputError
from ..operators import DenseLaplacian, Laplacian
from ..progress import stage
from ..uncompiled import uncompiled
from .euler import ExplicitEuler
from .integrator import Integrator


@uncompiled
def diffuse(
    laplacian: Laplacian,
    x: Float[Tensor, "*b n d"],
    flow: Integrator,
    gamma: Float[Tensor, ""] | None = None,
) -> Float[Tensor, "*b n d"]:
    """F(L) x for the integrator `flow`.

    The backward pass multiplies by F(L^T) and stores x alone, however many steps there are. Half
    precision is computed in float32.

    Parameters
    ----------
    x : (n, d), or (b, n, d) with a dense batch of graphs
    gamma : scalar tensor
        Taken instead of `flow.gamma`, with a gradient.

    Raises
    ------
    StabilityError
        If an explicit step is too long for the graph.
    InputError
        If x has another number of points than the graph, or of graphs than the batch.
    """
    if x.shape[-2] != laplacian.shape[-1]:
        raise InputError(
            f"features of {x.shape[-2]} points cannot move on a graph of {laplacian.shape[-1]}"
        )
    if x.ndim != len(laplacian.shape) or x.shape[:-2] != laplacian.shape[:-2]:
        raise InputError(
            f"features {tuple(x.shape)} do not fit a graph {tuple(laplacian.shape)}: one graph "
            f"moves (n, d), a batch of b graphs moves (b, n, d)"
        )
    if gamma is not None:
        flow = replace(flow, gamma=float(gamma.detach()))
    flow.check(laplacian)
    with torch.autocast(x.device.type, enabled=False):
        moved = x.to(laplacian.dtype)
        if isinstance(laplacian, DenseLaplacian) and laplacian.requires_grad:
            if gamma is not None:
                raise InputError("learn either gamma or the weights of the graph, not both")
            return flow(laplacian, moved).to(x.dtype)
        if gamma is None:
            gamma = moved.new_tensor(flow.gamma)
        return _Diffusion.apply(moved, gamma, laplacian, flow).to(x.dtype)


class _Diffusion(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, x: Tensor, gamma: Tensor, laplacian: Laplacian, flow: Integrator
    ) -> Tensor:
        ctx.save_for_backward(x, gamma)
        ctx.laplacian, ctx.flow = laplacian, flow
        return _by_panels(laplacian, x, flow)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, Tensor | None, None, None]:
        x, gamma = ctx.saved_tensors
        laplacian, flow = ctx.laplacian, ctx.flow
        grad_x = grad_gamma = None
        if ctx.needs_input_grad[0]:
            # Both by functions that are differentiable themselves, for second derivatives.
            grad_x = _Diffusion.apply(grad, gamma, laplacian.transpose(), flow)
        if ctx.needs_input_grad[1] and flow.steps > 0:
            moved = _Diffusion.apply(x, gamma, laplacian, flow.derivative())
            slope = -flow.steps * _Product.apply(moved, laplacian)
            grad_gamma = (grad * slope).sum().to(gamma.dtype)
        return grad_x, grad_gamma, None, None


class _Product(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, laplacian: Laplacian) -> Tensor:
        ctx.laplacian = laplacian
        return laplacian.product(x)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None]:
        return _Product.apply(grad, ctx.laplacian.transpose()), None


def _by_panels(laplacian: Laplacian, x: Tensor, flow: Integrator) -> Tensor:
    panels = laplacian.panels(x)
    # A single product would only wait for the copies.
    if len(panels) == 1 or (isinstance(flow, ExplicitEuler) and flow.steps == 1):
        return flow(laplacian, x)
    out = torch.empty_like(x)
    with stage("diffusing features", len(panels)) as advance:
        for target, panel in zip(laplacian.panels(out), panels, strict=True):
            target.copy_(flow(laplacian, panel.contiguous()))
            advance()
    return out
