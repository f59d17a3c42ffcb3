"""Similarity graphs of many small sets of points at once, dense."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from .exact import SLACK, middle_row
from .selection import nearest_first
from .settings import GraphSettings
from .weights import bandwidth, gaussian, kept


def dense_similarity(
    x: Float[Tensor, "*b n d"], settings: GraphSettings
) -> Float[Tensor, "*b n n"]:
    """Compute the weights of `similarity_graph` for (n, d) points or a batch of them.

    Meant for mini-batches and few-shot tasks: it holds n x n distances a set. Gradients do not
    flow into the weights, which the method keeps fixed while features move.
    """
    # Half precision has too few digits for distances by products.
    with torch.no_grad(), torch.autocast(x.device.type, enabled=False):
        n = x.shape[-2]
        points = x if x.dtype == torch.float64 else x.float()
        if settings.metric == "cosine":
            points = torch.nn.functional.normalize(points, dim=-1)
        d = _distances(points)
        d.diagonal(dim1=-2, dim2=-1).fill_(torch.inf)
        look = max(0, min(settings.neighbors_needed, n - 1))
        near = d.topk(max(0, min(look + SLACK, n - 1)), dim=-1, largest=False, sorted=False)
        order, distances = nearest_first(near.indices, near.values, look)
        width = bandwidth(distances, settings)
        other = width[..., None, :].expand(*order.shape[:-1], n).gather(-1, order)
        w = gaussian(distances, width, other, settings)
        w = torch.where(kept(distances, settings), w, 0.0)
        weights = torch.zeros_like(d).scatter_(-1, order, w)
        if settings.self_loops:
            weights.diagonal(dim1=-2, dim2=-1).fill_(1.0)
        if settings.symmetrize == "before":
            weights = (weights + weights.mT) / 2
        weights = _normalized(weights, settings)
        if settings.symmetrize == "after":
            weights = (weights + weights.mT) / 2
        return weights


def _distances(points: Tensor) -> Tensor:
    """Pairwise distances by one product; what is only rounding counts as 0."""
    points = points - middle_row(points)
    square = (points * points).sum(-1)
    both = square[..., :, None] + square[..., None, :]
    d2 = both - 2.0 * points @ points.mT
    d2 = (d2 + d2.mT) / 2
    return torch.where(d2 <= 8 * torch.finfo(d2.dtype).eps * both, 0.0, d2).sqrt()


def _normalized(weights: Tensor, settings: GraphSettings) -> Tensor:
    if settings.normalize is None:
        return weights
    degree = weights.sum(-1)
    inverse = torch.where(degree >= torch.finfo(degree.dtype).tiny, 1.0 / degree, 0.0)
    if settings.normalize == "random_walk":
        return inverse[..., :, None] * weights
    root = inverse.sqrt()
    return root[..., :, None] * weights * root[..., None, :]
