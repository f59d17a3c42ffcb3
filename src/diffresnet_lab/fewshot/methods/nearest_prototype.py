"""Nearest prototype classifier."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from ..batch import TaskBatch
from ..feature_transforms import centre_and_normalize, prototypes
from ..method_spec import MethodSpec


@dataclass(frozen=True)
class NearestPrototype:
    """Score -|x - p_c|^2 with p_c the mean of the support rows of class c.

    With rows centred by the base mean and of length 1 this is SimpleShot (CL2N) of Wang, Chao,
    Weinberger, van der Maaten (arXiv 1911.04623). Inductive: queries do not see each other.
    """

    def __call__(self, batch: TaskBatch) -> Float[Tensor, "t q c"]:
        return -squared_distances(batch.query, prototypes(batch))


def squared_distances(
    x: Float[Tensor, "t n d"], centres: Float[Tensor, "t c d"]
) -> Float[Tensor, "t n c"]:
    """Return |x - p|^2 by one product, about the mean of the centres so that little cancels."""
    middle = centres.mean(1, keepdim=True)
    x, centres = x - middle, centres - middle
    square = (x * x).sum(-1)[:, :, None] + (centres * centres).sum(-1)[:, None, :]
    return torch.baddbmm(square, x, centres.mT, alpha=-2.0).clamp(min=0.0)


SPEC = MethodSpec(
    "nearest_prototype",
    "Nearest prototype",
    lambda config: NearestPrototype(),
    # SimpleShot is inductive: no shift, no rectified prototypes.
    paper_transform=centre_and_normalize,
    paper_title="SimpleShot",
)
