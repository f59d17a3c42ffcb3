"""A residual network of the plane as a flow, trained with or without noise along it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from diffresnet.nn import ResidualBlock

from ...data.synthetic import circle, moon, spiral, xor
from ...pde import Convection, FeynmanKac

SETS = {"circle": circle, "moon": moon, "spiral": spiral, "XOR": xor}


@dataclass(frozen=True)
class FlowTrainingConfig:
    """Training of a flow by Adam, full batch.

    Parameters
    ----------
    substeps : residual steps a block, of length 1 / substeps.
    samples : particles a labelled point and epoch, where there is noise.
    """

    blocks: int = 3
    hidden: int = 16
    substeps: int = 4
    epochs: int = 300
    learning_rate: float = 0.02
    weight_decay: float = 1e-2
    samples: int = 16


class FlowNetwork(nn.Module):
    """Residual blocks of the plane, and a linear classifier of two classes where points arrive."""

    def __init__(self, blocks: int, hidden: int, seed: int) -> None:
        super().__init__()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.residual = [ResidualBlock(2, hidden) for _ in range(blocks)]
            self.blocks = nn.ModuleList(self.residual)
            self.classifier = nn.Linear(2, 2)

    @property
    def convection(self) -> Convection:
        """Return the velocity of the blocks."""
        return Convection.of_blocks(self.residual)

    def values(self, x: Float[Tensor, "*n 2"]) -> Float[Tensor, "*n 1"]:
        """Return f, the probability of class 1 by the classifier alone."""
        return torch.softmax(self.classifier(x), dim=-1)[..., 1:]


def standard_set(name: str, seed: int) -> tuple[Float[np.ndarray, "n 2"], Int[np.ndarray, " n"]]:
    """Return points and classes of a set, centred and of root mean square coordinate 1.

    So that one sigma and one size of move mean the same in all sets.
    """
    data = SETS[name](seed=seed)
    points = data.points - data.points.mean(0)
    return points / np.sqrt(np.mean(points**2)), data.classes


def trained_flow(
    points: Float[np.ndarray, "n 2"],
    classes: Int[np.ndarray, " n"],
    config: FlowTrainingConfig,
    sigma: float = 0.0,
    seed: int = 0,
) -> FlowNetwork:
    """Train a flow whose field u(., T) with noise sigma gives the classes of labelled points.

    The loss is the mean of -log u of the right class, u itself a mean over fresh noise in every
    epoch: the field is fitted, not each noisy path. Without noise it is the plain cross entropy.
    """
    network = FlowNetwork(config.blocks, config.hidden, seed)
    x, right = torch.from_numpy(points).float(), torch.from_numpy(classes)[:, None]
    draw = torch.Generator().manual_seed(seed)
    solver = FeynmanKac(sigma, config.substeps)
    optimizer = torch.optim.Adam(
        network.parameters(),
        config.learning_rate,
        weight_decay=config.weight_decay,
        fused=True,
    )
    convection = network.convection
    particles = config.samples if sigma > 0.0 else 1
    for _ in range(config.epochs):
        optimizer.zero_grad()
        arrived = (
            solver.endpoints(convection, x, draw, particles)
            if sigma > 0.0
            else convection.transport(x, config.substeps)[None]
        )
        scores = torch.log_softmax(network.classifier(arrived), dim=-1)
        of_right = torch.where(right > 0, scores[..., 1:], scores[..., :1])
        loss = -(torch.logsumexp(of_right, dim=0) - np.log(particles)).mean()
        loss.backward()
        optimizer.step()
    return network.requires_grad_(False).eval().double()
