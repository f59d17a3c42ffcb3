"""Class scores propagated from labels along the graph."""

from __future__ import annotations

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from ..flow import diffuse_with_boundary
from ..operators import SparseLaplacian
from ..progress import stage
from .calibrator import SMALLEST

# With one label a class nothing can be held out, so this stays fixed.
SOURCE_TEMPERATURE = 0.25


def one_hot(codes: Int[np.ndarray, " l"], n_classes: int, like: Tensor) -> Float[Tensor, "l c"]:
    """Encode classes as rows of the identity, of the type of `like`."""
    index = torch.from_numpy(codes).to(like.device)
    return torch.nn.functional.one_hot(index, n_classes).to(like.dtype)


def propagate_labels(
    laplacian: SparseLaplacian,
    prior: Float[Tensor, "n c"],
    rows: Int[np.ndarray, " l"],
    labels: Float[Tensor, "l c"],
    weight: float,
    tol: float = 1e-3,
) -> Float[Tensor, "n c"]:
    """Propagate labels with a prior: u minimises an energy with the labels held.

    The energy is sum w_ij |u_i - u_j|^2 / 2 + weight sum d_i |u_i - prior_i|^2. weight -> 0 is
    Laplace learning, weight = inf the prior itself. Every row stays a distribution: a solution is
    an average of priors and labels.
    """
    index = torch.from_numpy(rows).to(prior.device)
    held = prior.clone()
    held[index] = labels
    if weight == float("inf"):
        return held
    fixed = torch.zeros(len(prior), 1, dtype=torch.bool, device=prior.device)
    fixed[index] = True
    with stage("propagating labels", len(laplacian.panels(held))) as advance:
        diffuse_with_boundary(
            laplacian, held, fixed, 1.0 / weight, tol, in_place=True, advance=advance
        )
    return held.clamp_min_(0.0)


def source_decay(points: int, classes: int) -> float:
    """Return the decay of label sources: they should reach about as far as a label must, n / c."""
    return float(np.clip(classes / (2 * points), 1e-4, 0.03))


def propagate_sources(
    laplacian: SparseLaplacian,
    degree: Float[Tensor, " n"],
    rows: Int[np.ndarray, " l"],
    labels: Float[Tensor, "l c"],
    decay: float,
) -> Float[Tensor, "n c"]:
    """Propagate centred labels as point sources by (L + decay D)^-1: Poisson learning that forgets.

    With D^-1 L the random walk this is implicit diffusion for a time 1 / decay. The
    degree-weighted mean is removed.
    """
    index = torch.from_numpy(rows).to(degree.device)
    source = torch.zeros(len(degree), labels.shape[1], dtype=degree.dtype, device=degree.device)
    # A point without edges has nowhere to send its label.
    inverse = torch.where(degree > 0, 1.0 / degree, 0.0)
    source[index] = (labels - labels.mean(0)) * inverse[index, None]
    propagated = diffuse_with_boundary(
        laplacian,
        source,
        torch.zeros_like(source[:, :1], dtype=torch.bool),
        1.0 / decay,
        in_place=True,
    )
    return propagated.sub_((degree @ propagated) / degree.sum().clamp_min(SMALLEST))


def row_standardize(scores: Float[Tensor, "n c"]) -> Float[Tensor, "n c"]:
    """Centre the scores of each row and scale them to length 1, so that two kinds can be added."""
    return torch.nn.functional.normalize(scores - scores.mean(1, keepdim=True), dim=1)


def soft_scores(scores: Float[Tensor, "n c"]) -> Float[Tensor, "n c"]:
    """Return class probabilities of scores of any length, by their directions."""
    return torch.softmax(row_standardize(scores) / SOURCE_TEMPERATURE, dim=1)
