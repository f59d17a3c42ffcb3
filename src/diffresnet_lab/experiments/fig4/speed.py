"""How fast the networks of Fig. 4 train, by the way in which their diffusion is computed."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from diffresnet.flow import ExplicitEuler, diffuse, flow_map
from diffresnet.operators import SparseLaplacian

from .training import GAMMA, Diffusion, Task, train_together

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

    task: Task
    points: int
    seconds: dict[str, float]
    making: float
    loss_difference: float
    other_predictions: int

    def ratio(self, way: str, to: str = "plain loop") -> float:
        """How many times as fast as another way."""
        return self.seconds[to] / self.seconds[way]


def compare(task: Task, seed: int, repeats: int, ways: Sequence[str] = tuple(WAYS)) -> Comparison:
    """Train the network of one set in every way, the plain loop among them, `repeats` times.

    The graph is made once beforehand for all, and is not counted. All is in float64.
    """
    data = task.draw(seed=seed)
    laplacian = task.laplacian(data)
    made: list[float] = []
    makers: dict[str, Callable[[], Diffusion]] = {
        "PyTorch loop": lambda: pytorch_loop(laplacian, task.steps),
        "plain loop": lambda: plain_loop(laplacian, task.steps),
        "diffuse": lambda: lambda x: diffuse(laplacian, x, task.flow),
        "map": lambda: flow_map(laplacian, task.flow).matmul,
    }
    seconds: dict[str, list[float]] = {way: [] for way in ways}
    runs = {}
    for _ in range(repeats):
        for way in ways:
            seeds = range(seed, seed + WAYS[way])
            start = time.perf_counter()
            diffusion = makers[way.removesuffix(", shared")]()
            if way.startswith("map"):
                made.append(time.perf_counter() - start)
            runs[way] = train_together(data, diffusion, seeds, task.learning_rate)
            seconds[way].append((time.perf_counter() - start) / WAYS[way])
    plain = runs["plain loop"]
    return Comparison(
        task,
        len(data),
        {way: statistics.median(seconds[way]) for way in ways},
        statistics.median(made),
        max(float(np.abs(run.loss[0] - plain.loss[0]).max()) for run in runs.values()),
        sum(int((run.predicted[0] != plain.predicted[0]).sum()) for run in runs.values()),
    )


def plain_loop(laplacian: SparseLaplacian, steps: int) -> Diffusion:
    """r layers of one step x <- x - gamma L x each."""
    one = ExplicitEuler(GAMMA)

    def loop(x: torch.Tensor) -> torch.Tensor:
        for _ in range(steps):
            x = diffuse(laplacian, x, one)
        return x

    return loop


def pytorch_loop(laplacian: SparseLaplacian, steps: int) -> Diffusion:
    """r products of PyTorch with the sparse matrix I - gamma L."""
    eye = torch.eye(laplacian.shape[0], dtype=laplacian.dtype)
    step = laplacian.shifted(1.0, -GAMMA)(eye).to_sparse_csr()

    def loop(x: torch.Tensor) -> torch.Tensor:
        for _ in range(steps):
            x = step @ x
        return x

    return loop
