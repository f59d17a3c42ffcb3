"""The networks of Fig. 4: two features, 18 parameters, trained many at once on one graph."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn.functional import cross_entropy

from diffresnet.flow import ExplicitEuler, flow_map
from diffresnet.nn import DiffResNet
from diffresnet.operators import SparseLaplacian
from diffresnet.similarity import similarity_graph

from ...data.synthetic import SyntheticSet, circle, moon, spiral

SIGMA = 0.5
GAMMA = 1.0
EPOCHS = 20
WEIGHT_DECAY = 5e-4


@dataclass(frozen=True)
class SetConfig:
    """One of the synthetic sets, with its settings in the paper (appendix E.1.4).

    Parameters
    ----------
    draw : seed -> points.
    ntop : int
        Neighbours of each point, itself counted.
    steps : int
        Diffusion steps r.
    seed : int
        Seed of the points and of the paper's initial weights.
    """

    name: str
    draw: Callable[..., SyntheticSet]
    ntop: int
    steps: int
    learning_rate: float
    seed: int

    @property
    def flow(self) -> ExplicitEuler:
        return ExplicitEuler(GAMMA, self.steps)

    def laplacian(self, data: SyntheticSet) -> SparseLaplacian:
        """Return L of the paper's graph: global Gaussian, row-normalised, in float64."""
        weights = similarity_graph(data.points, preset="synthetic", ntop=self.ntop, bandwidth=SIGMA)
        return SparseLaplacian(weights, dtype=torch.float64)


Diffusion = Callable[[Float[Tensor, "n d"]], Float[Tensor, "n d"]]

SETS = (
    SetConfig("circle", circle, ntop=50, steps=200, learning_rate=1.0, seed=42),
    SetConfig("moon", moon, ntop=25, steps=60, learning_rate=1.0, seed=40),
    SetConfig("spiral", spiral, ntop=25, steps=900, learning_rate=0.8, seed=42),
)


@dataclass(frozen=True)
class Training:
    """Course of s networks over e steps of gradient descent, before each and at the end.

    Attributes
    ----------
    predicted : (s, e + 1, n)
        Whether a point is assigned to class 1.
    accuracy : (s, e + 1)
        Training accuracy in percent.
    loss : (s, e + 1)
        Mean cross entropy.
    features : (e + 1, n, 2)
        Features before the last layer, of the first network.
    lines : (e + 1, 3)
        (a, b, c) of the first network: its last layer decides for class 1 where
        a x + b y + c > 0.
    """

    predicted: Bool[np.ndarray, "s e n"]
    accuracy: Float[np.ndarray, "s e"]
    loss: Float[np.ndarray, "s e"]
    features: Float[np.ndarray, "e n 2"]
    lines: Float[np.ndarray, "e 3"]


