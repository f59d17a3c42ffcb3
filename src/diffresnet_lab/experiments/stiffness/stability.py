"""Stability of explicit steps: bounds, growth past them, transients, and enough steps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from scipy.sparse.linalg import expm_multiply

from diffresnet.flow import ExplicitEuler, HeatFlow, diffuse

from .bench import fewest
from .graphs import FewShotDraws
from .spectrum import StiffGraph

FACTORS = (0.9, 1.0, 1.01, 1.1)
"""Multiples of the longest stable step at which growth is measured."""
STEPS = 100
PUBLISHED_STEPS = 30
TARGET = 1e-2
DEFAULT_TIME = 20.0
MOST = 100_000

Rows = list[dict[str, Any]]


def bounds_row(graph: StiffGraph) -> dict[str, Any]:
    """Return the stiffness of a graph: degrees, eigenvalues, longest step."""
    values = np.abs(graph.eigenvalues)
    row: dict[str, Any] = {
        "graph": graph.name,
        "nodes": len(graph),
        "symmetry": graph.laplacian.symmetry,
        "max_degree": graph.laplacian.max_degree,
        "lambda_max": float(values.max()),
        "lambda_min": float(values.min()),
        "gershgorin": 2.0 * graph.laplacian.max_degree,
        "longest_step": graph.longest_step,
        "longest_step_by_operator": graph.laplacian.max_step(),
    }
    if graph.gamma is not None and graph.steps is not None:
        growing = graph.growing(graph.gamma)
        row |= {
            "gamma": graph.gamma,
            "steps": graph.steps,
            "stable": bool(graph.gamma <= graph.longest_step),
            "growing_modes": len(growing),
            "growth": float(growing[0] ** graph.steps) if len(growing) else 1.0,
        }
    return row


def draws_row(draws: FewShotDraws) -> dict[str, Any]:
    """Return the longest stable steps of few-shot tasks of one kind."""
    return {
        "graph": f"{draws.strictest.name}_tasks",
        "tasks": len(draws.longest_steps),
        "shortest": float(draws.longest_steps.min()),
        "median": float(np.median(draws.longest_steps)),
        "longest": float(draws.longest_steps.max()),
        "gamma": draws.strictest.gamma,
        "past_percent": 100.0 * draws.past,
    }


def region_rows(graphs: Sequence[StiffGraph]) -> Rows:
    """Return the largest eigenvalues times the authors' step, for the stability region."""
    return [
        {
            "graph": graph.name,
            "gamma": graph.gamma,
            "index": index,
            "real": float(np.real(graph.gamma * value)),
            "imaginary": float(np.imag(graph.gamma * value)),
        }
        for graph in graphs
        if graph.gamma is not None
        for index, value in enumerate(graph.eigenvalues[:40])
    ]


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


def steps_row(graph: StiffGraph, target: float = TARGET) -> dict[str, Any]:
    """Return the fewest explicit steps for the authors' time that are stable, and accurate.

    The error is that of the graph's own data of mean 0, relative to the exact flow.
    """
    time = DEFAULT_TIME
    if graph.gamma is not None and graph.steps is not None:
        time = graph.gamma * graph.steps
    start = torch.from_numpy(graph.centred)
    exact = expm_multiply(-time * graph.matrix, graph.centred)
    size = graph.size(exact)

    def error(steps: int) -> float:
        flow = ExplicitEuler(time / steps, steps, unstable="allow")
        return graph.size(flow(graph.laplacian, start).numpy() - exact) / size

    stable = max(1, int(np.ceil(time / graph.longest_step * (1.0 - 1e-9))))
    row: dict[str, Any] = {
        "graph": graph.name,
        "strength": time,
        "left_percent": 100.0 * size / graph.size(graph.centred),
        "stable_steps": stable,
        "stable_error": error(stable),
        "accurate_steps": fewest(lambda steps: error(steps) <= target, stable, MOST),
        "single_step_factor": float(graph.factors(time).max()),
    }
    if graph.steps is not None:
        row |= {"authors_steps": graph.steps, "authors_error": error(graph.steps)}
    return row
