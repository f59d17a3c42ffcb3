"""Diff-ResNet on a graph, with the dropout of the released model or once before the diffusion."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from diffresnet.errors import InputError
from diffresnet.flow import ExplicitEuler, diffuse
from diffresnet.graphs.layers.dropout import dropout
from diffresnet.graphs.layers.dropout_mask import draw_seed
from diffresnet.graphs.layers.sparse_features import SparseProduct
from diffresnet.graphs.node_data import NodeData
from diffresnet.graphs.training import ReplicatedModule
from diffresnet.operators import SparseLaplacian

from ..model_spec import ModelSpec
from ..published import published_hyperparameters, published_name
from .dropped_diffusion import DroppedDiffusion, dropped_diffusion
from .first_block import FirstBlock
from .graph_laplacian import GraphLaplacian
from .panels import FeaturePanels, PanelDropout, PanelMap, from_panels, panel_width, to_panels
from .torch_linear import class_scores, torch_linear


@dataclass(frozen=True)
class DiffResNetConfig:
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
        Hidden width; a linear layer leads there where it differs from the number of features.
    """

    gamma: float = 0.25
    steps: int = 20
    dropout: float = 0.25
    placement: Literal["each", "once"] = "each"
    blocks: int = 1
    width: int | None = None


class DiffResNetNodes(ReplicatedModule):
    """Replicas of Diff-ResNet on one graph.

    Without dropout, and with dropout once, the diffusion of the last block is one linear map of
    the features, and classes are linear in them: (S z) W = S (z W), so that n x classes numbers
    are diffused, not n x width. That is exact.

    Raises
    ------
    InputError
        If there is not one block at least.
    """

    def __init__(self, data: NodeData, config: DiffResNetConfig, seeds: Sequence[int]) -> None:
        if config.blocks < 1:
            raise InputError(f"Diff-ResNet needs one block at least, not {config.blocks}")
        super().__init__(len(seeds))
        inputs, device = data.features.shape[1], data.device
        width = config.width or inputs
        self.data, self.config = data, config
        self.features = SparseProduct(data.feature_matrix)
        self.graph = GraphLaplacian(data.laplacian)
        weight, self.bias = torch_linear(seeds, width, width, device)
        panel = panel_width(width, len(data), device)
        self.panels = nn.Parameter(to_panels(weight.detach(), panel))
        self.first_block = (
            FirstBlock(self.features, FeaturePanels(data.features, panel, device))
            if width == inputs
            else None
        )
        self.head, self.head_bias = torch_linear(
            [seed + 1 for seed in seeds], width, data.classes, device
        )
        self.embed = nn.ParameterList()
        if width != inputs:
            self.embed.extend(torch_linear([seed + 2 for seed in seeds], inputs, width, device))
        later = [
            torch_linear([seed + 2 + block for seed in seeds], width, width, device)
            for block in range(1, config.blocks)
        ]
        self.weights = nn.ParameterList(weight for weight, _ in later)
        self.biases = nn.ParameterList(bias for _, bias in later)
        self.flow = ExplicitEuler(config.gamma, config.steps, unstable="allow")

    def forward(self, rows: Int[Tensor, " k"]) -> Float[Tensor, "m k c"]:
        if self.first_block is None or len(self.weights):
            scores = self._scores_of_all_blocks(rows)
        else:
            scores = self._scores_of_one_block(rows, self.first_block)
        return scores + self.head_bias[:, None]

    def hidden(self) -> Float[Tensor, "m n f"]:
        """Return the diffused features of all nodes before the classifier."""
        return self._diffused(self._before_last_diffusion()).transpose(0, 1)

    @property
    def weight(self) -> Float[Tensor, "m f g"]:
        """W of the first block, whose columns are kept in panels."""
        return from_panels(self.panels, self.bias.shape[1])

    @property
    def laplacian(self) -> SparseLaplacian:
        """The operator of the diffusion."""
        return self.graph.operator

    def _scores_of_one_block(
        self, rows: Int[Tensor, " k"], block: FirstBlock
    ) -> Float[Tensor, "m k c"]:
        config = self.config
        node_map: PanelMap
        if self._drops_at_each_step():
            node_map = DroppedDiffusion(
                self.laplacian, config.gamma, config.steps, config.dropout, draw_seed(), rows
            )
        elif self.training:
            node_map = PanelDropout(config.dropout, draw_seed())
        else:
            node_map = PanelDropout(0.0)
        scores = block(self.panels, self.bias, self.head, node_map)
        return scores if self._drops_at_each_step() else self._diffused_scores(scores, rows)

    def _scores_of_all_blocks(self, rows: Int[Tensor, " k"]) -> Float[Tensor, "m k c"]:
        z = self._before_last_diffusion()
        if self._drops_at_each_step():
            z = self._diffused(z)
            return torch.einsum("kmf,mfc->mkc", z[rows], self.head)
        z = dropout(z, self.active(self.config.dropout))
        return self._diffused_scores(class_scores(z, self.head).transpose(0, 1), rows)

    def _diffused_scores(
        self, scores: Float[Tensor, "m n c"], rows: Int[Tensor, " k"]
    ) -> Float[Tensor, "m k c"]:
        m, n, c = scores.shape
        wide = scores.transpose(0, 1).reshape(n, m * c)
        diffused = diffuse(self.laplacian, wide, self.flow)[rows]
        return diffused.view(len(rows), m, c).transpose(0, 1)

    def _drops_at_each_step(self) -> bool:
        return self.config.placement == "each" and self.config.steps > 0 and self.training

    def _before_last_diffusion(self) -> Float[Tensor, "n m f"]:
        z = self._first_features()
        for weight, bias in zip(self.weights, self.biases, strict=True):
            z = self._diffused(z)
            z = z + torch.relu(torch.einsum("nmf,mfg->nmg", z, weight) + bias)
        return z

    def _first_features(self) -> Float[Tensor, "n m f"]:
        """Return the features after the first block, before its diffusion."""
        if not len(self.embed):
            x = self.data.dense_features.to(self.bias)
            return torch.relu(self._of_inputs(self.weight, self.bias)) + x[:, None]
        z = self._of_inputs(*self.embed)
        return z + torch.relu(torch.einsum("nmf,mfg->nmg", z, self.weight) + self.bias)

    def _of_inputs(
        self, weight: Float[Tensor, "m f g"], bias: Float[Tensor, "m g"]
    ) -> Float[Tensor, "n m g"]:
        m, inputs, width = weight.shape
        wide = weight.transpose(0, 1).reshape(inputs, -1)
        return self.features.matrix.differentiable(wide).view(-1, m, width) + bias

    def _diffused(self, z: Float[Tensor, "n m f"]) -> Float[Tensor, "n m f"]:
        """Return z after dropout and the diffusion of one block."""
        config, wide = self.config, z.reshape(z.shape[0], -1)
        if self._drops_at_each_step():
            diffused = dropped_diffusion(
                self.laplacian, wide, config.gamma, config.steps, config.dropout, draw_seed()
            )
        else:
            wide = dropout(wide, self.active(config.dropout))
            diffused = diffuse(self.laplacian, wide, self.flow)
        return diffused.view(z.shape)


