"""The rows inside a trained Diff-ResNet: what the diffusion is given, and what it makes of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from ...fewshot import InternalDiffusion, gather
from ...fewshot.network import initial_weights
from ...fewshot.objective import TaskObjective
from ...fewshot.plain import trained_network
from ..fewshot.curves import preset_of
from ..fewshot.runs import Draw
from ..fewshot.sources import FeatureSet


@dataclass(frozen=True)
class Inside:
    """One task inside its network; rows are the labelled ones, then the queries.

    Attributes
    ----------
    before, after : (n, d)
        x + W2 ReLU(W1 x + b1) + b2, and that after r diffusion steps.
    classes, labelled : (n,)
    predicted : (n,)
        By the network.
    """

    before: Float[np.ndarray, "n d"]
    after: Float[np.ndarray, "n d"]
    classes: Int[np.ndarray, " n"]
    labelled: Bool[np.ndarray, " n"]
    predicted: Int[np.ndarray, " n"]

    @property
    def accuracy(self) -> float:
        """Of the network on the queries, in percent."""
        return _percent(self.predicted, self)

    def nearest(self, features: Float[np.ndarray, "n d"]) -> float:
        """Percent of queries that are nearest to the mean of the labelled rows of their class."""
        member = np.eye(self.classes.max() + 1)[self.classes] * self.labelled[:, None]
        centres = (member.T @ features) / member.sum(0)[:, None]
        apart = ((features[:, None] - centres) ** 2).sum(-1)
        return _percent(apart.argmin(1), self)

    def tightness(self, features: Float[np.ndarray, "n d"]) -> float:
        """Mean distance of two rows of one class, as a share of that of two rows of two classes."""
        square = (features**2).sum(1)
        apart = np.sqrt(np.maximum(square[:, None] + square - 2 * features @ features.T, 0.0))
        same = self.classes[:, None] == self.classes
        others = ~np.eye(len(features), dtype=bool)
        return float(apart[same & others].mean() / apart[~same].mean())


def _percent(predicted: Int[np.ndarray, " n"], of: Inside) -> float:
    query = ~of.labelled
    return 100.0 * float((predicted == of.classes)[query].mean())


def inside(of: FeatureSet, draw: Draw, index: int, seed: int) -> Inside:
    """Train the network of one task by the plain loop, and look at its rows."""
    tasks = draw.tasks(of, index + 1, seed)[index : index + 1]
    chosen = preset_of(of, draw.shots)
    assert isinstance(chosen.method, InternalDiffusion)
    batch = chosen.transform(gather(of.features.tensor(), tasks))
    objective = TaskObjective.from_batch(batch, chosen.method.network_config)
    weights = initial_weights(batch.seeds, objective.points.shape[-1], batch.ways, objective.points)
    network = trained_network(objective, chosen.method.training, weights, 0)
    x = objective.points[0]
    with torch.no_grad():
        before: Tensor = x + network.fc2(torch.relu(network.fc1(x)))
        after = objective.diffuse(before[None])[0]
        predicted = network.head(after).argmax(-1)
    classes = np.concatenate([tasks.support_labels[0], tasks.query_labels[0]])
    labelled = np.arange(len(classes)) < tasks.support_labels.shape[1]
    rows = [array.double().numpy() for array in (before, after)]
    return Inside(rows[0], rows[1], classes, labelled, predicted.numpy())