def seeded_network(seed: int) -> DiffResNet:
    """Return DiffResNet(2, 2) in float64, with PyTorch's initial weights (of float32)."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return DiffResNet(2, 2, steps=0).double()


def train_together(
    data: SyntheticSet,
    diffusion: Diffusion | None,
    seeds: Sequence[int],
    learning_rate: float,
    epochs: int = EPOCHS,
) -> Training:
    """Train one network a seed by full-batch gradient descent, all labels known.

    The weights of all networks are stacked, and their features diffuse side by side, as columns.
    The paper makes its optimiser anew at every step, so that its momentum never builds up: plain
    gradient descent with weight decay.

    Parameters
    ----------
    diffusion : function of (n, d), optional
        All diffusion steps at once; None for networks without diffusion.
    """
    points, classes = torch.from_numpy(data.points), torch.from_numpy(data.classes)
    networks: list[torch.nn.Module] = [seeded_network(seed) for seed in seeds]
    weights, _ = torch.func.stack_module_state(networks)
    targets = classes.expand(len(seeds), -1)
    predicted, losses, first, lines = [], [], [], []
    for epoch in range(epochs + 1):
        features = _features(weights, points, diffusion)
        scores = _linear(weights, "classifier", features)
        # (s, n): networks share nothing, so the sum gives each of them its own gradient.
        loss = cross_entropy(scores.mT, targets, reduction="none").mean(1)
        predicted.append(scores.argmax(2) == 1)
        losses.append(loss.detach())
        first.append(features[0].detach())
        weight, offset = weights["classifier.weight"][0], weights["classifier.bias"][0]
        lines.append(torch.cat([weight[1] - weight[0], offset[1:] - offset[:1]]).detach())
        if epoch < epochs:
            gradients = torch.autograd.grad(loss.sum(), list(weights.values()))
            with torch.no_grad():
                for weight, gradient in zip(weights.values(), gradients, strict=True):
                    weight -= learning_rate * (gradient + WEIGHT_DECAY * weight)
    of_class_1 = torch.stack(predicted, 1)
    return Training(
        of_class_1.numpy(),
        100.0 * (of_class_1 == (classes == 1)).sum(2).numpy() / len(data),
        torch.stack(losses, 1).numpy(),
        torch.stack(first).numpy(),
        torch.stack(lines).numpy(),
    )


def _features(
    weights: dict[str, Tensor], x: Float[Tensor, "n 2"], diffusion: Diffusion | None
) -> Float[Tensor, "s n 2"]:
    """Return `DiffResNet.features` of every network in the stack."""
    hidden = torch.relu(_linear(weights, "blocks.0.fc1", x))
    z = x + _linear(weights, "blocks.0.fc2", hidden)
    if diffusion is None:
        return z
    s, n, d = z.shape
    side_by_side = diffusion(z.transpose(0, 1).reshape(n, s * d))
    return side_by_side.reshape(n, s, d).transpose(0, 1)


def _linear(weights: dict[str, Tensor], name: str, x: Tensor) -> Tensor:
    return x @ weights[f"{name}.weight"].mT + weights[f"{name}.bias"][:, None]


@dataclass(frozen=True)
class SetResult:
    """One set: the same initial weights, trained without diffusion and with it.

    Attributes
    ----------
    diffused : (n, 2)
        Points after diffusion alone.
    without, with_diffusion : Training
        The first network of each has the paper's initial weights, all others are other draws.
    """

    config: SetConfig
    data: SyntheticSet
    diffused: Float[np.ndarray, "n 2"]
    without: Training
    with_diffusion: Training

    def both(self) -> Iterator[tuple[bool, Training]]:
        """Yield (has diffusion, training), first without."""
        yield False, self.without
        yield True, self.with_diffusion


def train_set(config: SetConfig, seed: int, others: Sequence[int], epochs: int) -> SetResult:
    """Train networks of the paper's seed and of others, without diffusion and with it."""
    data = config.draw(seed=seed)
    diffusion = flow_map(config.laplacian(data), config.flow)
    seeds = [seed, *others]
    return SetResult(
        config,
        data,
        (diffusion @ torch.from_numpy(data.points)).numpy(),
        train_together(data, None, seeds, config.learning_rate, epochs),
        train_together(data, diffusion.matmul, seeds, config.learning_rate, epochs),
    )


def training_rows(results: Sequence[SetResult]) -> Iterator[dict[str, Any]]:
    """Yield a row for each set, network and step."""
    for result in results:
        for diffusion, training in result.both():
            for step, accuracies in enumerate(training.accuracy.T.tolist()):
                first, *others = accuracies
                yield {
                    "set": result.config.name,
                    "diffusion": diffusion,
                    "step": step,
                    "accuracy": first,
                    "loss": float(training.loss[0, step]),
                    "others_median": float(np.median(others)),
                    "others_lowest": min(others),
                    "others_highest": max(others),
                    "others_at_100": others.count(100.0),
                }


def first_perfect(accuracy: Float[np.ndarray, " e"]) -> int | None:
    """Return the first step from which all accuracies are 100; None if the last is not.

    Examples
    --------
    >>> first_perfect(np.array([50.0, 100.0, 99.0, 100.0, 100.0]))
    3
    """
    wrong = np.flatnonzero(accuracy < 100.0)
    start = int(wrong[-1]) + 1 if len(wrong) else 0
    return start if start < len(accuracy) else None
