"""The labelled points and graphs on which Proposition 1 is measured."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import scipy.optimize
import scipy.sparse
import torch
from jaxtyping import Float, Int
from scipy.sparse import csgraph
from sklearn.datasets import load_digits

from diffresnet.operators import SparseLaplacian
from diffresnet.similarity import similarity_graph

from ...data.synthetic import SyntheticSet, circle, moon, spiral, xor

SYNTHETIC: dict[str, tuple[Callable[..., SyntheticSet], int, int]] = {
    "XOR": (xor, 20, 200),
    "circle": (circle, 50, 200),
    "moon": (moon, 25, 60),
    "spiral": (spiral, 25, 900),
}
"""Name -> generator, ntop and steps of the paper."""

SIGMA = 0.5
MOON_SHIFT = 2
"""The paper's seed of the moons is 40, where that of the other sets is 42."""


@dataclass(frozen=True)
class SubsetCase:
    """Points, their subsets, and the graph along which they move.

    Attributes
    ----------
    weights : (n, n)
        Each row sums to 1, or to 0.
    paper_steps : int
        Steps in the paper, 0 if it has none.
    decades : float
        Powers of ten by which the slowest mode is followed down.
    """

    name: str
    points: Float[np.ndarray, "n d"]
    subsets: Int[np.ndarray, " n"]
    weights: scipy.sparse.csr_array
    paper_steps: int
    decades: float

    def laplacian(self) -> SparseLaplacian:
        """Return the operator of the graph, in float64."""
        return SparseLaplacian(self.weights, dtype=torch.float64)

    @property
    def cross_weight(self) -> float:
        """Return the share of weight on edges between subsets; self-loops are no edges."""
        edges = self.weights.tocoo()
        outside = edges.row != edges.col
        cross = self.subsets[edges.row] != self.subsets[edges.col]
        return float(edges.data[cross].sum() / edges.data[outside].sum())


def synthetic_case(name: str, seed: int = 42, decades: float = 9.0) -> SubsetCase:
    """Return one of the paper's sets with the paper's graph: row-normalised, sigma 0.5."""
    make, ntop, steps = SYNTHETIC[name]
    data = make(seed=max(0, seed - MOON_SHIFT) if name == "moon" else seed)
    weights = similarity_graph(data.points, preset="synthetic", ntop=ntop, bandwidth=SIGMA)
    return SubsetCase(name, data.points, data.subsets, weights, steps, decades)


def digits_cases(decades: float = 3.0) -> tuple[SubsetCase, SubsetCase, SubsetCase]:
    """Return the digits three times: as they are, and twice with no edge between classes.

    The second has the true classes as subsets, the third the connected components that are left
    of them. All walk on the default graph of 10 neighbours.
    """
    points, classes = load_digits(return_X_y=True)
    points, classes = points.astype(np.float64), classes.astype(np.int64)
    whole = scipy.sparse.csr_array(similarity_graph(points))
    edges = whole.tocoo()
    inside = classes[edges.row] == classes[edges.col]
    cut = scipy.sparse.csr_array(
        (edges.data[inside], (edges.row[inside], edges.col[inside])), shape=whole.shape
    )
    pieces = csgraph.connected_components(cut, directed=False)[1].astype(np.int64)
    return (
        SubsetCase("digits, graph as it is", points, classes, _walk(whole), 0, decades),
        SubsetCase("digits, no edges between classes", points, classes, _walk(cut), 0, decades),
        SubsetCase("digits, its components as subsets", points, pieces, _walk(cut), 0, decades),
    )


def hulls_apart(points: Float[np.ndarray, "n d"], subsets: Int[np.ndarray, " n"]) -> bool:
    """Check whether the convex hulls of all subsets are disjoint: a plane between every two.

    For each pair a linear programme looks for u and c with u.x >= c + 1 on one subset and
    u.x <= c - 1 on the other.
    """
    centred = points - points.mean(0)
    parts = [centred[subsets == s] for s in np.unique(subsets)]
    return all(_plane_between(a, b) for a, b in combinations(parts, 2))


def _plane_between(a: Float[np.ndarray, "n d"], b: Float[np.ndarray, "m d"]) -> bool:
    # The difference of means is often such a u, and costs nothing.
    u = a.mean(0) - b.mean(0)
    if (a @ u).min() > (b @ u).max():
        return True
    sides = np.block([[-a, np.ones((len(a), 1))], [b, -np.ones((len(b), 1))]])
    solved = scipy.optimize.linprog(
        np.zeros(sides.shape[1]), A_ub=sides, b_ub=-np.ones(len(sides)), bounds=(None, None)
    )
    return bool(solved.status == 0)


def _walk(weights: scipy.sparse.csr_array) -> scipy.sparse.csr_array:
    degree = weights.sum(axis=1)
    inverse = np.divide(1.0, degree, out=np.zeros_like(degree), where=degree > 0)
    return scipy.sparse.csr_array(scipy.sparse.diags_array(inverse) @ weights)
