"""Self-trained Diff-ResNet: residual block, diffused logits, temporal-ensembling loss."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from ...operators.matrix import SparseMatrix
from ..layers.dropout import dropout
from ..layers.linear import ReplicaInit
from ..layers.normalized_features import NormalizedFeatures, RowScaling
from ..layers.sparse_features import SparseProduct
from ..node_data import NodeData
from ..training import ReplicatedModule, TrainingConfig, cross_entropies
from .propagated_prior import propagated_prior

TRAINING = TrainingConfig(learning_rate=0.01, weight_decay=0.0)
"""Adam alone: the weight decay is part of the loss (`SelfTrainingConfig.input_weight_decay`)."""


@dataclass(frozen=True)
class SelfTrainingConfig:
    """Architecture and loss; the same on every graph (docs/nodes.md has how they were chosen).

    Parameters
    ----------
    width : int
        Hidden width of the residual block x + U ReLU(W x + b).
    residual : bool
        Whether the block has its skip connection x.
    row_scaling : "centred", "unit" or "raw"
        Normalization of the features, see `NormalizedFeatures`.
    steps, teleport : int, float
        Personalised PageRank s <- (1 - a) A~ s + a s_0 of the logits, with a the teleport
        probability: so many explicit Euler steps of gamma = 1 along L = I - A~, each of which
        returns to the start by a share of a.
    feature_graph : float
        In the place of A~ stands (1 - b) A~ + b K with b this share and K the k-NN graph of the
        features (`NodeData.feature_graph`).
    input_dropout, dropout : float
        Dropout of the features, and inside the block.
    input_weight_decay : float
        Half of this times the squared norm of the weights that features are multiplied by is
        added to the loss.
    consistency_weight : float
        Weight of the consistency loss, the cross entropy between the teacher's pseudo-labels and
        the model's classes, mean over all nodes; 0 for no teacher.
    ema_decay : float
        The teacher is the exponential moving average, over epochs, of the model's predictions
        without dropout; this is its decay.
    sharpening : float
        The teacher's probabilities are raised to this power (an inverse temperature).
    rampup_epochs : int
        The consistency weight grows linearly over so many first epochs.
    prior_strength : float
        The teacher is mixed with `propagated_prior`, which has a share of g / (g + m) with m
        labels a class: g counts as labels, equal to the model at g a class; 0 for no prior.
    homophily_threshold : float
        Where the homophily that is estimated from the labels is lower, or less than its standard
        error above, `AdaptiveNodes` trains a mixture of channels instead; -inf for never.
    homophily_labels : int
        Labels a class, on average, that this takes.
    """

    width: int = 32
    residual: bool = True
    row_scaling: RowScaling = "centred"
    steps: int = 10
    teleport: float = 0.1
    feature_graph: float = 0.1
    input_dropout: float = 0.5
    dropout: float = 0.5
    input_weight_decay: float = 0.02
    consistency_weight: float = 2.0
    ema_decay: float = 0.9
    sharpening: float = 1.0
    rampup_epochs: int = 50
    prior_strength: float = 5.0
    homophily_threshold: float = 0.2
    homophily_labels: int = 10


class SelfTrainedNodes(ReplicatedModule):
    """Replicas of a Diff-ResNet that learns from its own pseudo-labels too.

    Block, diffusion S and classifier are S (x + ReLU(x W + b) U) C, with x the rows of
    `NormalizedFeatures`. The classifier and the diffusion are linear, the one in features, the
    other in nodes, so that this is S (x C + ReLU(x W + b) H) with H = U C: n x classes logits are
    diffused. C and H are learned; where C has full column rank there is a U for every H.

    The teacher is temporal ensembling (Laine and Aila 2017, arXiv 1610.02242) mixed with a
    label-propagation prior: where labels are few a network alone would learn its own errors.

    Attributes
    ----------
    epoch : int
    ema_predictions : (m, n, c) or None
        Moving average of the predictions, once there is one.
    prior : (n, c) or None
        Of the labels that `prepare` was told.
    """

    skip: nn.Parameter | None
    prior: Float[Tensor, "n c"] | None
    ema_predictions: Float[Tensor, "m n c"] | None

    def __init__(self, data: NodeData, config: SelfTrainingConfig, seeds: Sequence[int]) -> None:
        super().__init__(len(seeds))
        self.config, self.data = config, data
        self.features = NormalizedFeatures(data, config.row_scaling)
        self.propagate = SparseProduct(_propagation_matrix(data, config.feature_graph))
        init, inputs = ReplicaInit(seeds, data.device), self.features.width
        self.block = init.linear(inputs, config.width)
        skip = init.glorot(inputs, data.classes) if config.residual else None
        self.register_parameter("skip", skip)
        self.head = init.linear(config.width, data.classes)
        self.epoch = 0
        self.register_buffer("ema_predictions", None, persistent=False)
        self.register_buffer("prior", None, persistent=False)
        self.prior_weight = 0.0
        self._eval_logits: tuple[list[int], Tensor] | None = None

    def prepare(self, train_rows: Int[Tensor, " k"]) -> None:
        """Start the teacher afresh, with the prior of these labels."""
        config = self.config
        self.epoch, self.ema_predictions, self._eval_logits = 0, None, None
        self.prior = None
        if config.consistency_weight and config.prior_strength:
            self.prior = propagated_prior(self.data, train_rows)
            labels_per_class = len(train_rows) / self.data.classes
            self.prior_weight = config.prior_strength / (config.prior_strength + labels_per_class)

    def forward(self, rows: Int[Tensor, " k"]) -> Float[Tensor, "m k c"]:
        logits = self._logits()
        if not self.training:
            self._eval_logits = self._weight_versions(), logits.detach()
        return logits[:, rows]

    def losses(self, rows: Int[Tensor, " k"], target: Int[Tensor, " k"]) -> Float[Tensor, " m"]:
        config = self.config
        self.epoch += 1
        logits = self._logits()
        supervised = cross_entropies(logits[:, rows], target)
        loss = supervised + 0.5 * config.input_weight_decay * self._squared_norm()
        if config.consistency_weight == 0.0:
            return loss
        pseudo_labels = self.pseudo_labels()
        consistency = -(pseudo_labels * torch.log_softmax(logits, -1)).sum(-1).mean(-1)
        rampup = min(1.0, self.epoch / max(config.rampup_epochs, 1))
        return loss + config.consistency_weight * rampup * consistency

    @torch.no_grad()
    def pseudo_labels(self) -> Float[Tensor, "m n c"]:
        """Update the teacher with the current predictions, and return its probabilities."""
        config = self.config
        if self._eval_logits is not None and self._eval_logits[0] == self._weight_versions():
            logits = self._eval_logits[1]  # validation has asked since the last step
        else:
            self.eval()
            logits = self._logits()
            self.train()
        predictions = torch.softmax(logits, -1)
        if self.ema_predictions is not None:
            decay = config.ema_decay
            predictions = decay * self.ema_predictions + (1 - decay) * predictions
        self.ema_predictions = predictions
        sharpened = predictions**config.sharpening
        sharpened = sharpened / sharpened.sum(-1, keepdim=True)
        if self.prior is None:
            return sharpened
        return torch.lerp(sharpened, self.prior, self.prior_weight)

    def expected_accuracy(self, nodes: Bool[np.ndarray, " n"]) -> float:
        """Return the mean confidence of the prior in its classes of some nodes."""
        assert self.prior is not None
        return float(self.prior.cpu().numpy()[nodes].max(axis=1).mean())

    def keep(self, replicas: Int[Tensor, " j"]) -> None:
        super().keep(replicas)
        if self.ema_predictions is not None:
            self.ema_predictions = self.ema_predictions[replicas]
        self._eval_logits = None

    def _logits(self) -> Float[Tensor, "m n c"]:
        config = self.config
        z = self.features(torch.cat(self._input_weights(), -1), self.active(config.input_dropout))
        hidden = torch.relu(z[..., : config.width] + self.block.bias[:, None])
        start = self.head(dropout(hidden, self.active(config.dropout)))
        if config.residual:
            start = start + z[..., config.width :]
        logits, teleport = start, config.teleport
        for _ in range(config.steps):
            logits = (1 - teleport) * self.propagate(logits) + teleport * start
        return logits

    def _input_weights(self) -> list[Tensor]:
        return [self.block.weight] if self.skip is None else [self.block.weight, self.skip]

    def _weight_versions(self) -> list[int]:
        """Return numbers that change with every step of the optimizer."""
        return [parameter._version for parameter in self.parameters()]

    def _squared_norm(self) -> Float[Tensor, " m"]:
        squares = [weight.square().sum((1, 2)) for weight in self._input_weights()]
        return torch.stack(squares).sum(0)


def _propagation_matrix(data: NodeData, feature_graph: float) -> SparseMatrix:
    if feature_graph == 0.0:
        return data.propagation_matrix
    mixed = (1.0 - feature_graph) * data.normalized_adjacency + feature_graph * data.feature_graph
    return SparseMatrix.from_scipy(scipy.sparse.csr_array(mixed), device=data.device)
