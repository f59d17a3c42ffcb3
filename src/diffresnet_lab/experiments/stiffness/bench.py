"""Methods of diffusion on one graph: products counted, errors against the exact flow."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import process_time

import numpy as np
import scipy.linalg
import torch
from jaxtyping import Float
from torch import Tensor

from diffresnet.flow import ExplicitEuler, HeatFlow, ImplicitEuler, Integrator
from diffresnet.operators import SparseLaplacian
from diffresnet.operators.laplacian import LinearMap
from diffresnet.operators.matrix import SparseMatrix

from .spectrum import StiffGraph

COLUMNS = 16
"""Features that are moved: the first ones."""

MOST_STEPS = 20_000
MOST_RUN = {"euler": 2000, "implicit": 300}
"""Steps of a run; where more are needed, their number is predicted from the spectrum."""


@dataclass(frozen=True)
class MeasuredRun:
    """One integration of the flow, as it was measured.

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

    def exact(self, time: float) -> Float[np.ndarray, "n d"]:
        """Return exp(-t L) x from the eigenvectors."""
        faded = np.exp(-time * self.values)[:, None] * self.parts
        return np.asarray(self.vectors @ faded / self.graph.scale)

    def predicted_error(self, factors: Float[np.ndarray, " n"], time: float) -> float:
        """Return the error of a method that multiplies mode i by factors[i]."""
        exact = np.exp(-time * self.values)
        wrong = float((self.weights * (factors - exact) ** 2).sum())
        return float(np.sqrt(wrong / (self.weights * exact**2).sum()))

    def run(self, flow: Integrator, exact: Float[np.ndarray, "n d"]) -> MeasuredRun:
        """Integrate the flow of x, and count products."""
        self.counting.products = 0
        moved = flow(self.counting, self.start).numpy()
        error = self.graph.size(moved - exact) / self.graph.size(exact)
        return MeasuredRun(flow, error, self.counting.products)

    def least_steps(self, time: float) -> int:
        """Return the fewest explicit steps that are stable."""
        return max(1, int(np.ceil(time / self.longest_step * (1.0 - 1e-9))))

    def cheapest(self, method: str, time: float, target: float) -> MeasuredRun | int | None:
        """Find the run with the fewest products whose error is at most `target`.

        Steps of both Euler methods are found from the spectrum, by doubling and halving, and then
        run; the tolerance of Chebyshev, and of the implicit solver, is as loose as it may be.

        Returns
        -------
        The run; the number of steps alone where it is above `MOST_RUN`; None where it is above
        `MOST_STEPS`.
        """
        exact = self.exact(time)
        if method == "chebyshev":
            tolerances = 10.0 ** -np.arange(0.5, 13.1, 0.25)
            return self._first([HeatFlow(time, tol=float(t)) for t in tolerances], exact, target)
        explicit = method == "euler"

        def enough(steps: int) -> bool:
            step = time / steps * self.values
            factors = (1.0 - step) ** steps if explicit else (1.0 + step) ** -steps
            # A little is left for what the solver leaves undone.
            return self.predicted_error(factors, time) <= (0.999 if explicit else 0.9) * target

        steps = fewest(enough, self.least_steps(time) if explicit else 1, MOST_STEPS)
        if steps is None or steps > MOST_RUN[method]:
            return steps
        gamma = time / steps
        if explicit:
            return self._first([ExplicitEuler(gamma, steps)], exact, target)
        tolerances = target * 10.0 ** -np.arange(0.0, 5.1, 0.5)
        flows = [ImplicitEuler(gamma, steps, tol=float(t)) for t in tolerances]
        return self._first(flows, exact, target)

    def _first(
        self, flows: Sequence[Integrator], exact: Float[np.ndarray, "n d"], target: float
    ) -> MeasuredRun:
        for flow in flows:
            run = self.run(flow, exact)
            if run.error <= target:
                return run
        raise ArithmeticError(f"{flows[-1]} leaves an error of {run.error:.3g}, above {target:g}")

    def seconds(self, runs: Sequence[MeasuredRun], least: int) -> list[float]:
        """Return median processor seconds of each run by the plain operator, taking turns.

        Seconds of the processor, not of the clock: what else the machine does is no part of
        them. There are at least `least` turns, and up to 50 of short ones, after one to warm up.
        """
        laplacian = self.graph.laplacian
        laplacian.spectral_bound()
        warm = sum(self._once(run, laplacian) for run in runs)
        turns = int(np.clip(0.5 / max(warm, 1e-6), least, 50))
        taken = [[self._once(run, laplacian) for run in runs] for _ in range(turns)]
        return [float(value) for value in np.median(taken, axis=0)]

    def _once(self, run: MeasuredRun, laplacian: SparseLaplacian) -> float:
        begun = process_time()
        run.flow(laplacian, self.start)
        return process_time() - begun


def fewest(enough: Callable[[int], bool], least: int, most: int) -> int | None:
    """Return the smallest number from `least` to `most` that is enough, by doubling and halving.

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


class CountingLaplacian(SparseLaplacian):
    """`SparseLaplacian` that counts its products with features, those of its solver included.

    The search for the bound on the spectrum is not counted: it takes one vector, once a graph.

    Attributes
    ----------
    products : int
        Products since the count was last set to 0.
    """

    products: int = 0

    def shifted(self, alpha: float, beta: float) -> LinearMap:
        matrix = super().shifted(alpha, beta)

        def counted(x: Tensor) -> Tensor:
            self.products += 1
            return matrix(x)

        return counted

    def _shifted_symmetric(self, gamma: float) -> SparseMatrix:
        return _CountedMatrix(super()._shifted_symmetric(gamma), self)


class _CountedMatrix(SparseMatrix):
    def __init__(self, matrix: SparseMatrix, counter: CountingLaplacian) -> None:
        super().__init__(matrix.indptr, matrix.indices, matrix.values)
        self.counter = counter

    def __call__(self, x: Tensor) -> Tensor:
        self.counter.products += 1
        return super().__call__(x)
