"""Diff-ResNet on a graph, with the dropout of the released model or once before the diffusion."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from diffresnet.errors import InputError
from diffresnet.flow import ExplicitEuler, diffuse
from diffresnet.graphs.layers.dropout import dropout
from diffresnet.graphs.layers.dropout_mask import drawn_seed
from diffresnet.graphs.node_data import NodeData
from diffresnet.graphs.training import NodeModel

from .dropped_diffusion import DroppedDiffusion, dropped_diffusion
from .first_block import FirstBlock
from .members import class_scores, linear_parameters
from .panels import Dropout, FeaturePanels, PanelMap, from_panels, panel_width, to_panels


@dataclass(frozen=True)
class DiffResNetSettings:
    """Residual blocks x + ReLU(W x + b), each with `steps` diffusion steps, a linear classifier.

    Parameters
    ----------
    gamma, steps
        The diffusion: x <- x - gamma L x, that many times. 0 steps is No-Diff-ResNet.
    dropout : float
    placement : {"each", "once"}
        Dropout before every diffusion step, as the released model has it, or once before all of
        them: another model, whose class scores can be diffused in the place of its features.
    blocks : int
        The released model has one.
    width : int, optional
        Features inside; a linear layer leads there where it differs from the number of features.
    """

    gamma: float = 0.25
    steps: int = 20
    dropout: float = 0.25
    placement: Literal["each", "once"] = "each"
    blocks: int = 1
    width: int | None = None


class DiffResNetNodes(NodeModel):
    """Members of Diff-ResNet on one graph.

    Without dropout, and with dropout once, the diffusion of the last block is one linear map of
    the features, and classes are linear in them: (S z) W = S (z W), so that n x classes numbers
    are diffused, not n x width. That is exact.

    Raises
    ------
    InputError
        If there is not one block at least.
    """

    def __init__(self, data: NodeData, settings: DiffResNetSettings, seeds: Sequence[int]) -> None:
        super().__init__()
        if settings.blocks < 1:
            raise InputError(f"Diff-ResNet needs one block at least, not {settings.blocks}")
        features, device = data.features.shape[1], data.device
        width = settings.width or features
        self.members = len(seeds)
        self.data, self.settings = data, settings
        weight, self.bias = linear_parameters(seeds, width, width, device)
        panel = panel_width(width, len(data), device)
        self.panels = nn.Parameter(to_panels(weight.detach(), panel))
        self.block = (
            FirstBlock(data.x, FeaturePanels(data.features, panel, device))
            if width == features
            else None
        )
        self.head, self.head_bias = linear_parameters(
            [seed + 1 for seed in seeds], width, data.classes, device
        )
        self.embed = nn.ParameterList()
        if width != features:
            self.embed.extend(linear_parameters([s + 2 for s in seeds], features, width, device))
        later = [
            linear_parameters([seed + 2 + block for seed in seeds], width, width, device)
            for block in range(1, settings.blocks)
        ]
        self.weights = nn.ParameterList(weight for weight, _ in later)
        self.biases = nn.ParameterList(bias for _, bias in later)
        self.flow = ExplicitEuler(settings.gamma, settings.steps, unstable="allow")

    def forward(self, rows: Int[Tensor, " k"]) -> Float[Tensor, "m k c"]:
        if self.block is None or len(self.weights):
            scores = self._scores_of_all_blocks(rows)
        else:
            scores = self._scores_of_one_block(rows, self.block)
        return scores + self.head_bias[:, None]

    def _scores_of_one_block(
        self, rows: Int[Tensor, " k"], block: FirstBlock
    ) -> Float[Tensor, "m k c"]:
        how, data = self.settings, self.data
        linear: PanelMap
        if self._drops_at_each_step():
            linear = DroppedDiffusion(
                data.laplacian, how.gamma, how.steps, how.dropout, drawn_seed(), rows
            )
        else:
            linear = Dropout(how.dropout, drawn_seed()) if self.training else Dropout(0.0)
        scores = block.scores(self.panels, self.bias, self.head, linear)
        return scores if self._drops_at_each_step() else self._diffused_scores(scores, rows)

    def _scores_of_all_blocks(self, rows: Int[Tensor, " k"]) -> Float[Tensor, "m k c"]:
        z = self._before_the_last_diffusion()
        if self._drops_at_each_step():
            z = self._diffused(z)
            return torch.einsum("kmf,mfc->mkc", z[rows], self.head)
        z = dropout(z, self.settings.dropout if self.training else 0.0)
        return self._diffused_scores(class_scores(z, self.head).transpose(0, 1), rows)

    def _diffused_scores(
        self, scores: Float[Tensor, "m n c"], rows: Int[Tensor, " k"]
    ) -> Float[Tensor, "m k c"]:
        m, n, c = scores.shape
        flat = scores.transpose(0, 1).reshape(n, m * c)
        moved = diffuse(self.data.laplacian, flat, self.flow)[rows]
        return moved.view(len(rows), m, c).transpose(0, 1)

    @property
    def weight(self) -> Float[Tensor, "m f g"]:
        """W of the first block, whose columns are kept in panels."""
        return from_panels(self.panels, self.bias.shape[1])

    def hidden(self) -> Float[Tensor, "m n f"]:
        """The diffused features before the classifier, of all nodes."""
        return self._diffused(self._before_the_last_diffusion()).transpose(0, 1)

    def _drops_at_each_step(self) -> bool:
        return self.settings.placement == "each" and self.settings.steps > 0 and self.training

    def _before_the_last_diffusion(self) -> Float[Tensor, "n m f"]:
        z = self._first_block()
        for weight, bias in zip(self.weights, self.biases, strict=True):
            z = self._diffused(z)
            z = z + torch.relu(torch.einsum("nmf,mfg->nmg", z, weight) + bias)
        return z

    def _first_block(self) -> Float[Tensor, "n m f"]:
        if not len(self.embed):
            return (
                torch.relu(self._of_features(self.weight, self.bias)) + self.data.dense_x[:, None]
            )
        z = self._of_features(*self.embed)
        return z + torch.relu(torch.einsum("nmf,mfg->nmg", z, self.weight) + self.bias)

    def _of_features(
        self, weight: Float[Tensor, "m f g"], bias: Float[Tensor, "m g"]
    ) -> Float[Tensor, "n m g"]:
        m, features, width = weight.shape
        wide = weight.transpose(0, 1).reshape(features, -1)
        return self.data.x.differentiable(wide).view(-1, m, width) + bias

    def _diffused(self, z: Float[Tensor, "n m f"]) -> Float[Tensor, "n m f"]:
        """After dropout and the diffusion of one block."""
        how, flat = self.settings, z.reshape(z.shape[0], -1)
        if self._drops_at_each_step():
            laplacian = self.data.laplacian
            moved = dropped_diffusion(
                laplacian, flat, how.gamma, how.steps, how.dropout, drawn_seed()
            )
        else:
            flat = dropout(flat, how.dropout if self.training else 0.0)
            moved = diffuse(self.data.laplacian, flat, self.flow)
        return moved.view(z.shape)
