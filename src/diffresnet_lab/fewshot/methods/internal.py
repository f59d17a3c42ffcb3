"""Diff-ResNet: diffusion inside the network, between the residual block and the classifier."""

from __future__ import annotations

from dataclasses import dataclass, field

from jaxtyping import Float
from torch import Tensor

from ..batch import TaskBatch
from ..network import Network, Training
from ..train import trained_scores


@dataclass(frozen=True)
class Internal:
    """out = S(x + W2 ReLU(W1 x + b1) + b2) Wc^T + bc with S = (I - gamma L)^steps.

    Method 5 of Table II, trained by cross entropy on the support rows; L is of the task's graph
    over support and queries. A gamma past the stability bound of a task is let through, as it was
    published: `fewshot.problem.unstable_tasks` counts them.

    Parameters
    ----------
    steps : int
        6 is the paper's for 1 shot; it takes fewer with more shots.
    gamma : float
    ntop, sigma
        Of the graph; see `GraphSettings.few_shot`.
    alpha, training
        As in `Convection`.
    """

    steps: int = 6
    gamma: float = 0.5
    ntop: int = 8
    sigma: int = 4
    alpha: float = 0.0
    training: Training = field(default_factory=Training)

    @property
    def network(self) -> Network:
        return Network(self.steps, self.gamma, self.ntop, self.sigma, self.alpha)

    def __call__(self, batch: TaskBatch) -> Float[Tensor, "t q c"]:
        return trained_scores(batch, self.network, self.training)
