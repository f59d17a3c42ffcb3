"""The network as the paper has it, one task at a time: what faster training has to equal."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor, nn

from .network import Training, Weights
from .problem import Problem


class PlainNetwork(nn.Module):
    """out = S(x + fc2(ReLU(fc1 x))) head, with the diffusion as `steps` products in each pass."""

    def __init__(self, weights: Weights, task: int, steps: int, gamma: float) -> None:
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


def plain_scores(problem: Problem, training: Training, weights: Weights) -> Float[Tensor, "t n c"]:
    """Class scores of all rows after training by torch's own SGD and autograd."""
    scores = [plain_task(problem, training, weights, task) for task in range(len(problem.points))]
    return torch.stack(scores)


def plain_task(
    problem: Problem, training: Training, weights: Weights, task: int
) -> Float[Tensor, "n c"]:
    """Class scores of all rows of one task."""
    net = trained_network(problem, training, weights, task)
    with torch.no_grad():
        scores: Tensor = net(problem.points[task], _graph(problem, task))
    return scores


def trained_network(
    problem: Problem, training: Training, weights: Weights, task: int
) -> PlainNetwork:
    """One network, trained on one task."""
    network = problem.network
    net = PlainNetwork(weights, task, network.steps, network.gamma)
    sgd = torch.optim.SGD(
        net.parameters(),
        training.rate,
        training.momentum,
        weight_decay=training.weight_decay,
    )
    schedule = torch.optim.lr_scheduler.MultiStepLR(sgd, training.milestones, training.drop)
    x, graph = problem.points[task], _graph(problem, task)
    for _ in range(training.epochs):
        sgd.zero_grad()
        loss(problem, net(x, graph), task).backward()
        sgd.step()
        schedule.step()
    return net


def _graph(problem: Problem, task: int) -> Float[Tensor, "n n"] | None:
    return problem.graph[task] if problem.graph is not None else None


def loss(problem: Problem, out: Float[Tensor, "n c"], task: int) -> Float[Tensor, ""]:
    """The loss of one task, term by term as `Network` states it."""
    labels: Int[Tensor, " l"] = problem.labels[task]
    total = F.cross_entropy(out[: len(labels)], labels)
    if problem.pull is not None:
        total = total + (out[len(labels) :].softmax(-1) * problem.pull[task]).sum()
    if problem.network.mu > 0.0:
        assert problem.graph is not None
        apart = (out[:, None, :] - out[None, :, :]).square().sum(-1)
        total = total + problem.network.mu * (problem.graph[task] * apart).sum()
    return total
