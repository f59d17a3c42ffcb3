"""Plain training loop by autograd, one task at a time: the reference of the exact shortcuts."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor, nn

from .network import NetworkWeights, TrainingConfig
from .objective import TaskObjective


class PlainNetwork(nn.Module):
    """Network out = S(x + fc2(ReLU(fc1 x))) head, with `steps` diffusion products in each pass."""

    def __init__(self, weights: NetworkWeights, task: int, steps: int, gamma: float) -> None:
        super().__init__()
        ways, width = weights.head.shape[1:]
        self.fc1 = nn.Linear(width, width)
        self.fc2 = nn.Linear(width, width)
        self.head = nn.Linear(width, ways)
        self.steps, self.gamma = steps, gamma
        for layer, weight, bias in (
            (self.fc1, weights.first, weights.first_bias),
            (self.fc2, weights.second, weights.second_bias),
            (self.head, weights.head, weights.head_bias),
        ):
            layer.weight = nn.Parameter(weight[task].clone())
            layer.bias = nn.Parameter(bias[task].clone())

    def forward(
        self, x: Float[Tensor, "n d"], graph: Float[Tensor, "n n"] | None
    ) -> Float[Tensor, "n c"]:
        x = x + self.fc2(F.relu(self.fc1(x)))
        for _ in range(self.steps):
            assert graph is not None
            x = x - self.gamma * (graph.sum(1, keepdim=True) * x - graph @ x)
        out: Tensor = self.head(x)
        return out


def plain_scores(
    objective: TaskObjective, training: TrainingConfig, weights: NetworkWeights
) -> Float[Tensor, "t n c"]:
    """Return class scores of all rows after training by torch's own SGD and autograd."""
    tasks = range(len(objective.points))
    return torch.stack([plain_task(objective, training, weights, task) for task in tasks])


def plain_task(
    objective: TaskObjective, training: TrainingConfig, weights: NetworkWeights, task: int
) -> Float[Tensor, "n c"]:
    """Train on one task and return class scores of all of its rows."""
    net = trained_network(objective, training, weights, task)
    with torch.no_grad():
        scores: Tensor = net(objective.points[task], _graph(objective, task))
    return scores


def trained_network(
    objective: TaskObjective, training: TrainingConfig, weights: NetworkWeights, task: int
) -> PlainNetwork:
    """Return a network trained on one task."""
    network = objective.network
    net = PlainNetwork(weights, task, network.steps, network.gamma)
    sgd = torch.optim.SGD(
        net.parameters(),
        training.rate,
        training.momentum,
        weight_decay=training.weight_decay,
    )
    schedule = torch.optim.lr_scheduler.MultiStepLR(sgd, training.milestones, training.drop)
    x, graph = objective.points[task], _graph(objective, task)
    for _ in range(training.epochs):
        sgd.zero_grad()
        task_loss(objective, net(x, graph), task).backward()
        sgd.step()
        schedule.step()
    return net


def _graph(objective: TaskObjective, task: int) -> Float[Tensor, "n n"] | None:
    return objective.graph[task] if objective.graph is not None else None


def task_loss(objective: TaskObjective, out: Float[Tensor, "n c"], task: int) -> Float[Tensor, ""]:
    """Return the loss of one task, term by term as `NetworkConfig` states it."""
    labels: Int[Tensor, " l"] = objective.labels[task]
    total = F.cross_entropy(out[: len(labels)], labels)
    if (penalty := objective.prototype_distance_penalty) is not None:
        total = total + (out[len(labels) :].softmax(-1) * penalty[task]).sum()
    if objective.network.mu > 0.0:
        assert objective.graph is not None
        squared_distances = (out[:, None, :] - out[None, :, :]).square().sum(-1)
        total = total + objective.network.mu * (objective.graph[task] * squared_distances).sum()
    return total
