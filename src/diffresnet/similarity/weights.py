"""From distances to weights: the Gaussian, Sparse and Normalize."""

from __future__ import annotations

import numpy as np
import scipy.sparse
import torch
from jaxtyping import Float
from torch import Tensor

from .settings import GraphSettings, Normalization

FAINTEST = 1e-8


def bandwidth(distances: Float[Tensor, "*n k"], settings: GraphSettings) -> Float[Tensor, "*n"]:
    """Return the width h_i of each point's Gaussian.

    Where so many points are equal that the local distance is 0, the smallest positive distance
    stands in; where all neighbours are equal, 1 does: their weights are then exp(0) = 1. (The
    released code divides 0 by 0 there.)
    """
    if settings.scale == "global":
        return distances.new_full(distances.shape[:-1], settings.bandwidth)
    at = min(settings.scale_neighbor, distances.shape[-1]) - 1
    if at < 0:
        return distances.new_ones(distances.shape[:-1])
    local = distances[..., at]
    positive = torch.where(distances > 0, distances, torch.inf).amin(-1)
    positive = torch.where(torch.isinf(positive), 1.0, positive)
    return settings.bandwidth * torch.where(local > 0, local, positive)


def gaussian(
    distances: Float[Tensor, "*n k"],
    own: Float[Tensor, "*n"],
    other: Float[Tensor, "*n k"],
    settings: GraphSettings,
) -> Float[Tensor, "*n k"]:
    """Return exp(-d_ij^2 / (h_i h_j)), or with h_i^2 where each row has its own scale.

    Parameters
    ----------
    own, other : h_i a row, and h_j an entry.
    """
    own = own[..., None]
    if settings.scale == "self_tuning":
        # An edge that was kept must not vanish by underflow: an outlier would lose all of its own.
        return torch.exp(-(distances / own) * (distances / other)).clamp_min(FAINTEST)
    return torch.exp(-((distances / own) ** 2))


def kept(distances: Float[Tensor, "*n k"], settings: GraphSettings) -> Tensor:
    """Return which of the neighbours, sorted by distance, each row keeps (Sparse)."""
    n_neighbors = settings.n_neighbors
    rank = torch.arange(distances.shape[-1], device=distances.device)
    inside = (rank < n_neighbors).expand(distances.shape)
    if settings.strict and distances.shape[-1] > n_neighbors:
        # As the released code has it: strictly nearer than the first one left out.
        inside = distances < distances[..., n_neighbors, None]
    return inside


def normalized(
    weights: scipy.sparse.csr_array, how: Normalization | None
) -> scipy.sparse.csr_array:
    """Return D^-1/2 W D^-1/2 or D^-1 W with D = diag(W 1); rows without weight stay empty."""
    if how is None:
        return weights
    degree = weights.sum(axis=1)
    # Below the smallest normal number the quotient would be infinite.
    positive = degree >= np.finfo(degree.dtype).tiny
    inverse = np.divide(1.0, degree, out=np.zeros_like(degree), where=positive)
    if how == "random_walk":
        return scipy.sparse.csr_array(scipy.sparse.diags_array(inverse) @ weights)
    root = scipy.sparse.diags_array(np.sqrt(inverse))
    return scipy.sparse.csr_array(root @ weights @ root)
