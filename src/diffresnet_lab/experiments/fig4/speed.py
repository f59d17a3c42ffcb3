"""Training time of the networks of Fig. 4, by the way in which their diffusion is computed."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from diffresnet.flow import ExplicitEuler, diffuse, flow_map
from diffresnet.operators import SparseLaplacian

from .training import GAMMA, Diffusion, SetConfig, train_together

TOGETHER = 10

WAYS = {
    "PyTorch loop": 1,
    "plain loop": 1,
    "diffuse": 1,
    "map": 1,
    "diffuse, shared": TOGETHER,
    "map, shared": TOGETHER,
}
"""Ways of computing r diffusion steps -> networks that are trained at once.

The loops have autograd through each of their steps: by PyTorch's own sparse product, and by this
library's. `diffuse` keeps nothing between the steps. The map is S of `flow_map`.
"""

MEANING = {
    "PyTorch loop": "PyTorch’s sparse product, r times",
    "plain loop": "one step of diffuse, r times",
    "diffuse": "diffuse, r steps in one call",
    "map": "precomputed map",
    "diffuse, shared": f"diffuse, {TOGETHER} networks at once",
    "map, shared": f"precomputed map, {TOGETHER} networks at once",
}

MODERATE = tuple(WAYS)[1:]
"""Without PyTorch's loop, which takes minutes."""


@dataclass(frozen=True)
class Comparison:
    """One set trained in several ways, which take turns.

    Attributes
    ----------
    seconds : way -> median over the repeats, for one network; the making of the map is counted.
    making : float
        The median seconds that go into making the map.
    loss_difference : float
        The largest between any way and the plain loop, for the first network, over all steps.
    other_predictions : int
        Predictions of any way, first network, all steps, that are not those of the plain loop.
    """

    config: SetConfig
    points: int
    seconds: dict[str, float]
    making: float
    loss_difference: float
    other_predictions: int

    def ratio(self, way: str, to: str = "plain loop") -> float:
        """Return how many times as fast a way is as another one."""
        return self.seconds[to] / self.seconds[way]


def compare(
    config: SetConfig, seed: int, repeats: int, ways: Sequence[str] = tuple(WAYS)
) -> Comparison:
    """Train the network of one set in every way, the plain loop among them, `repeats` times.

    The graph is made once beforehand for all, and is not counted. All is in float64.
    """
    data = config.draw(seed=seed)
    laplacian = config.laplacian(data)
    making: list[float] = []
    makers: dict[str, Callable[[], Diffusion]] = {
        "PyTorch loop": lambda: pytorch_loop(laplacian, config.steps),
        "plain loop": lambda: plain_loop(laplacian, config.steps),
        "diffuse": lambda: lambda x: diffuse(laplacian, x, config.flow),
        "map": lambda: flow_map(laplacian, config.flow).matmul,
    }
    seconds: dict[str, list[float]] = {way: [] for way in ways}
    runs = {}
    for _ in range(repeats):
        for way in ways:
            seeds = range(seed, seed + WAYS[way])
            start = time.perf_counter()
            diffusion = makers[way.removesuffix(", shared")]()
            if way.startswith("map"):
                making.append(time.perf_counter() - start)
            runs[way] = train_together(data, diffusion, seeds, config.learning_rate)
            seconds[way].append((time.perf_counter() - start) / WAYS[way])
    plain = runs["plain loop"]
    return Comparison(
        config,
        len(data),
        {way: statistics.median(seconds[way]) for way in ways},
        statistics.median(making),
        max(float(np.abs(run.loss[0] - plain.loss[0]).max()) for run in runs.values()),
        sum(int((run.predicted[0] != plain.predicted[0]).sum()) for run in runs.values()),
    )


def speed_rows(result: Comparison) -> list[dict[str, Any]]:
    """Return a row for each way of computing the diffusion."""
    return [
        {
            "set": result.config.name,
            "points": result.points,
            "diffusion_steps": result.config.steps,
            "way": way,
            "networks": WAYS[way],
            "seconds_per_network": seconds,
            "times_as_fast": result.ratio(way),
            "seconds_making_map": result.making if way.startswith("map") else 0.0,
            "loss_difference": result.loss_difference,
            "other_predictions": result.other_predictions,
        }
        for way, seconds in result.seconds.items()
    ]


def plain_loop(laplacian: SparseLaplacian, steps: int) -> Diffusion:
    """Return r layers of one step x <- x - gamma L x each."""
    one = ExplicitEuler(GAMMA)

    def loop(x: torch.Tensor) -> torch.Tensor:
        for _ in range(steps):
            x = diffuse(laplacian, x, one)
        return x

    return loop


def pytorch_loop(laplacian: SparseLaplacian, steps: int) -> Diffusion:
    """Return r products of PyTorch with the sparse matrix I - gamma L."""
    eye = torch.eye(laplacian.shape[0], dtype=laplacian.dtype)
    step = laplacian.shifted(1.0, -GAMMA)(eye).to_sparse_csr()

    def loop(x: torch.Tensor) -> torch.Tensor:
        for _ in range(steps):
            x = step @ x
        return x

    return loop
