"""The window of ntop and sigma in which Proposition 1 applies, and connectivity against log n."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse
import torch
from jaxtyping import Bool, Float, Int
from scipy.sparse import csgraph
from sklearn.datasets import load_digits

from diffresnet.flow import ExplicitEuler, diffuse
from diffresnet.operators import SparseLaplacian
from diffresnet.similarity import nearest_neighbours, similarity_graph

from ...data.synthetic import xor
from ...theory.equilibrium import equilibrium
from ...theory.geometry import subset_geometry

GAMMA = 1.0
BOUNDS = (0.3043, 0.5139)
"""Below the first times ln n neighbours a graph of n random points is disconnected, above the
second it is connected, with probability tending to 1: Balister, Bollobas, Sarkar and Walters,
Connectivity of random k-nearest-neighbour graphs (2005)."""


@dataclass(frozen=True)
class ParameterWindow:
    """L/D and connectivity of XOR over ntop and sigma.

    Attributes
    ----------
    ratio, cross_weight, contraction : (sigmas, ntops)
        L/D after the steps, the share of weight between subsets (self-loops left out), and the
        largest contraction factor inside a subset when the edges between subsets are cut.
    cross_edges : (ntops,)
        Share of the edges that join two subsets.
    pieces : (ntops,)
        The most closed classes in one subset, with the edges between subsets cut: 1 where every
        subset ends at one point.
    """

    ntops: tuple[int, ...]
    sigmas: tuple[float, ...]
    steps: int
    ratio: Float[np.ndarray, "s k"]
    cross_weight: Float[np.ndarray, "s k"]
    contraction: Float[np.ndarray, "s k"]
    cross_edges: Float[np.ndarray, " k"]
    pieces: Int[np.ndarray, " k"]

    @property
    def joined(self) -> Bool[np.ndarray, " k"]:
        """Return the mask of ntops at which an edge joins two subsets."""
        return np.asarray(self.cross_edges > 0)

    @property
    def broken(self) -> Bool[np.ndarray, " k"]:
        """Return the mask of ntops at which a subset does not end at one point."""
        return np.asarray(self.pieces > 1)

    @property
    def applies(self) -> list[int]:
        """Return the ntops at which the proposition applies."""
        inside = ~self.joined & ~self.broken
        return [k for k, ok in zip(self.ntops, inside, strict=True) if ok]

    def rows(self) -> list[dict[str, Any]]:
        """Return a row for each cell of the grid."""
        return [
            {
                "set": "XOR",
                "ntop": k,
                "sigma": sigma,
                "cross_edges": float(self.cross_edges[j]),
                "cross_weight": float(self.cross_weight[i, j]),
                "pieces": int(self.pieces[j]),
                "contraction_inside": float(self.contraction[i, j]),
                "steps": self.steps,
                "ratio": float(self.ratio[i, j]),
            }
            for i, sigma in enumerate(self.sigmas)
            for j, k in enumerate(self.ntops)
        ]


def xor_window(
    ntops: Sequence[int], sigmas: Sequence[float], steps: int = 200, seed: int = 42
) -> ParameterWindow:
    """Measure XOR on the paper's graph for each ntop and sigma."""
    data = xor(seed=seed)
    x, subsets = torch.from_numpy(data.points), torch.from_numpy(data.subsets)
    ratio, weight, contraction = (np.zeros((len(sigmas), len(ntops))) for _ in range(3))
    edges, pieces = np.zeros(len(ntops)), np.zeros(len(ntops), int)
    for j, ntop in enumerate(ntops):
        for i, sigma in enumerate(sigmas):
            graph = similarity_graph(data.points, preset="synthetic", ntop=ntop, bandwidth=sigma)
            inside, edges[j], weight[i, j] = cut(graph, data.subsets)
            alone = equilibrium(inside, GAMMA)
            pieces[j] = max(len(set(alone.ends[data.subsets == s]) - {-1}) for s in range(4))
            contraction[i, j] = alone.contraction
            laplacian = SparseLaplacian(graph, dtype=torch.float64)
            moved = diffuse(laplacian, x, ExplicitEuler(GAMMA, steps))
            ratio[i, j] = subset_geometry(moved, subsets).ratio
    return ParameterWindow(
        tuple(ntops), tuple(sigmas), steps, ratio, weight, contraction, edges, pieces
    )


def cut(
    weights: scipy.sparse.csr_array, subsets: Int[np.ndarray, " n"]
) -> tuple[scipy.sparse.csr_array, float, float]:
    """Cut the edges between subsets; return the graph, and their shares of edges and weight.

    Self-loops are no edges. A weight that has fallen to 0 is an edge of the search all the same.
    """
    edges = weights.tocoo()
    cross = subsets[edges.row] != subsets[edges.col]
    proper = edges.row != edges.col
    inside = scipy.sparse.csr_array(
        (edges.data[~cross], (edges.row[~cross], edges.col[~cross])), shape=weights.shape
    )
    weight = edges.data[cross].sum() / max(edges.data[proper].sum(), np.finfo(float).tiny)
    return inside, float(cross.sum() / proper.sum()), float(weight)


def digits_edges(
    neighbours: Sequence[int],
) -> tuple[Float[np.ndarray, " k"], Int[np.ndarray, " k"]]:
    """Return the share of edges of digits between classes, and the connected pieces without them.

    Both for each number of neighbours.
    """
    points, classes = load_digits(return_X_y=True)
    nearest = nearest_neighbours(torch.from_numpy(points), max(neighbours)).indices.numpy()
    cross, pieces = [], []
    for k in neighbours:
        near = nearest[:, :k]
        differs = classes[near] != classes[:, None]
        cross.append(differs.mean())
        rows, _ = np.nonzero(~differs)
        inside = _adjacency(rows, near[~differs], len(points))
        pieces.append(csgraph.connected_components(inside, directed=False)[0])
    return np.array(cross), np.array(pieces)


def connecting_k(n: int, seed: int) -> tuple[int, int]:
    """Return the smallest numbers of neighbours that connect n random points in a disc.

    Returns
    -------
    The smallest k for which the edges connect all points when their direction is forgotten, and
    the smallest for which the graph with directions has one closed class: all points follow it.
    """
    rng = np.random.default_rng((n, seed))
    angle, radius = 2.0 * np.pi * rng.random(n), np.sqrt(rng.random(n))
    points = torch.from_numpy(radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], 1))
    most = 16
    while True:
        near = nearest_neighbours(points, min(most, n - 1)).indices.numpy()
        connected = closed = 0
        for k in range(1, near.shape[1] + 1):
            graph = _adjacency(np.repeat(np.arange(n), k), near[:, :k].ravel(), n)
            if not connected and csgraph.connected_components(graph, directed=False)[0] == 1:
                connected = k
            if connected and _closed_classes(graph) == 1:
                closed = k
                break
        if closed or most >= n - 1:
            return connected, closed
        most *= 2


def _adjacency(
    rows: Int[np.ndarray, " e"], columns: Int[np.ndarray, " e"], n: int
) -> scipy.sparse.csr_array:
    return scipy.sparse.csr_array((np.ones(len(rows)), (rows, columns)), shape=(n, n))


def _closed_classes(graph: scipy.sparse.csr_array) -> int:
    strong, component = csgraph.connected_components(graph, directed=True, connection="strong")
    edges = graph.tocoo()
    tail, head = component[edges.row], component[edges.col]
    return strong - len(np.unique(tail[tail != head]))
