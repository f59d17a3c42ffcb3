"""Longest stable step of each graph, and the fewest steps that are stable and accurate."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from scipy.sparse.linalg import expm_multiply

from diffresnet.flow import ExplicitEuler

from .bench import fewest
from .graphs import FewShotDraws
from .spectrum import StiffGraph

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
