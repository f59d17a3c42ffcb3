"""How much every given label adds to a score: a row of the linear solve, or columns of it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import scipy.sparse
import torch
from jaxtyping import Bool, Float, Int
from scipy.sparse import csgraph

from ..flow import diffuse_with_boundary
from ..operators import SparseLaplacian
from .calibrator import SMALLEST
from .evidence import Evidence
from .points import LabelledPoints
from .problem import PriorInputs, Solution

TOLERANCE = 1e-8
# Numbers in a block of columns that are solved at once.
BLOCK = 1 << 23
# So that a path does not go round in circles for nothing.
SHORTEST = 1e-9


@dataclass(frozen=True)
class PointInfluence:
    """Contributions of the labelled points to the score of one class at one point.

    Attributes
    ----------
    graph : (l,)
        What each label adds along the graph.
    prior : (l,)
        What each label adds through the prior.
    base : float
        The rest of the prior, which belongs to no label.
    """

    graph: Float[np.ndarray, " l"]
    prior: Float[np.ndarray, " l"]
    base: float


@dataclass(frozen=True)
class Influence:
    """Influence of the labels y and the prior p on scores u with (L + mu D) u = mu D p.

    At labelled points u = y; at all others it is a weighted mean u_i = sum_l G_il y_l +
    sum_j H_ij p_j. The weights of one point are one solve with a unit vector at it, and those of
    one label at all points are another: nothing here is (n, n).

    Attributes
    ----------
    graph : (n, n) weights along which scores are propagated.
    labels : LabelledPoints
    prior : (n, c)
    prior_weight : mu
    inputs : what the prior was made of.
    """

    graph: scipy.sparse.csr_array
    labels: LabelledPoints
    prior: Float[np.ndarray, "n c"]
    prior_weight: float
    inputs: PriorInputs

    @classmethod
    def of(cls, labels: LabelledPoints, inputs: PriorInputs, solution: Solution) -> Influence:
        """Keep what a solution was made of."""
        return cls(solution.graph, labels, solution.prior, solution.prior_weight, inputs)

    @cached_property
    def evidence(self) -> list[Evidence]:
        """The parts of the prior."""
        return Evidence.all_of(self.inputs)

    def of_point(self, point: int, code: int, *, by_prior: bool = False) -> PointInfluence:
        """Return the contributions to the score of a class at a point.

        Parameters
        ----------
        by_prior : whether the score is that of the prior alone, as where no label reaches.
        """
        weights = np.zeros(len(self.prior))
        graph = np.zeros(len(self.labels))
        if point in self.labels.at:
            graph[self.labels.at == point] = 1.0
        elif by_prior or self.prior_weight == float("inf"):
            weights[point] = 1.0
        else:
            weights, graph = self._solve_for(point)
        total = float(weights @ self.prior[:, code])
        prior = np.zeros_like(graph)
        if weights.any():
            for part in self.evidence:
                prior += part.of_points(weights, code, len(graph))
        graph *= self.labels.distributions[:, code]
        return PointInfluence(graph, prior, total - float(prior.sum()))

    def _solve_for(self, point: int) -> tuple[Float[np.ndarray, " n"], Float[np.ndarray, " l"]]:
        """Return H and G of one point: rows of the inverse by the adjoint system."""
        unit, fixed = (
            torch.zeros(len(self.prior), 1, dtype=torch.float64),
            self._mask(self.labels.at),
        )
        unit[point] = 1.0
        gamma = 1 / self.prior_weight
        x = diffuse_with_boundary(self._precise, unit, fixed, gamma, TOLERANCE)[:, 0].numpy()
        degree = np.asarray(self.graph.sum(axis=1)).ravel()
        # The operator is self-adjoint in the inner product of the degrees.
        degree = np.where(degree > 0, degree, 1.0)
        graph = (self.graph[self.labels.at] @ x) / (self.prior_weight * degree[point])
        return x * degree / degree[point], graph

    def strongest(
        self, codes: Int[np.ndarray, " n"], count: int
    ) -> tuple[Int[np.ndarray, "n k"], Float[np.ndarray, "n k"]]:
        """Return which labels of a class add most to the score of it at each point.

        One solve for each label, in blocks of columns.

        Parameters
        ----------
        codes : (n,) class of each point.
        count : how many labels.

        Returns
        -------
        labels : (n, k) as indices into the labelled points, the strongest first.
        shares : (n, k) of each in what all labels of the class add; not positive for no label.
        """
        n, width = len(self.prior), max(1, BLOCK // len(self.prior))
        wanted = torch.from_numpy(codes)[:, None]
        order = np.argsort(self.labels.codes, kind="stable")
        best = torch.full((n, count), -torch.inf)
        which, total = torch.zeros(n, count, dtype=torch.int64), torch.zeros(n, 1)
        for start in range(0, len(order), width):
            block = order[start : start + width]
            classes = self.labels.codes[block]
            parts = self._of_labels(block, classes)
            parts[wanted != torch.from_numpy(classes)] = -torch.inf
            total += parts.clamp_min(0.0).sum(1, keepdim=True)
            best, at = torch.cat([best, parts], dim=1).topk(count, dim=1)
            every = torch.from_numpy(block).expand(n, -1)
            which = torch.cat([which, every], dim=1).gather(1, at)
        return which.numpy(), (best / total.clamp_min(SMALLEST)).double().numpy()

    def _of_labels(
        self, block: Int[np.ndarray, " b"], classes: Int[np.ndarray, " b"]
    ) -> torch.Tensor:
        """Return what each label adds to the score of its class, (n, b)."""
        parts = torch.zeros(len(self.prior), len(block))
        for part in self.evidence:
            parts += part.of_labels(block, classes)
        parts[self.labels.at] = 0.0
        own = self.labels.distributions[block, classes]
        parts[self.labels.at[block], np.arange(len(block))] = torch.from_numpy(own).to(parts)
        if self.prior_weight == float("inf"):
            return parts
        fixed = self._mask(self.labels.at)
        return diffuse_with_boundary(self._laplacian, parts, fixed, 1 / self.prior_weight)

    def paths(self, point: int) -> list[list[int]]:
        """Return the likeliest walk of the graph from a point to each labelled point.

        The weight of a label along the graph is the sum over all walks that end at it and meet no
        other label, of the product of their steps; the likeliest is its largest term. A list is
        empty where there is no such walk.
        """
        walk = scipy.sparse.coo_array(self.graph)
        start, end = walk.coords
        degree = np.asarray(self.graph.sum(axis=1)).ravel()
        goes_on = (walk.data > 0) & (~np.isin(start, self.labels.at) | (start == point))
        start, end = start[goes_on], end[goes_on]
        step = np.log1p(self.prior_weight) if np.isfinite(self.prior_weight) else SHORTEST
        length = np.log(degree[start] / walk.data[goes_on]) + max(step, SHORTEST)
        lengths = scipy.sparse.csr_matrix((length, (start, end)), shape=walk.shape)
        _, before = csgraph.dijkstra(lengths, indices=point, return_predecessors=True)
        found = []
        for end in self.labels.at.tolist():
            path = [end]
            while before[path[-1]] >= 0:
                path.append(int(before[path[-1]]))
            found.append(path[::-1] if path[-1] == point else [])
        return found

    def _mask(self, held: Int[np.ndarray, " h"]) -> Bool[torch.Tensor, "n 1"]:
        fixed = torch.zeros(len(self.prior), 1, dtype=torch.bool)
        fixed[held] = True
        return fixed

    @cached_property
    def _laplacian(self) -> SparseLaplacian:
        return SparseLaplacian.random_walk(self.graph)

    @cached_property
    def _precise(self) -> SparseLaplacian:
        return SparseLaplacian.random_walk(self.graph, dtype=torch.float64)
