"""A residual network trained on the support set of each task: convection without diffusion."""

from __future__ import annotations

from dataclasses import dataclass, field

from jaxtyping import Float
from torch import Tensor

from ..batch import TaskBatch
from ..network import Network, Training
from ..train import trained_scores


@dataclass(frozen=True)
class Convection:
    """out = (x + W2 ReLU(W1 x + b1) + b2) Wc^T + bc, trained by cross entropy on the support rows.

    Method 3 of Table II. Every query is classified by itself.

    Parameters
    ----------
    alpha : float
        Weight of the prototype loss sum_q sum_c softmax(out_q)_c |x_q - p_c|, p_c the rectified
        prototypes.
    training : Training
    """

    alpha: float = 0.0
    training: Training = field(default_factory=Training)

    @property
    def network(self) -> Network:
        return Network(steps=0, alpha=self.alpha)

    def __call__(self, batch: TaskBatch) -> Float[Tensor, "t q c"]:
        return trained_scores(batch, self.network, self.training)
