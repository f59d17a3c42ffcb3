"""LaplacianShot: nearest prototype with label smoothing over neighbouring queries."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from diffresnet.errors import InputError

from ..batch import TaskBatch
from ..feature_transforms import paper_transforms_and_rectify, prototypes
from ..method_spec import MethodSpec
from .nearest_prototype import squared_distances


@dataclass(frozen=True)
class LaplacianShot:
    """Iterate y <- softmax(-d + lambda W y) from y = softmax(-d).

    Ziko, Dolz, Granger, Ben Ayed, "Laplacian regularized few-shot learning" (ICML 2020):
    minimise sum_q y_q . d_q + lambda / 2 sum_pq w_pq |y_p - y_q|^2 over probabilities y_q, d_qc
    the squared Euclidean distance of query q to the prototype of class c. As in their released
    code, w_pq = 1 where q is among the nearest neighbours of p, a directed graph, so that the
    energy sum y log y + y . d - lambda y . W y need not fall at every step.

    Parameters
    ----------
    neighbors : int
        Of each query among the queries, itself not counted.
    strength : float
        lambda.
    iterations : int
        At most.
    tolerance : float
        A task stands still from the iteration on, the third at the earliest, at which its energy
        changes by no more than this fraction.
    """

    neighbors: int = 2
    strength: float = 0.5
    iterations: int = 20
    tolerance: float = 1e-6

    def __post_init__(self) -> None:
        if self.neighbors < 1 or self.iterations < 1 or not self.strength >= 0.0:
            raise InputError("LaplacianShot needs 1 neighbour, 1 iteration and strength >= 0")

    def __call__(self, batch: TaskBatch) -> Float[Tensor, "t q c"]:
        d = squared_distances(batch.query, prototypes(batch))
        neighbors = nearest(batch.query, self.neighbors)
        y = (-d).softmax(-1)
        last_energy = torch.full((len(batch),), torch.inf, dtype=torch.float64, device=d.device)
        moving = torch.ones(len(batch), dtype=torch.bool, device=d.device)
        for iteration in range(self.iterations):
            updated = (self.strength * _neighbour_sum(y, neighbors) - d).softmax(-1)
            y = torch.where(moving[:, None, None], updated, y)
            energy = self._energy(y, d, neighbors)
            if iteration > 1:
                moving &= (energy - last_energy).abs() > self.tolerance * last_energy.abs()
            if not moving.any():
                break
            last_energy = energy
        return y

    def _energy(
        self, y: Float[Tensor, "t q c"], d: Float[Tensor, "t q c"], neighbors: Int[Tensor, "t q k"]
    ) -> Float[Tensor, " t"]:
        smoothed = self.strength * _neighbour_sum(y, neighbors)
        terms = torch.special.xlogy(y, y) + y * (d - smoothed)
        return terms.sum((1, 2), dtype=torch.float64)


def nearest(x: Float[Tensor, "t q d"], k: int) -> Int[Tensor, "t q k"]:
    """Return the k nearest other rows of each row; fewer where there are no more."""
    d = squared_distances(x, x)
    d.diagonal(dim1=1, dim2=2).fill_(torch.inf)
    return d.topk(min(k, x.shape[1] - 1), dim=-1, largest=False).indices


def _neighbour_sum(
    y: Float[Tensor, "t q c"], neighbors: Int[Tensor, "t q k"]
) -> Float[Tensor, "t q c"]:
    """Return W y."""
    task = torch.arange(len(y), device=y.device)[:, None, None]
    return y[task, neighbors].sum(2)


SPEC = MethodSpec(
    "laplacian_shot",
    "LaplacianShot",
    lambda config: LaplacianShot(),
    paper_transform=paper_transforms_and_rectify,
)
