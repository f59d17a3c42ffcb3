"""The network that is trained: self-trained diffusion, or channels under heterophily."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Int
from torch import Tensor

from .heterophily.homophily import estimate_homophily, homophily_error
from .heterophily.network import ChannelConfig, ChannelMixtureNodes
from .node_data import NodeData
from .self_training.network import SelfTrainedNodes, SelfTrainingConfig
from .training import ReplicatedModule


class AdaptiveNodes(ReplicatedModule):
    """`SelfTrainedNodes`, or `ChannelMixtureNodes` where the training labels show heterophily.

    Attributes
    ----------
    network : SelfTrainedNodes or ChannelMixtureNodes
        The one that is trained.
    homophily : float
        `estimate_homophily` of the labels that `prepare` was told; NaN before, and where they say
        nothing.
    """

    network: SelfTrainedNodes | ChannelMixtureNodes

    def __init__(self, data: NodeData, config: SelfTrainingConfig, seeds: Sequence[int]) -> None:
        super().__init__(len(seeds))
        self.data, self.config, self.seeds = data, config, seeds
        self.homophily = float("nan")
        self.network = SelfTrainedNodes(data, config, seeds)

    @property
    def diffuses(self) -> bool:
        """Whether labels are diffused along edges, as where neighbours are alike."""
        return isinstance(self.network, SelfTrainedNodes)

    def prepare(self, train_rows: Int[Tensor, " k"]) -> None:
        """Estimate the homophily, choose the network by it, and prepare that."""
        data, config = self.data, self.config
        known = np.full(len(data), -1)
        nodes = train_rows.cpu().numpy()
        known[nodes] = data.labels[train_rows].cpu().numpy()
        self.homophily = estimate_homophily(data.adjacency, known)
        # With fewer labels neither the estimate nor a cross-validation is worth much.
        enough = len(nodes) >= config.homophily_labels * data.classes
        # The mixture loses little where neighbours are alike, diffusion much where they are not.
        threshold = config.homophily_threshold + homophily_error(data.adjacency, known)
        if enough and self.homophily < threshold:
            channels = ChannelConfig(config.width, config.input_dropout, config.dropout)
            self.network = ChannelMixtureNodes(data, channels, self.seeds)
        elif not self.diffuses:
            self.network = SelfTrainedNodes(data, config, self.seeds)
        self.network.prepare(train_rows)

    def forward(self, rows: Int[Tensor, " k"]) -> Float[Tensor, "m k c"]:
        scores: Tensor = self.network(rows)
        return scores

    def losses(self, rows: Int[Tensor, " k"], target: Int[Tensor, " k"]) -> Float[Tensor, " m"]:
        return self.network.losses(rows, target)

    def keep(self, replicas: Int[Tensor, " j"]) -> None:
        self.network.keep(replicas)
        self.replicas = len(replicas)
