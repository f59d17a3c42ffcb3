"""The mixture of channels: a network for graphs whose edges join unlike nodes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from ..layers.dense_features import unit_features
from ..layers.linear import ReplicaInit
from ..node_data import NodeData
from ..self_training.propagated_prior import propagated_prior
from ..training import ReplicatedModule, TrainingConfig, adam
from .channels import CHANNELS, Channel
from .homophily import stratified_folds
from .stacking import stacking_weights


@dataclass(frozen=True)
class ChannelConfig:
    """Sizes and training of the channels; the same on every graph.

    Parameters
    ----------
    width : int
        Hidden width of each channel.
    input_dropout, dropout : float
        Dropout of the features, and of the hidden units.
    decay : float
        Half of this times the squared norm of the input weights, divided by the number of labels,
        is added to the loss: with 1 a standard normal prior of these weights.
    folds, epochs : int
        Of the cross-validation that the weights of the mixture come from.
    """

    width: int = 32
    input_dropout: float = 0.5
    dropout: float = 0.5
    decay: float = 1.0
    folds: int = 4
    epochs: int = 100


class ChannelMixtureNodes(ReplicatedModule):
    """Replicas of a mixture of `CHANNELS`, weighted by what each says of held-out labels.

    Each channel is trained by its own cross entropy. Their class probabilities, and those of
    `propagated_prior`, are averaged with `stacking_weights`, which `prepare` finds by
    cross-validation on the training labels: what neighbours mislead gets next to no weight.

    Attributes
    ----------
    prior : (n, c)
        The last part of the mixture; uniform before `prepare`.
    log_weights : (e,)
        Of the channels and the prior; equal before `prepare`.
    held_out_accuracy : float
        Of the mixture, in the cross-validation, with one guess more; NaN before `prepare`.
    """

    prior: Float[Tensor, "n c"]
    log_weights: Float[Tensor, " e"]

    def __init__(self, data: NodeData, config: ChannelConfig, seeds: Sequence[int]) -> None:
        super().__init__(len(seeds))
        self.config, self.data = config, data
        self.features = unit_features(data)
        init = ReplicaInit(seeds, data.device)
        self.channels = nn.ModuleList(kind(data, init, config.width) for kind in CHANNELS)
        ends = np.cumsum([0, *(kind.projections * config.width for kind in CHANNELS)])
        self.slices = [slice(*map(int, pair)) for pair in pairwise(ends)]
        self.weights = nn.ParameterList(
            init.glorot(self.features.width, columns.stop - columns.start)
            for columns in self.slices
        )
        uniform = torch.full((len(data), data.classes), 1.0 / data.classes, device=data.device)
        self.register_buffer("prior", uniform, persistent=False)
        parts = len(CHANNELS) + 1
        equal = torch.full((parts,), 1.0 / parts, device=data.device).log()
        self.register_buffer("log_weights", equal, persistent=False)
        self.held_out_accuracy = float("nan")

    def prepare(self, train_rows: Int[Tensor, " k"]) -> None:
        """Propagate these labels, and weigh all parts by cross-validation on them."""
        self.prior = propagated_prior(self.data, train_rows).to(self.prior)
        held_out = self._held_out_log_probabilities(train_rows)  # (e, k, c)
        codes = self.data.labels[train_rows].cpu().numpy()
        weights = stacking_weights(held_out[:, np.arange(len(codes)), codes])
        self.log_weights = torch.from_numpy(np.log(weights)).to(self.log_weights)
        mixed = np.tensordot(weights, np.exp(held_out), 1)
        right = (mixed.argmax(axis=1) == codes).sum()
        # As if one more label had been guessed: a few right answers are no proof of certainty.
        self.held_out_accuracy = float((right + 1.0 / self.data.classes) / (len(codes) + 1))

    def expected_accuracy(self, nodes: Bool[np.ndarray, " n"]) -> float:
        """Return the accuracy on the labels that the cross-validation held out."""
        return self.held_out_accuracy

    def forward(self, rows: Int[Tensor, " k"]) -> Float[Tensor, "m k c"]:
        """Return the log-probabilities of the mixture."""
        channels = torch.log_softmax(self.channel_scores()[:, :, rows], -1)
        prior = _log(self.prior[rows]).expand(1, len(channels[0]), -1, -1)
        each = torch.cat([channels, prior])
        return torch.logsumexp(each + self.log_weights[:, None, None, None], 0)

    def losses(self, rows: Int[Tensor, " k"], target: Int[Tensor, " k"]) -> Float[Tensor, " m"]:
        return self.masked_losses(rows, target, torch.ones_like(rows, dtype=torch.float32))

    def masked_losses(
        self, rows: Int[Tensor, " k"], target: Int[Tensor, " k"], mask: Float[Tensor, "*m k"]
    ) -> Float[Tensor, " m"]:
        """Return the losses of all channels together, over the labels that a mask keeps."""
        scores = self.channel_scores()[:, :, rows]
        e, m, k, c = scores.shape
        each = F.cross_entropy(scores.reshape(-1, c), target.repeat(e * m), reduction="none")
        labels = mask.sum(-1).clamp_min(1.0)
        mean = (each.view(e, m, k).sum(0) * mask).sum(-1) / labels
        return mean + 0.5 * self.config.decay / labels * self._squared_norm()

    def channel_scores(self) -> Float[Tensor, "e m n c"]:
        """Return the class scores of all nodes by each channel."""
        config = self.config
        z = self.features(torch.cat(list(self.weights), -1), self.active(config.input_dropout))
        p = self.active(config.dropout)
        pairs = zip(self.channels, self.slices, strict=True)
        return torch.stack([channel(z[..., columns], p) for channel, columns in pairs])

    def _squared_norm(self) -> Float[Tensor, " m"]:
        weights = [*self.weights]
        for channel in self.channels:
            assert isinstance(channel, Channel)
            weights += channel.input_weights()
        return torch.stack([weight.square().sum((1, 2)) for weight in weights]).sum(0)

    def _held_out_log_probabilities(self, rows: Int[Tensor, " k"]) -> Float[np.ndarray, "e k c"]:
        """Return log-probabilities at the labels by each part, trained on the other folds.

        For channels the folds are replicas of one network, trained side by side.
        """
        data, config = self.data, self.config
        target = data.labels[rows]
        fold = torch.from_numpy(stratified_folds(target.cpu().numpy(), config.folds))
        fold = fold.to(data.device)
        folds = int(fold.max()) + 1
        mask = (fold != torch.arange(folds, device=data.device)[:, None]).float()
        with torch.random.fork_rng(devices=[data.device] if data.device.type == "cuda" else []):
            torch.manual_seed(0)  # the weights do not depend on the replicas that they are for
            network = ChannelMixtureNodes(data, config, range(folds))
            optimizer = adam(network, TrainingConfig(weight_decay=0.0))
            for _ in range(config.epochs):
                optimizer.zero_grad()
                network.masked_losses(rows, target, mask).sum().backward()
                optimizer.step()
            network.eval()
        with torch.no_grad():
            channels = torch.log_softmax(network.channel_scores().double(), -1)[:, fold, rows]
        prior = torch.empty_like(channels[0])
        for number in range(folds):
            held_out = fold == number
            propagated = propagated_prior(data, rows[~held_out])
            prior[held_out] = _log(propagated[rows[held_out]]).to(prior)
        return torch.cat([channels, prior[None]]).cpu().numpy()


def _log(probabilities: Float[Tensor, "k c"]) -> Float[Tensor, "k c"]:
    """Return logarithms that stay finite where a class has no label."""
    return probabilities.clamp_min(1e-6).log()
