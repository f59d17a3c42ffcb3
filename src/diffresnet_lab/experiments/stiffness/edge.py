"""Growth at and past the stability bound, and on the way of steps that are stable."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Float

from diffresnet.flow import ExplicitEuler, HeatFlow, diffuse

from .spectrum import StiffGraph

Rows = list[dict[str, Any]]


FACTORS = (0.9, 1.0, 1.01, 1.1)
"""Multiples of the longest stable step at which growth is measured."""


STEPS = 100


PUBLISHED_STEPS = 30


def step_by_step(
    graph: StiffGraph, x: Float[np.ndarray, "n d"], gamma: float, steps: int
) -> tuple[Float[np.ndarray, " s"], Float[np.ndarray, " s"]]:
    """Return the sizes of x, and of its part along the fastest mode, after 0 to `steps` steps."""
    mode = graph.fastest_mode
    one = ExplicitEuler(gamma, 1, unstable="allow")
    size, along = np.empty(steps + 1), np.empty(steps + 1)
    moved = torch.from_numpy(x)
    for step in range(steps + 1):
        size[step] = graph.size(moved.numpy())
        along[step] = np.linalg.norm(mode @ moved.numpy())
        moved = diffuse(graph.laplacian, moved, one)
    return size, along


@dataclass(frozen=True)
class EdgeGrowth:
    """Random values on a graph under explicit steps around the stability bound.

    Attributes
    ----------
    measured, predicted : factor of the bound -> size relative to the start, step by step: of the
        deviation from the mean; of the part along the fastest mode, by its eigenvalue.
    """

    rows: Rows
    measured: dict[float, Float[np.ndarray, " s"]]
    predicted: dict[float, Float[np.ndarray, " s"]]


def edge_growth(graph: StiffGraph, seed: int) -> EdgeGrowth:
    """Move random values of mean 0 by steps of 0.9 to 1.1 times the longest stable one."""
    bound, top = graph.longest_step, float(np.abs(graph.eigenvalues).max())
    noise = np.random.default_rng(seed).standard_normal((len(graph), 4))
    d = graph.scale**2
    start = noise - (d * noise).sum(0) / d.sum()
    growth = EdgeGrowth([], {}, {})
    for factor in FACTORS:
        gamma = factor * bound
        size, along = step_by_step(graph, start, gamma, STEPS)
        rate = abs(1.0 - gamma * top)
        # Where the part along the mode fades into rounding, its rate is seen before that.
        late = int(np.flatnonzero(along > 1e-9 * along[0])[-1])
        growth.measured[factor] = size / size[0]
        growth.predicted[factor] = along[0] / size[0] * rate ** np.arange(STEPS + 1)
        growth.rows.append(
            {
                "graph": graph.name,
                "factor": factor,
                "gamma": gamma,
                "foretold_rate": rate,
                "fastest_mode_rate": float((along[late] / along[0]) ** (1.0 / late)),
                "fastest_mode_share": float(along[0] / size[0]),
                "size_20": float(size[20] / size[0]),
                "size_late": float(size[-1] / size[0]),
            }
        )
    return growth


@dataclass(frozen=True)
class PublishedSteps:
    """The features of a graph under the published step, which is past the bound.

    Attributes
    ----------
    size, along, stable : (s,)
        Sizes relative to the start: of the deviation from the mean, of its part along the fastest
        mode, and of the deviation at the step `inside` within the bound.
    inside : float
        Step of two steps more at the same diffusion time.
    rate : growth of the fastest mode a step.
    hub, links, hub_growth : share of the fastest mode on its largest node, links of that node, and
        growth of its deviation from the mean.
    error, error_inside : relative to the exact flow, at both steps.
    """

    graph: StiffGraph
    size: Float[np.ndarray, " s"]
    along: Float[np.ndarray, " s"]
    stable: Float[np.ndarray, " s"]
    inside: float
    rate: float
    hub: float
    links: int
    hub_growth: float
    error: float
    error_inside: float

    @property
    def lowest(self) -> int:
        """Return the step after which the deviation from the mean is smallest."""
        return int(self.size.argmin())

    def rows(self) -> Rows:
        """Return a row for each step."""
        return [
            {
                "graph": self.graph.name,
                "step": step,
                "gamma": self.graph.gamma,
                "size": float(self.size[step]),
                "fastest_mode": float(self.along[step] / self.along[0]),
                "foretold": self.rate**step,
            }
            for step in range(len(self.size))
        ]


def published_steps(graph: StiffGraph) -> PublishedSteps:
    """Move the features of a graph by the published step, and by one within the bound."""
    assert graph.gamma is not None
    assert graph.steps is not None
    gamma, r = graph.gamma, graph.steps
    size, along = step_by_step(graph, graph.centred, gamma, PUBLISHED_STEPS)
    inside = gamma * r / (r + 2)
    stable, _ = step_by_step(graph, graph.centred, inside, PUBLISHED_STEPS)
    start = torch.from_numpy(graph.centred)
    exact = diffuse(graph.laplacian, start, HeatFlow(gamma * r)).numpy()

    def after(step: float, count: int) -> Float[np.ndarray, "n d"]:
        return diffuse(graph.laplacian, start, ExplicitEuler(step, count, unstable="allow")).numpy()

    weight = graph.fastest_mode**2
    hub = int(weight.argmax())
    moved = after(gamma, r)
    return PublishedSteps(
        graph,
        size / size[0],
        along / size[0],
        stable / size[0],
        inside,
        rate=float(graph.growing(gamma)[0]),
        hub=float(weight[hub]),
        links=int(np.diff(graph.weights.indptr)[hub]) - 1,  # without its self-loop
        hub_growth=float(np.linalg.norm(moved[hub]) / np.linalg.norm(graph.centred[hub])),
        error=graph.size(moved - exact) / graph.size(exact),
        error_inside=graph.size(after(inside, r + 2) - exact) / graph.size(exact),
    )


def row_sum_norms(graph: StiffGraph, gamma: float, steps: int) -> Float[np.ndarray, " s"]:
    """Return max_i sum_j |(I - gamma L)^k|_ij for k = 1 to `steps`: the most |x_i| can grow."""
    step = np.eye(len(graph)) - gamma * graph.matrix.toarray()
    product, norms = np.eye(len(graph)), []
    for _ in range(steps):
        product = product @ step
        norms.append(float(np.abs(product).sum(axis=1).max()))
    return np.array(norms)


def transient_rows(graph: StiffGraph) -> Rows:
    """Return the growth of powers of I - gamma L on the way, on a non-normal graph."""
    bound = graph.longest_step
    lengths = {
        "the authors’": graph.gamma or 1.0,
        "1 / max L_ii": 1.0 / graph.laplacian.max_degree,
        "0.95 × the bound": 0.95 * bound,
        "the bound": bound,
        "1.05 × the bound": 1.05 * bound,
    }
    rows: Rows = []
    for name, gamma in lengths.items():
        norms = row_sum_norms(graph, gamma, STEPS)
        rows.append(
            {
                "graph": graph.name,
                "step_length": name,
                "gamma": gamma,
                "largest_factor": float(graph.factors(gamma).max()),
                "first_norm": float(norms[0]),
                "largest_norm": float(norms.max()),
                "largest_at": int(norms.argmax()) + 1,
                "late_norm": float(norms[-1]),
            }
        )
    return rows
