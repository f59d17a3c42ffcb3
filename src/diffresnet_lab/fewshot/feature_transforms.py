"""Feature transforms of Table III: what is done to the features of a task before a method."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from .batch import TaskBatch

Transform = Callable[[TaskBatch], TaskBatch]


@dataclass(frozen=True)
class Chain:
    """Transforms applied one after the other; an empty chain is the identity."""

    parts: tuple[Transform, ...] = ()

    def __call__(self, batch: TaskBatch) -> TaskBatch:
        for part in self.parts:
            batch = part(batch)
        return batch


@dataclass(frozen=True)
class Centre:
    """Subtraction of a mean, that of the base classes as a rule, from every row."""

    mean: Float[np.ndarray, " d"]

    def __call__(self, batch: TaskBatch) -> TaskBatch:
        mean = torch.from_numpy(self.mean).to(batch.support)
        return replace(batch, support=batch.support - mean, query=batch.query - mean)


def l2_normalize(batch: TaskBatch) -> TaskBatch:
    """Scale every row to length 1; rows of zeros stay."""
    return replace(
        batch,
        support=torch.nn.functional.normalize(batch.support, dim=-1),
        query=torch.nn.functional.normalize(batch.query, dim=-1),
    )


def shift_queries(batch: TaskBatch) -> TaskBatch:
    """Add mean(support) - mean(query) to the queries of each task (cross-domain shift).

    Liu, Song, Qin, "Prototype rectification for few-shot learning" (ECCV 2020).
    """
    shift = batch.support.mean(1, keepdim=True) - batch.query.mean(1, keepdim=True)
    return replace(batch, query=batch.query + shift)


def prototypes(batch: TaskBatch) -> Float[Tensor, "t c d"]:
    """Return the mean of the support rows of every class."""
    one_hot = torch.nn.functional.one_hot(batch.labels, batch.ways).to(batch.support)
    return one_hot.mT @ batch.support / one_hot.sum(1)[:, :, None]


def rectified_prototypes(batch: TaskBatch, temperature: float = 10.0) -> Float[Tensor, "t c d"]:
    """Return prototypes from all rows of a task, support and queries.

    p_c <- mean over the rows i with argmax_k cos(x_i, p_k) = c of s_ic x_i, with
    s_i = softmax_k(10 cos(x_i, p_k)). The mean is plain: it is divided by the number of rows, not
    by the sum of their weights, as in the released code of LaplacianShot and of Diff-ResNet. A
    class that no row is assigned to keeps its prototype.
    """
    support_means = prototypes(batch)
    rows = torch.cat([batch.support, batch.query], dim=1)
    normalize = torch.nn.functional.normalize
    cosine = normalize(rows, dim=-1) @ normalize(support_means, dim=-1).mT  # (t, s + q, c)
    assigned = torch.nn.functional.one_hot(cosine.argmax(-1), batch.ways).to(rows)
    weight = assigned * (temperature * cosine).softmax(-1)
    count = assigned.sum(1)[:, :, None]
    return torch.where(count > 0, weight.mT @ rows / count.clamp(min=1.0), support_means)


def rectify_support(batch: TaskBatch) -> TaskBatch:
    """Replace the support set by one rectified prototype a class."""
    labels = torch.arange(batch.ways, device=batch.labels.device).expand(len(batch), -1)
    return replace(batch, support=rectified_prototypes(batch), labels=labels)


TransformFactory = Callable[[Float[np.ndarray, " d"]], Chain]
"""Mean of the base classes -> transform, as a method's `MethodSpec` names it."""


def identity(mean: Float[np.ndarray, " d"]) -> Chain:
    """Return the transform that keeps raw features."""
    return Chain()


def normalize_only(mean: Float[np.ndarray, " d"]) -> Chain:
    """Return the L2 normalisation alone."""
    return Chain((l2_normalize,))


def centre_and_normalize(mean: Float[np.ndarray, " d"]) -> Chain:
    """Return centring and L2 normalisation: CL2N of SimpleShot."""
    return Chain((Centre(mean), l2_normalize))


def paper_transforms(mean: Float[np.ndarray, " d"]) -> Chain:
    """Return centring, L2 normalisation and shift: what comes before prototypes in Table III."""
    return Chain((Centre(mean), l2_normalize, shift_queries))


def paper_transforms_and_rectify(mean: Float[np.ndarray, " d"]) -> Chain:
    """Return all of Table III, rectified prototypes in place of the support rows included.

    Not for methods that train on the support rows, which need those rows themselves.
    """
    return Chain((*paper_transforms(mean).parts, rectify_support))
