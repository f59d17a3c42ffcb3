"""Features inside a trained Diff-ResNet, before and after its diffusion, and their t-SNE."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from sklearn.manifold import TSNE
from torch import Tensor

from ...fewshot import InternalDiffusion, gather
from ...fewshot.network import initial_weights
from ...fewshot.objective import TaskObjective
from ...fewshot.plain import trained_network
from ..base import Rows, RunConfig
from ..fewshot.plan import TaskPlan
from ..fewshot.runs import TaskConfig, all_task_configs

TASK = 0
"""The first of the list: chosen before it was looked at."""

PERPLEXITY = 15.0
"""About the number of rows of a class."""


@dataclass(frozen=True)
class HiddenFeatures:
    """One task inside its network; rows are the labelled ones, then the queries.

    Attributes
    ----------
    before, after : (n, d)
        x + W2 ReLU(W1 x + b1) + b2, and that after r diffusion steps.
    classes, labelled : (n,)
    predicted : (n,)
        Classes that the network predicts.
    """

    before: Float[np.ndarray, "n d"]
    after: Float[np.ndarray, "n d"]
    classes: Int[np.ndarray, " n"]
    labelled: Bool[np.ndarray, " n"]
    predicted: Int[np.ndarray, " n"]

    @property
    def accuracy(self) -> float:
        """Accuracy of the network on the queries, in percent."""
        return self._accuracy(self.predicted)

    def prototype_accuracy(self, features: Float[np.ndarray, "n d"]) -> float:
        """Return the percent of queries that are nearest to the prototype of their class."""
        member = np.eye(self.classes.max() + 1)[self.classes] * self.labelled[:, None]
        prototypes = (member.T @ features) / member.sum(0)[:, None]
        squared_distances = ((features[:, None] - prototypes) ** 2).sum(-1)
        return self._accuracy(squared_distances.argmin(1))

    def distance_ratio(self, features: Float[np.ndarray, "n d"]) -> float:
        """Return the mean distance of two rows of one class over that of two classes' rows."""
        squared = (features**2).sum(1)
        gram = features @ features.T
        distances = np.sqrt(np.maximum(squared[:, None] + squared - 2 * gram, 0.0))
        same = self.classes[:, None] == self.classes
        others = ~np.eye(len(features), dtype=bool)
        return float(distances[same & others].mean() / distances[~same].mean())

    def _accuracy(self, predicted: Int[np.ndarray, " n"]) -> float:
        return 100.0 * float((predicted == self.classes)[~self.labelled].mean())


@dataclass(frozen=True, eq=False)
class TaskFeatures:
    """The hidden features of one task of a list."""

    task_config: TaskConfig
    hidden: HiddenFeatures

    def rows(self) -> Rows:
        """Return a row before diffusion, and one after it."""
        return [
            {
                **self.task_config.feature_set.keys,
                "shots": self.task_config.shots,
                "task": TASK,
                "diffused": diffused,
                "nearest_prototype": self.hidden.prototype_accuracy(features),
                "tightness": self.hidden.distance_ratio(features),
                "network": self.hidden.accuracy,
            }
            for diffused, features in ((False, self.hidden.before), (True, self.hidden.after))
        ]


def task_features(config: RunConfig, plan: TaskPlan) -> list[TaskFeatures]:
    """Return the hidden features of the first task of each list."""
    return [
        TaskFeatures(task_config, hidden_features(task_config, TASK, config.seed))
        for task_config in all_task_configs(config, plan)
    ]


def hidden_features(task_config: TaskConfig, index: int, seed: int) -> HiddenFeatures:
    """Train the network of one task by the plain loop, and return its hidden features."""
    tasks = task_config.sample(index + 1, seed)[index:]
    configured = task_config.diff_resnet()
    assert isinstance(configured.method, InternalDiffusion)
    batch = configured.transform(gather(task_config.feature_set.features.tensor(), tasks))
    objective = TaskObjective.from_batch(batch, configured.method.network_config)
    weights = initial_weights(batch.seeds, objective.points.shape[-1], batch.ways, objective.points)
    network = trained_network(objective, configured.method.training, weights, 0)
    x = objective.points[0]
    with torch.no_grad():
        before: Tensor = x + network.fc2(torch.relu(network.fc1(x)))
        after = objective.diffuse(before[None])[0]
        predicted = network.head(after).argmax(-1)
    classes = np.concatenate([tasks.support_labels[0], tasks.query_labels[0]])
    labelled = np.arange(len(classes)) < tasks.support_labels.shape[1]
    features = [array.double().numpy() for array in (before, after)]
    return HiddenFeatures(features[0], features[1], classes, labelled, predicted.numpy())


def embedded(features: Float[np.ndarray, "n d"], seed: int) -> Float[np.ndarray, "n 2"]:
    """Return rows in the plane by t-SNE, started from their first two principal components."""
    model = TSNE(perplexity=PERPLEXITY, init="pca", random_state=seed)
    return np.asarray(model.fit_transform(features), dtype=np.float64)