PUBLISHED = {
    graph: DiffResNetConfig(**values)
    for graph, values in published_hyperparameters("diff_resnet").items()
}


def published_config(data: NodeData) -> DiffResNetConfig | None:
    """Return the authors' settings for a graph; None where they never saw it."""
    return PUBLISHED.get(published_name(data))


def _spec(name: str, title: str, **changes: Any) -> ModelSpec:
    def adapt(spec: ModelSpec, data: NodeData) -> ModelSpec:
        config = published_config(data) or _stable(PUBLISHED["cora"], data)
        return replace(spec, config=replace(config, **changes))

    return ModelSpec(
        name,
        title,
        DiffResNetNodes,
        DiffResNetConfig(**changes),
        replicas=1,
        adapt=adapt,
        small_configs=({"gamma": 0.2}, {"gamma": 0.2, "width": 8, "blocks": 2}),
    )


def _stable(config: DiffResNetConfig, data: NodeData) -> DiffResNetConfig:
    """Return the same strength gamma steps, with steps that are stable on a graph."""
    gamma = min(config.gamma, 0.9 * data.laplacian.max_step())
    return replace(config, gamma=gamma, steps=round(config.gamma * config.steps / gamma))


RELEASED = _spec("diff_resnet", "Diff-ResNet")
DROPOUT_ONCE = _spec("diff_resnet_once", "Diff-ResNet, dropout once", placement="once")
WITHOUT_DIFFUSION = _spec("no_diff_resnet", "No-Diff-ResNet", steps=0)
