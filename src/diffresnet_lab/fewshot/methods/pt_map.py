"""PT-MAP: power transform, then optimal transport of equally many queries to every class."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import torch
from jaxtyping import Float
from torch import Tensor

from diffresnet.errors import InputError

from ..batch import TaskBatch
from ..feature_transforms import identity, l2_normalize, prototypes
from ..method_spec import JSON_KEY, MethodSpec
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
    inverse_temperature : float
        lambda of exp(-lambda cost).
    rate : float
        alpha of the prototypes.
    rounds : int
        Updates of the prototypes.
    tolerance : float
        Sinkhorn ends for a task when no row sum changes by more than this.
    sinkhorn_rounds : int
        At most.
    """

    power: float = 0.5
    inverse_temperature: float = field(default=10.0, metadata={JSON_KEY: "sharpness"})
    rate: float = 0.2
    rounds: int = 20
    tolerance: float = 1e-6
    sinkhorn_rounds: int = 1000

    def __post_init__(self) -> None:
        if not (self.power > 0.0 and self.inverse_temperature > 0.0 and 0.0 < self.rate <= 1.0):
            raise InputError("PT-MAP needs power, inverse_temperature > 0 and a rate in (0, 1]")
        if self.rounds < 0 or self.sinkhorn_rounds < 1:
            raise InputError("PT-MAP needs rounds >= 0 and at least 1 round of Sinkhorn")

    def __call__(self, batch: TaskBatch) -> Float[Tensor, "t q c"]:
        batch = self._transformed(batch)
        one_hot = torch.nn.functional.one_hot(batch.labels, batch.ways).to(batch.support)
        sums, shots = one_hot.mT @ batch.support, one_hot.sum(1)[:, :, None]
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

        batch = l2_normalize(
            replace(batch, support=powered(batch.support), query=powered(batch.query))
        )
        return l2_normalize(
            replace(batch, support=centred(batch.support), query=centred(batch.query))
        )

    def assign(self, cost: Float[Tensor, "t q c"]) -> Float[Tensor, "t q c"]:
        """Return the transport plan: rows sum to 1, columns to q / c (Sinkhorn's scaling).

        Float64: a tolerance of 1e-6 is the rounding of row sums in float32.
        """
        plan = (-self.inverse_temperature * cost.double()).flatten(1).softmax(1).view_as(cost)
        per_class = cost.shape[1] / cost.shape[2]
        last_row_sums = torch.zeros_like(plan[:, :, 0])
        for _ in range(self.sinkhorn_rounds):
            row_sums = plan.sum(2)
            moving = (last_row_sums - row_sums).abs().amax(1) > self.tolerance
            if not moving.any():
                break
            scaled = plan / row_sums[:, :, None]
            scaled = scaled * (per_class / scaled.sum(1, keepdim=True))
            plan = torch.where(moving[:, None, None], scaled, plan)
            last_row_sums = row_sums
        return plan.to(cost.dtype)


SPEC = MethodSpec(
    "pt_map",
    "PT-MAP",
    lambda config: PtMap(),
    paper_transform=identity,
    note="PT-MAP takes raw features, whatever transforms are chosen: it has a transform of its own",
    small={"rounds": 4, "sinkhorn_rounds": 60},
)
