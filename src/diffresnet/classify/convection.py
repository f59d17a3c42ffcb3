"""The trained part of the network: a residual block fitted by gradient descent, in two ways."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from ..flow import ExplicitEuler, Integrator, diffuse, flow_map
from ..nn import DiffResNet, ResidualBlock
from ..operators import Laplacian, SparseLaplacian
from .features import l2_normalize


@dataclass(frozen=True)
class PaperTraining:
    """The paper's few-shot training: SGD with momentum, full batch, a step schedule."""

    epochs: int = 100
    learning_rate: float = 0.1
    momentum: float = 0.9
    weight_decay: float = 1e-4
    milestones: tuple[int, ...] = (50, 75)
    gamma: float = 0.5
    steps: int = 40


def trained_convection(
    laplacian: SparseLaplacian,
    x: Float[Tensor, "n d"],
    rows: Int[np.ndarray, " l"],
    codes: Int[np.ndarray, " l"],
    n_classes: int,
    flow: Integrator,
    seed: int,
    epochs: int = 200,
) -> ResidualBlock:
    """Train a residual block by Adam so that a linear head on diffused, unit rows fits.

    The features seen in training are those of `DiffusedFeatures.rows`, at labelled rows.
    """
    generator_state = torch.random.get_rng_state()
    torch.manual_seed(seed)
    block = ResidualBlock(x.shape[1]).to(x.device)
    head = nn.Linear(x.shape[1], n_classes).to(x.device)
    torch.random.set_rng_state(generator_state)
    nn.init.zeros_(block.fc2.weight)
    nn.init.zeros_(block.fc2.bias)
    s = flow_map(laplacian, flow, torch.from_numpy(rows))
    s = s - _mean_row(laplacian, flow)
    target = torch.from_numpy(codes).to(x.device)
    scaled = in_unit_scale(x)
    optimizer = torch.optim.Adam([*block.parameters(), *head.parameters()], 1e-3, weight_decay=1e-4)
    for _ in range(epochs):
        optimizer.zero_grad()
        z = l2_normalize(s @ block(scaled))
        nn.functional.cross_entropy(10.0 * head(z), target).backward()
        optimizer.step()
    return block.eval()


def in_unit_scale(x: Float[Tensor, "n d"]) -> Float[Tensor, "n d"]:
    """Divide features by their deviation: a fixed learning rate needs a fixed scale."""
    return x / x.std().clamp_min(torch.finfo(x.dtype).tiny)


def _mean_row(laplacian: Laplacian, flow: Integrator) -> Float[Tensor, "1 n"]:
    n = laplacian.shape[-1]
    ones = torch.full((n, 1), 1.0 / n, dtype=laplacian.dtype, device=laplacian.device)
    return diffuse(laplacian.transpose(), ones, flow).T


def paper_network(
    laplacian: SparseLaplacian,
    x: Float[Tensor, "n d"],
    rows: Int[np.ndarray, " l"],
    codes: Int[np.ndarray, " l"],
    n_classes: int,
    seed: int,
    training: PaperTraining | None = None,
) -> Float[Tensor, "n c"]:
    """Return probabilities of the paper's DiffResNet, trained as the paper trains it.

    Training multiplies by the labelled rows of S = (I - gamma L)^r only, and the prediction
    diffuses class scores instead of features: both are exact. Where gamma is past the stability
    bound of the graph it is shortened at equal strength.
    """
    config = training or PaperTraining()
    time = config.gamma * config.steps
    gamma = min(config.gamma, 0.99 * laplacian.max_step())
    steps = int(np.ceil(time / gamma))
    flow = ExplicitEuler(time / steps, steps)
    generator_state = torch.random.get_rng_state()
    torch.manual_seed(seed)
    net = DiffResNet(x.shape[1], n_classes, gamma=flow.gamma, steps=steps).to(x.device)
    torch.random.set_rng_state(generator_state)
    block = net.blocks[0]
    assert isinstance(block, ResidualBlock)
    s = flow_map(laplacian, flow, torch.from_numpy(rows))
    s_x = s @ x
    target = torch.from_numpy(codes).to(x.device)
    optimizer = torch.optim.SGD(
        net.parameters(),
        config.learning_rate,
        momentum=config.momentum,
        weight_decay=config.weight_decay,
    )
    schedule = torch.optim.lr_scheduler.MultiStepLR(optimizer, list(config.milestones))
    for _ in range(config.epochs):
        optimizer.zero_grad()
        hidden = s @ block.relu(block.fc1(x))  # l rows from here on
        moved = s_x + hidden @ block.fc2.weight.T + block.fc2.bias
        nn.functional.cross_entropy(net.classifier(moved), target).backward()
        optimizer.step()
        schedule.step()
    with torch.no_grad():
        scores = diffuse(laplacian, net.classifier(block(x)), flow)
        return torch.softmax(scores, dim=1)
