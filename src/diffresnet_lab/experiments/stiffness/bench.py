"""One graph on which methods of diffusion are run against the exact flow, and counted."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import scipy.linalg
import torch
from jaxtyping import Float

from diffresnet.flow import ExplicitEuler, HeatFlow, ImplicitEuler, Integrator
from diffresnet.operators import SparseLaplacian

from .products import CountingLaplacian
from .spectrum import StiffGraph

COLUMNS = 16
"""Features that are moved: the first ones."""

MOST_STEPS = 20_000
MOST_RUN = {"euler": 2000, "implicit": 300}
"""Steps of a run; where more are needed, their number is foretold from the spectrum and printed."""


@dataclass(frozen=True)
class Run:
    """One way to move x for a time, as it was measured.

    Attributes
    ----------
    error : |F(L) x - exp(-t L) x| / |exp(-t L) x| for x of mean 0, in the graph's own norm.
    products : products of L with all columns, those inside solvers included.
    """

    flow: Integrator
    error: float
    products: int


class Bench:
    """A graph with all its eigenvalues: the exact flow is known, and every method can run.

    Parameters
    ----------
    graph : symmetric or reversible.
    """

    def __init__(self, graph: StiffGraph) -> None:
        self.graph = graph
        self.counting = CountingLaplacian(graph.weights, measure=graph.measure, dtype=torch.float64)
        self.longest_step = self.counting.max_step()
        self.counting.spectral_bound()
        self.start = torch.from_numpy(np.ascontiguousarray(graph.centred[:, :COLUMNS]))
        values, self.vectors = scipy.linalg.eigh(
            graph.symmetric_matrix.toarray(), driver="evd", overwrite_a=True, check_finite=False
        )
        self.values = np.maximum(values, 0.0)
        self.parts = self.vectors.T @ (graph.scale * self.start.numpy())
        self.weights = (self.parts**2).sum(axis=1)

    def exact(self, strength: float) -> Float[np.ndarray, "n d"]:
        """exp(-t L) x from the eigenvectors."""
        faded = np.exp(-strength * self.values)[:, None] * self.parts
        return np.asarray(self.vectors @ faded / self.graph.scale)

    def foretold(self, factors: Float[np.ndarray, " n"], strength: float) -> float:
        """The error of a method that multiplies mode i by factors[i]."""
        exact = np.exp(-strength * self.values)
        wrong = float((self.weights * (factors - exact) ** 2).sum())
        return float(np.sqrt(wrong / (self.weights * exact**2).sum()))

    def run(self, flow: Integrator, exact: Float[np.ndarray, "n d"]) -> Run:
        """Move x for real, and count."""
        self.counting.products = 0
        moved = flow(self.counting, self.start).numpy()
        error = self.graph.size(moved - exact) / self.graph.size(exact)
        return Run(flow, error, self.counting.products)

    def least_steps(self, strength: float) -> int:
        """The fewest explicit steps that are stable."""
        return max(1, int(np.ceil(strength / self.longest_step * (1.0 - 1e-9))))

    def cheapest(self, method: str, strength: float, target: float) -> Run | int | None:
        """The run with the fewest products whose error is at most `target`.

        Steps of both Euler methods are found from the spectrum, by doubling and halving, and then
        run; the tolerance of Chebyshev, and of the implicit solver, is as loose as it may be.

        Returns
        -------
        The run; the number of steps alone where it is above `MOST_RUN`; None where it is above
        `MOST_STEPS`.
        """
        exact = self.exact(strength)
        if method == "chebyshev":
            tolerances = 10.0 ** -np.arange(0.5, 13.1, 0.25)
            return self._first(
                [HeatFlow(strength, tol=float(t)) for t in tolerances], exact, target
            )
        explicit = method == "euler"

        def enough(steps: int) -> bool:
            step = strength / steps * self.values
            factors = (1.0 - step) ** steps if explicit else (1.0 + step) ** -steps
            # A little is left for what the solver leaves undone.
            return self.foretold(factors, strength) <= (0.999 if explicit else 0.9) * target

        steps = fewest(enough, self.least_steps(strength) if explicit else 1, MOST_STEPS)
        if steps is None or steps > MOST_RUN[method]:
            return steps
        gamma = strength / steps
        if explicit:
            return self._first([ExplicitEuler(gamma, steps)], exact, target)
        tolerances = target * 10.0 ** -np.arange(0.0, 5.1, 0.5)
        flows = [ImplicitEuler(gamma, steps, tol=float(t)) for t in tolerances]
        return self._first(flows, exact, target)

    def _first(
        self, flows: Sequence[Integrator], exact: Float[np.ndarray, "n d"], target: float
    ) -> Run:
        for flow in flows:
            run = self.run(flow, exact)
            if run.error <= target:
                return run
        raise ArithmeticError(f"{flows[-1]} leaves an error of {run.error:.3g}, above {target:g}")

    def seconds(self, runs: Sequence[Run], least: int) -> list[float]:
        """Median processor seconds of each run by the plain operator, taking turns.

        Seconds of the processor, not of the clock: what else the machine does is no part of
        them. There are at least `least` turns, and up to 50 of short ones, after one to warm up.
        """
        laplacian = self.graph.laplacian
        laplacian.spectral_bound()
        warm = sum(self._once(run, laplacian) for run in runs)
        turns = int(np.clip(0.5 / max(warm, 1e-6), least, 50))
        taken = [[self._once(run, laplacian) for run in runs] for _ in range(turns)]
        return [float(value) for value in np.median(taken, axis=0)]

    def _once(self, run: Run, laplacian: SparseLaplacian) -> float:
        begun = time.process_time()
        run.flow(laplacian, self.start)
        return time.process_time() - begun


def fewest(enough: Callable[[int], bool], least: int, most: int) -> int | None:
    """The smallest number from `least` to `most` that is enough, where more never is too little.

    Examples
    --------
    >>> fewest(lambda r: r * r >= 50, 1, 100), fewest(lambda r: r > 100, 1, 100)
    (8, None)
    """
    high = least
    while not enough(high):
        if high >= most:
            return None
        high = min(2 * high, most)
    low = least if high == least else high // 2
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle + 1, high)
    return high
