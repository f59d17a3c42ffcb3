"""Implicit diffusion over partitions, of which each sees the border of the others only."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import ceil, log
from typing import Any

import numpy as np
import torch
from jaxtyping import Float

from ...operators.matrix import SparseMatrix
from .borders import Borders, seen
from .engine import Engine
from .graph import GraphPart


def diffuse(
    engine: Engine,
    graph: Sequence[Any],
    borders: Borders,
    sources: Sequence[Any],
    time: float,
    tol: float,
    held: Sequence[Any] | None = None,
    advance: Callable[[int], None] = lambda steps: None,
) -> list[Any]:
    """Solve (I + t L) u = b on all partitions, L = I - P of the random walk: implicit diffusion.

    Chebyshev's semi-iteration of u <- a P u + (1 - a) b, a = t / (1 + t). It takes no inner
    products, so that nothing but the border is exchanged, and as many steps as its bound
    2 r^k <= tol asks for, r = a / (1 + sqrt(1 - a^2)): about sqrt(t / 2) log(2 / tol).

    Parameters
    ----------
    graph : handles of the `GraphPart` of each.
    sources : handles of b, (n_i, d) float32.
    held : handles of rows (r,) of each partition whose u is b, or of (n_i, d) bool.
    advance : called with 1 after each step.

    References
    ----------
    Golub and Varga: Chebyshev semi-iterative methods, Numerische Mathematik 1961.
    """
    rate, omega = time / (1.0 + time), 1.0
    held = [None] * len(graph) if held is None else held
    now: list[Any] = list(sources)
    before: list[Any] = [None] * len(graph)
    steps = range(chebyshev_steps(time, tol))
    for some in (steps[i : i + engine.steps_at_once] for i in steps[:: engine.steps_at_once]):
        batch = engine.batch()
        for step in some:
            values = borders.values(batch, now)
            of_parts = zip(graph, now, before, sources, held, values, strict=True)
            new = [batch.submit(_step, *each, rate, omega) for each in of_parts]
            now, before = new, now
            omega = 1.0 / (1.0 - rate**2 * (2.0 if step == 0 else omega) / 4.0)
        started = batch.start([*now, *before])
        now, before = started[: len(graph)], started[len(graph) :]
        advance(len(some))
    return now


def chebyshev_steps(time: float, tol: float) -> int:
    """Return how many steps it takes to come to a relative error."""
    a = time / (1.0 + time)
    r = a / (1.0 + (1.0 - a * a) ** 0.5)
    return max(1, ceil(log(tol / 2.0) / log(r))) if r > 0 else 1


def _step(
    part: GraphPart,
    now: Float[np.ndarray, "n d"],
    before: Float[np.ndarray, "n d"] | None,
    source: Float[np.ndarray, "n d"],
    held: np.ndarray | None,
    values: tuple[Sequence[np.ndarray], Sequence[np.ndarray]],
    rate: float,
    omega: float,
) -> Float[np.ndarray, "n d"]:
    """Return omega (rate P u + (1 - rate) b - u_before) + u_before."""
    n = len(now)
    indptr, indices, weights = map(torch.from_numpy, (part.indptr, part.indices, part.weights))
    matrix = SparseMatrix(indptr, indices, weights * (omega * rate), n + len(part.border))
    beyond = seen(values)
    new = matrix(torch.from_numpy(np.concatenate([now, *beyond]) if beyond else now))
    new.add_(torch.from_numpy(source), alpha=omega * (1.0 - rate))
    if before is not None:
        new.add_(torch.from_numpy(before), alpha=1.0 - omega)
    out: Float[np.ndarray, "n d"] = new.numpy()
    if held is not None:
        out[held] = source[held]
    return out
