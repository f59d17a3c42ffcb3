"""Convection, with diffusion outside the network: a loss smooths its outputs on the graph."""

from __future__ import annotations

from dataclasses import dataclass, field

from jaxtyping import Float
from torch import Tensor

from ..batch import TaskBatch
from ..network import Network, Training
from ..train import trained_scores


@dataclass(frozen=True)
class External:
    """The residual network without diffusion, with mu sum_ij w_ij |out_i - out_j|^2 in its loss.

    Method 4 of Table II: w_ij are the weights of the task's graph over support and queries.

    Parameters
    ----------
    mu : float
        The paper's value is not known; `fewshot.presets` has what validation classes chose.
    ntop, sigma
        Of the graph; see `GraphSettings.few_shot`.
    alpha, training
        As in `Convection`.
    """

    mu: float = 0.01
    ntop: int = 8
    sigma: int = 4
    alpha: float = 0.0
    training: Training = field(default_factory=Training)

    @property
    def network(self) -> Network:
        return Network(mu=self.mu, ntop=self.ntop, sigma=self.sigma, alpha=self.alpha)

    def __call__(self, batch: TaskBatch) -> Float[Tensor, "t q c"]:
        return trained_scores(batch, self.network, self.training)
