"""TIM-GD: mutual information of queries and labels, maximised over class prototypes."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from diffresnet.errors import InputError

from ..batch import TaskBatch
from ..feature_transforms import normalize_only, prototypes
from ..method_spec import MethodSpec
from .nearest_prototype import squared_distances

TINY = 1e-12
"""Added to probabilities where a logarithm or a negative power would not be finite."""


@dataclass(frozen=True)
class Tim:
    """Minimise l_ce CE(support) - l_marginal H(Y) + l_conditional H(Y | X) over class weights w_c.

    Boudiaf, Masud, Rony, Dolz, Piantanida, Ben Ayed, "Transductive information maximization for
    few-shot learning" (NeurIPS 2020), eq. 3, the variant that moves the classifier alone by
    gradient steps. Probabilities of a row are softmax_c(-T / 2 |x - w_c|^2); H(Y) is the entropy
    of their mean over the queries, H(Y | X) their mean entropy. Weights start at the prototypes,
    Adam moves them. It is meant for rows of length 1. Settings are those of the released code.

    Parameters
    ----------
    temperature : float
        T.
    cross_entropy, marginal, conditional : float
        Weights l of the three terms.
    iterations : int
    rate : float
        Of Adam.
    """

    temperature: float = 15.0
    cross_entropy: float = 0.1
    marginal: float = 1.0
    conditional: float = 0.1
    iterations: int = 1000
    rate: float = 1e-4

    def __post_init__(self) -> None:
        if self.iterations < 0 or not (self.temperature > 0.0 and self.rate > 0.0):
            raise InputError("TIM needs iterations >= 0 and a positive temperature and rate")

    def __call__(self, batch: TaskBatch) -> Float[Tensor, "t q c"]:
        weights = prototypes(batch).requires_grad_()
        adam = torch.optim.Adam([weights], lr=self.rate)
        rows = torch.cat([batch.support, batch.query], dim=1)
        one_hot = torch.nn.functional.one_hot(batch.labels, batch.ways).to(rows)
        shots = one_hot.shape[1]
        with torch.no_grad():
            for _ in range(self.iterations):
                p = self._scores(rows, weights).softmax(-1)
                gradient = torch.cat(
                    [
                        self.cross_entropy / shots * (p[:, :shots] - one_hot),
                        _through_softmax(p[:, shots:], self.query_gradient(p[:, shots:])),
                    ],
                    dim=1,
                )
                # By hand: autograd takes twice as long. d scores / d w_c = T (x - w_c).
                moment = gradient.mT @ rows - gradient.sum(1)[:, :, None] * weights
                weights.grad = self.temperature * moment
                adam.step()
            return -0.5 * self.temperature * squared_distances(batch.query, weights)

    def _scores(
        self, x: Float[Tensor, "t n d"], weights: Float[Tensor, "t c d"]
    ) -> Float[Tensor, "t n c"]:
        """Return -T / 2 |x - w|^2 without the part that is the same for all classes."""
        square = (weights * weights).sum(-1)[:, None, :]
        return torch.baddbmm(
            square, x, weights.mT, beta=-0.5 * self.temperature, alpha=self.temperature
        )

    def query_gradient(self, p: Float[Tensor, "t q c"]) -> Float[Tensor, "t q c"]:
        """Return the gradient of l_conditional H(Y | X) - l_marginal H(Y) by the probabilities."""
        mean = p.mean(1, keepdim=True)
        gradient = self.marginal * (mean + TINY).log() - self.conditional * (p + TINY).log()
        # The constant part of either gradient is lost in the softmax.
        return gradient / p.shape[1]


def _through_softmax(
    p: Float[Tensor, "t q c"], gradient: Float[Tensor, "t q c"]
) -> Float[Tensor, "t q c"]:
    """Return the gradient by scores from that by probabilities."""
    weighted = p * gradient
    return weighted - p * weighted.sum(-1, keepdim=True)


# Length 1 is part of the method: its temperature and rate are made for it.
SPEC = MethodSpec(
    "tim",
    "TIM-GD",
    lambda config: Tim(),
    raw_transform=normalize_only,
    small={"iterations": 25, "rate": 1e-2},
)
