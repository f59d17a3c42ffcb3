"""Limits of a diffusion and its rate: closed classes of the graph, slowest mode."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import scipy.linalg
import scipy.sparse
import scipy.sparse.linalg
from jaxtyping import Float, Int
from scipy.sparse import csgraph

from diffresnet.operators.symmetry import reversing_measure

# Up to here all eigenvalues of a symmetric, and of any other, block are computed: a second each.
DENSE_SYMMETRIC = 2000
DENSE_OTHER = 1000
KRYLOV = 60


@dataclass(frozen=True)
class Equilibrium:
    """Long-run behaviour of dx/dt = -L x, and of explicit steps that are stable on the graph.

    Point i follows point j where w_ij > 0. A closed class is a set of points that all follow one
    another, by way of others, and follow nobody else; an undirected graph's are its connected
    components. There are as many as L has eigenvalues 0.

    Attributes
    ----------
    classes : int
        Number of closed classes.
    ends : (n,)
        The closed class that a point follows in the end, from 0 on in no order: all points of one
        closed class, and those that lead there alone, tend to one position. -1 for a point that
        leads to several and tends to a mixture of their positions.
    contraction : float
        max |1 - gamma lambda| over the eigenvalues lambda != 0 of L: the factor a step by which
        points come nearer to where they end, in the long run. 0 where nothing moves.
    eigenvalue : complex
        The lambda where it is taken; 0 where nothing moves.
    """

    classes: int
    ends: Int[np.ndarray, " n"]
    contraction: float
    eigenvalue: complex


def equilibrium(weights: scipy.sparse.csr_array, gamma: float = 1.0) -> Equilibrium:
    """Find the closed classes of a graph, and the slowest mode of explicit steps on it.

    L is block triangular by strongly connected components, so its eigenvalues are those of the
    blocks; each closed class has exactly one eigenvalue 0, and no other block has any.

    Parameters
    ----------
    weights : (n, n)
        Non-negative; L = diag(W 1) - W.
    gamma : float
        Length of an explicit Euler step.

    Examples
    --------
    >>> path = scipy.sparse.csr_array([[0.0, 0.5, 0.0], [0.5, 0.0, 0.5], [0.0, 0.5, 0.0]])
    >>> end = equilibrium(path)
    >>> end.classes, round(end.contraction, 12)
    (1, 0.5)
    """
    strong, component, closed = _components(weights)
    slowest = [
        (abs(1.0 - gamma * value), value) for value in _moving(weights, component, closed, gamma)
    ]
    rate, eigenvalue = max(slowest, key=lambda pair: pair[0], default=(0.0, 0.0))
    # The smallest and the largest class in reach of each component, spread against the edges.
    number = np.cumsum(closed) - 1
    low = np.where(closed, number, strong)
    high = np.where(closed, number, -1)
    edges = weights.tocoo()
    tail, head = component[edges.row], component[edges.col]
    while True:
        before = low.copy(), high.copy()
        np.minimum.at(low, tail, low[head])
        np.maximum.at(high, tail, high[head])
        if np.array_equal(before[0], low) and np.array_equal(before[1], high):
            break
    ends = np.where(low == high, low, -1)[component]
    return Equilibrium(int(closed.sum()), ends, float(rate), complex(eigenvalue))


def limit(
    weights: scipy.sparse.csr_array, points: Float[np.ndarray, "n d"]
) -> Float[np.ndarray, "n d"]:
    """Return the limit of exp(-tL) X.

    A closed class ends at its mean under the stationary measure, pi^T L = 0; a point outside
    ends at the mean of where those end that it follows, which is a linear system.
    """
    _, component, closed = _components(weights)
    laplacian = _laplacian(weights)
    ends = np.zeros_like(points)
    settled = closed[component]
    for rows in _members(component, closed):
        ends[rows] = _stationary(weights, rows) @ points[rows]
    rest = np.flatnonzero(~settled)
    if rest.size:
        pull = -laplacian[rest][:, np.flatnonzero(settled)] @ ends[settled]
        solve = scipy.sparse.linalg.splu(scipy.sparse.csc_array(laplacian[rest][:, rest])).solve
        ends[rest] = solve(pull)
    return ends


def _components(
    weights: scipy.sparse.csr_array,
) -> tuple[int, Int[np.ndarray, " n"], np.ndarray]:
    """Return the number of strong components, that of each point, and which are closed."""
    strong, component = csgraph.connected_components(weights, directed=True, connection="strong")
    edges = weights.tocoo()
    tail, head = component[edges.row], component[edges.col]
    closed = np.ones(strong, bool)
    closed[tail[(tail != head) & (edges.data > 0)]] = False
    return strong, component.astype(np.int64), closed


def _members(component: Int[np.ndarray, " n"], wanted: np.ndarray) -> Iterator[np.ndarray]:
    order = np.argsort(component, kind="stable")
    starts = np.searchsorted(component[order], np.arange(len(wanted) + 1))
    for c in np.flatnonzero(wanted):
        yield order[starts[c] : starts[c + 1]]


def _laplacian(weights: scipy.sparse.csr_array) -> scipy.sparse.csr_array:
    degree = scipy.sparse.diags_array(np.asarray(weights.sum(axis=1)))
    return scipy.sparse.csr_array(degree - weights)


def _moving(
    weights: scipy.sparse.csr_array,
    component: Int[np.ndarray, " n"],
    closed: np.ndarray,
    gamma: float,
) -> Iterator[complex]:
    """Yield the eigenvalues of L other than the zeros; of a large block, only the slowest."""
    laplacian = _laplacian(weights)
    single = np.bincount(component) == 1
    yield from laplacian.diagonal()[(single & ~closed)[component]].tolist()
    for rows in _members(component, ~single):
        block = scipy.sparse.csr_array(laplacian[rows][:, rows])
        is_closed = bool(closed[component[rows[0]]])
        measure = reversing_measure(scipy.sparse.csr_array(weights[rows][:, rows]))
        if measure is not None:
            root = scipy.sparse.diags_array(np.sqrt(measure))
            back = scipy.sparse.diags_array(1.0 / np.sqrt(measure))
            block = scipy.sparse.csr_array(root @ block @ back)
        values = _eigenvalues(block, measure is not None, gamma, 1 + is_closed)
        if is_closed:
            values = np.delete(values, np.abs(values).argmin())
        yield from values.tolist()


def _eigenvalues(
    block: scipy.sparse.csr_array, symmetric: bool, gamma: float, wanted: int
) -> np.ndarray:
    """Return all eigenvalues; of a large block, those of largest |1 - gamma lambda|."""
    n = block.shape[0]
    if n <= (DENSE_SYMMETRIC if symmetric else DENSE_OTHER) or gamma == 0.0:
        dense = block.toarray()
        return scipy.linalg.eigvalsh(dense) if symmetric else scipy.linalg.eigvals(dense)
    step = scipy.sparse.eye_array(n, format="csr") - gamma * block
    find = scipy.sparse.linalg.eigsh if symmetric else scipy.sparse.linalg.eigs
    start = np.random.default_rng(0).standard_normal(n)
    values = find(step, k=wanted, which="LM", ncv=KRYLOV, v0=start, return_eigenvectors=False)
    return np.asarray((1.0 - values) / gamma)


def _stationary(
    weights: scipy.sparse.csr_array, rows: Int[np.ndarray, " m"]
) -> Float[np.ndarray, " m"]:
    """Return pi >= 0 with pi^T L = 0 and sum 1, for a closed class."""
    block = scipy.sparse.csr_array(weights[rows][:, rows])
    measure = reversing_measure(block)
    if measure is None:
        # One of the equations follows from the others; the sum stands in its place.
        system = _laplacian(block).T.tolil()
        system[-1, :] = 1.0
        right = np.zeros(len(rows))
        right[-1] = 1.0
        measure = scipy.sparse.linalg.splu(scipy.sparse.csc_array(system)).solve(right)
    return np.asarray(measure / measure.sum())
