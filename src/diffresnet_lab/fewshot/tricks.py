"""What Table III does to the features of a task before a method sees them."""

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
    """Transforms, one after the other."""

    parts: tuple[Transform, ...] = ()

    def __call__(self, batch: TaskBatch) -> TaskBatch:
        for part in self.parts:
            batch = part(batch)
        return batch


@dataclass(frozen=True)
class Centre:
    """Subtract a mean, that of the base classes as a rule, from every row."""

    mean: Float[np.ndarray, " d"]

    def __call__(self, batch: TaskBatch) -> TaskBatch:
        mean = torch.from_numpy(self.mean).to(batch.support)
        return replace(batch, support=batch.support - mean, query=batch.query - mean)


def unit(batch: TaskBatch) -> TaskBatch:
    """Scale every row to length 1; rows of zeros stay."""
    return replace(
        batch,
        support=torch.nn.functional.normalize(batch.support, dim=-1),
        query=torch.nn.functional.normalize(batch.query, dim=-1),
    )


def shifted(batch: TaskBatch) -> TaskBatch:
    """Cross-domain shift: add mean(support) - mean(query) to the queries of each task.

    Liu, Song, Qin, "Prototype rectification for few-shot learning" (ECCV 2020).
    """
    shift = batch.support.mean(1, keepdim=True) - batch.query.mean(1, keepdim=True)
    return replace(batch, query=batch.query + shift)


def prototypes(batch: TaskBatch) -> Float[Tensor, "t c d"]:
    """The mean of the support rows of every class."""
    member = torch.nn.functional.one_hot(batch.labels, batch.ways).to(batch.support)
    return member.mT @ batch.support / member.sum(1)[:, :, None]


def rectified_prototypes(batch: TaskBatch, temperature: float = 10.0) -> Float[Tensor, "t c d"]:
    """Prototypes from all rows of a task, support and queries.

    p_c <- mean over the rows i with argmax_k cos(x_i, p_k) = c of s_ic x_i, with
    s_i = softmax_k(10 cos(x_i, p_k)). The mean is plain: it is divided by the number of rows, not
    by the sum of their weights, as in the released code of LaplacianShot and of Diff-ResNet. A
    class that no row is assigned to keeps its prototype.
    """
    start = prototypes(batch)
    rows = torch.cat([batch.support, batch.query], dim=1)
    normalize = torch.nn.functional.normalize
    cosine = normalize(rows, dim=-1) @ normalize(start, dim=-1).mT  # (t, s + q, c)
    assigned = torch.nn.functional.one_hot(cosine.argmax(-1), batch.ways).to(rows)
    weight = assigned * (temperature * cosine).softmax(-1)
    number = assigned.sum(1)[:, :, None]
    return torch.where(number > 0, weight.mT @ rows / number.clamp(min=1.0), start)


def rectified(batch: TaskBatch) -> TaskBatch:
    """Replace the support set by one rectified prototype a class."""
    labels = torch.arange(batch.ways, device=batch.labels.device).expand(len(batch), -1)
    return replace(batch, support=rectified_prototypes(batch), labels=labels)


def paper_tricks(mean: Float[np.ndarray, " d"]) -> Chain:
    """Centre, L2-normalise, shift: what comes before the prototypes in Table III."""
    return Chain((Centre(mean), unit, shifted))
