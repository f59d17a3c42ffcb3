"""Convection: a residual network trained on the support set of each task, without diffusion."""

from __future__ import annotations

from dataclasses import dataclass, field

from jaxtyping import Float
from torch import Tensor

from ..batch import TaskBatch
from ..method_spec import MethodSpec
from ..network import NetworkConfig, TrainingConfig
from ..train import train_and_score


@dataclass(frozen=True)
class Convection:
    """out = (x + W2 ReLU(W1 x + b1) + b2) Wc^T + bc, trained by cross entropy on the support rows.

    Method 3 of Table II. Every query is classified by itself.

    Parameters
    ----------
    alpha : float
        Weight of the prototype loss sum_q sum_c softmax(out_q)_c |x_q - p_c|, p_c the rectified
        prototypes.
    training : TrainingConfig
    """

    alpha: float = 0.0
    training: TrainingConfig = field(default_factory=TrainingConfig)

    @property
    def network_config(self) -> NetworkConfig:
        return NetworkConfig(steps=0, alpha=self.alpha)

    def __call__(self, batch: TaskBatch) -> Float[Tensor, "t q c"]:
        return train_and_score(batch, self.network_config, self.training)


SPEC = MethodSpec("convection", "Convection", lambda config: Convection())
