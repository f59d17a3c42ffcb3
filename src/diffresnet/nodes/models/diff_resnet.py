"""Diff-ResNet on a graph, with the dropout of the released model or once before the diffusion."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor

from ...flow import ExplicitEuler, diffuse
from ..data import NodeData
from ..training import NodeModel
from .dropped_diffusion import dropped_diffusion
from .members import linear_parameters


@dataclass(frozen=True)
class DiffResNetSettings:
    """One residual block x + ReLU(W x + b), `steps` diffusion steps, a linear classifier.

    Parameters
    ----------
    gamma, steps
        The diffusion: x <- x - gamma L x, that many times. 0 steps is No-Diff-ResNet.
    dropout : float
    placement : {"each", "once"}
        Dropout before every diffusion step, as the released model has it, or once before all of
        them: another model, whose class scores can be diffused in the place of its features.
    """

    gamma: float = 0.25
    steps: int = 20
    dropout: float = 0.25
    placement: Literal["each", "once"] = "each"


class DiffResNetNodes(NodeModel):
    """Members of Diff-ResNet on one graph; hidden width is the number of features.

    Without dropout, and with dropout once, the diffusion is one linear map of the features, and
    classes are linear in them: (S z) W = S (z W), so that n x classes numbers are diffused, not
    n x features. That is exact.
    """

    def __init__(self, data: NodeData, settings: DiffResNetSettings, seeds: Sequence[int]) -> None:
        super().__init__()
        width = data.features.shape[1]
        self.members = len(seeds)
        self.data, self.settings = data, settings
        self.weight, self.bias = linear_parameters(seeds, width, width, data.device)
        self.head, self.head_bias = linear_parameters(
            [seed + 1 for seed in seeds], width, data.classes, data.device
        )
        self.flow = ExplicitEuler(settings.gamma, settings.steps, unstable="allow")

    def forward(self, rows: Int[Tensor, " k"]) -> Float[Tensor, "m k c"]:
        z = self._block()
        if self.settings.placement == "each" and self.settings.steps and self.training:
            z = self._dropped_diffusion(z)
            scores = torch.einsum("kmf,mfc->kmc", z[rows], self.head)
        else:
            z = F.dropout(z, self.settings.dropout, self.training)
            scores = torch.einsum("nmf,mfc->nmc", z, self.head)
            flat = diffuse(self.data.laplacian, scores.reshape(len(z), -1), self.flow)
            scores = flat.view(scores.shape)[rows]
        return scores.transpose(0, 1) + self.head_bias[:, None]

    def _block(self) -> Float[Tensor, "n m f"]:
        m, width, _ = self.weight.shape
        wide = self.weight.transpose(0, 1).reshape(width, -1)
        inner = self.data.x.differentiable(wide).view(-1, m, width) + self.bias
        return torch.relu(inner) + self.data.dense_x[:, None]

    def _dropped_diffusion(self, z: Float[Tensor, "n m f"]) -> Float[Tensor, "n m f"]:
        how = self.settings
        seed = int(torch.randint(2**62, ()))  # from the global generator, as any dropout
        flat = z.reshape(z.shape[0], -1)
        moved = dropped_diffusion(
            self.data.laplacian, flat, how.gamma, how.steps, how.dropout, seed
        )
        return moved.view(z.shape)
