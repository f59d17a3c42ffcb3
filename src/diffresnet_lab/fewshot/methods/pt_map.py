"""PT-MAP: power transform, then assignment of equal numbers of queries to every class."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from jaxtyping import Float
from torch import Tensor

from diffresnet.errors import InputError

from ..batch import TaskBatch
from ..tricks import prototypes, unit
from .nearest_prototype import squared_distances

OFFSET = 1e-6
"""Added before the power, as in the released code."""


@dataclass(frozen=True)
class PtMap:
    """Hu, Gripon, Pateux, "Leveraging the feature distribution in transfer-based few-shot
    learning" (ICANN 2021, arXiv 2006.03806).

    Rows become (x + 1e-6)^power, then of length 1; support and query are centred apart and scaled
    to length 1 again. Then, over and over: queries are assigned to classes by the optimal transport
    plan of cost |x - p_c|^2 in which every class gets the same number of queries (Sinkhorn), and
    the prototypes move the part `rate` of the way to the means of their members. It assumes that
    the classes are balanced, and loses much where they are not.

    The power transform is made for features that are not negative, such as those after a ReLU.
    For negative ones the power is taken of the size, and the sign kept: for x >= 0 that is the
    published transform. Give it raw features: centred ones have lost what it corrects.
    (The released code also rotates rows by a QR decomposition, which changes no distance.)

    Parameters
    ----------
    power : float
    sharpness : float
        lambda of exp(-lambda cost).
    rate : float
        alpha of the prototypes.
    rounds : int
    tolerance : float
        Sinkhorn ends for a task when no row sum changes by more than this.
    sinkhorn_rounds : int
        At most.
    """

    power: float = 0.5
    sharpness: float = 10.0
    rate: float = 0.2
    rounds: int = 20
    tolerance: float = 1e-6
    sinkhorn_rounds: int = 1000

    def __post_init__(self) -> None:
        if not (self.power > 0.0 and self.sharpness > 0.0 and 0.0 < self.rate <= 1.0):
            raise InputError("PT-MAP needs power > 0, sharpness > 0 and a rate in (0, 1]")
        if self.rounds < 0 or self.sinkhorn_rounds < 1:
            raise InputError("PT-MAP needs rounds >= 0 and at least 1 round of Sinkhorn")

    def __call__(self, batch: TaskBatch) -> Float[Tensor, "t q c"]:
        batch = self._transformed(batch)
        member = torch.nn.functional.one_hot(batch.labels, batch.ways).to(batch.support)
        sums, shots = member.mT @ batch.support, member.sum(1)[:, :, None]
        centres = prototypes(batch)
        plan = self.assign(squared_distances(batch.query, centres))
        for _ in range(self.rounds):
            means = (sums + plan.mT @ batch.query) / (shots + plan.sum(1)[:, :, None])
            centres = centres + self.rate * (means - centres)
            plan = self.assign(squared_distances(batch.query, centres))
        return plan

    def _transformed(self, batch: TaskBatch) -> TaskBatch:
        def powered(x: Tensor) -> Tensor:
            return (x.abs() + OFFSET) ** self.power * torch.where(x < 0, -1.0, 1.0)

        def centred(x: Tensor) -> Tensor:
            return x - x.mean(1, keepdim=True)

        batch = unit(replace(batch, support=powered(batch.support), query=powered(batch.query)))
        return unit(replace(batch, support=centred(batch.support), query=centred(batch.query)))

    def assign(self, cost: Float[Tensor, "t q c"]) -> Float[Tensor, "t q c"]:
        """The plan of rows that sum to 1 and columns that sum to q / c, by Sinkhorn's scaling.

        Float64: a tolerance of 1e-6 is the rounding of row sums in float32.
        """
        plan = (-self.sharpness * cost.double()).flatten(1).softmax(1).view_as(cost)
        each = cost.shape[1] / cost.shape[2]
        before = torch.zeros_like(plan[:, :, 0])
        for _ in range(self.sinkhorn_rounds):
            rows = plan.sum(2)
            moving = (before - rows).abs().amax(1) > self.tolerance
            if not moving.any():
                break
            scaled = plan / rows[:, :, None]
            scaled = scaled * (each / scaled.sum(1, keepdim=True))
            plan = torch.where(moving[:, None, None], scaled, plan)
            before = rows
        return plan.to(cost.dtype)
