"""Internal diffusion (Diff-ResNet): between the residual block and the classifier."""

from __future__ import annotations

from dataclasses import dataclass, field

from jaxtyping import Float
from torch import Tensor

from ..batch import TaskBatch
from ..config import FewShotConfig
from ..method_spec import MethodSpec
from ..network import NetworkConfig, TrainingConfig
from ..train import train_and_score


@dataclass(frozen=True)
class InternalDiffusion:
    """Diff-ResNet: out = S(x + W2 ReLU(W1 x + b1) + b2) Wc^T + bc with S = (I - gamma L)^steps.

    Method 5 of Table II, trained by cross entropy on the support rows; L is of the task's graph
    over support and queries. A gamma past the stability bound of a task is let through, as it was
    published: `fewshot.objective.unstable_tasks` counts them.

    Parameters
    ----------
    steps : int
        6 is the paper's for 1 shot; it takes fewer with more shots.
    gamma : float
        Length of a step.
    ntop, sigma : int
        Neighbours of the graph; see `GraphSettings.few_shot`.
    alpha, training
        As in `Convection`.
    """

    steps: int = 6
    gamma: float = 0.5
    ntop: int = 8
    sigma: int = 4
    alpha: float = 0.0
    training: TrainingConfig = field(default_factory=TrainingConfig)

    @property
    def network_config(self) -> NetworkConfig:
        return NetworkConfig(self.steps, self.gamma, self.ntop, self.sigma, self.alpha)

    def __call__(self, batch: TaskBatch) -> Float[Tensor, "t q c"]:
        return train_and_score(batch, self.network_config, self.training)


def _build(config: FewShotConfig) -> InternalDiffusion:
    return InternalDiffusion(config.diffusion_steps, config.gamma, config.ntop, config.sigma)


SPEC = MethodSpec("internal", "Diff-ResNet", _build, options=("ntop", "sigma", "gamma", "steps"))
