"""What training sees of few-shot tasks: rows, graph, and the slope of the loss."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from diffresnet.errors import InputError
from diffresnet.flow import ExplicitEuler, diffuse
from diffresnet.operators import DenseLaplacian
from diffresnet.similarity import GraphSettings, dense_similarity

from .batch import TaskBatch
from .network import Network
from .tricks import rectified_prototypes


@dataclass(frozen=True)
class Problem:
    """Tasks with their graphs.

    Attributes
    ----------
    network : Network
    points : (t, n, d)
        Support rows, then queries.
    labels : (t, l)
        Of the support rows.
    ways : int
    graph : (t, n, n), optional
        Weights; None where neither diffusion nor loss needs a graph.
    pull : (t, n - l, c), optional
        alpha |x_q - p_c|, where alpha is not 0.
    """

    network: Network
    points: Float[Tensor, "t n d"]
    labels: Int[Tensor, "t l"]
    ways: int
    graph: Float[Tensor, "t n n"] | None
    pull: Float[Tensor, "t q c"] | None

    @classmethod
    def of(cls, batch: TaskBatch, network: Network) -> Problem:
        """Prepare tasks.

        The prototypes of the loss are the rectified ones.

        Raises
        ------
        InputError
            If features are not finite.
        """
        points = torch.cat([batch.support, batch.query], dim=1)
        if not bool(torch.isfinite(points).all()):
            raise InputError("features are NaN or infinite; leave those rows out")
        graph = pull = None
        if network.needs_graph:
            graph = dense_similarity(points, GraphSettings.few_shot(network.ntop, network.sigma))
        if network.alpha > 0.0:
            pull = network.alpha * torch.cdist(batch.query, rectified_prototypes(batch))
        return cls(network, points, batch.labels, batch.ways, graph, pull)

    @cached_property
    def laplacian(self) -> DenseLaplacian:
        assert self.graph is not None
        return DenseLaplacian(self.graph, symmetry="symmetric")

    @cached_property
    def truth(self) -> Float[Tensor, "t l c"]:
        """The labels as rows of zeros with a one."""
        return torch.nn.functional.one_hot(self.labels, self.ways).to(self.points)

    def diffused(self, x: Float[Tensor, "t n k"]) -> Float[Tensor, "t n k"]:
        """S x. A gamma past the stability bound of a task is let through, as it was published."""
        if self.network.steps == 0:
            return x
        flow = ExplicitEuler(self.network.gamma, self.network.steps, unstable="allow")
        return diffuse(self.laplacian, x, flow)

    def spread(self) -> Float[Tensor, "t m a"]:
        """The rows of S that the loss looks at, and of these the columns that are not all zero."""
        t, n, _ = self.points.shape
        m = n if self.network.all_rows else self.labels.shape[1]
        pick = torch.eye(n, m, dtype=self.points.dtype, device=self.points.device).expand(t, -1, -1)
        if self.network.steps == 0:
            return pick[:, :m]
        return self.diffused(pick).mT  # S is symmetric

    def slope(self, out: Float[Tensor, "t m c"]) -> Float[Tensor, "t m c"]:
        """The derivative of the loss by the outputs of the rows that it looks at."""
        shots = self.labels.shape[1]
        p = out.softmax(-1)
        slope = torch.zeros_like(out)
        slope[:, :shots] = (p[:, :shots] - self.truth) / shots
        if self.pull is not None:
            p = p[:, shots:]
            slope[:, shots:] = p * (self.pull - (p * self.pull).sum(-1, keepdim=True))
        if self.network.mu > 0.0:
            # sum_ij w_ij |o_i - o_j|^2 = 2 tr(O^T L O)
            slope += 4.0 * self.network.mu * self.laplacian.product(out)
        return slope


def unstable_tasks(batch: TaskBatch, network: Network) -> Bool[Tensor, " t"]:
    """For which tasks gamma lambda_max(L) > 2, so that some modes grow instead of fading.

    The published gamma of 0.5 is past that bound for some graphs. The methods run there all the
    same, as published, and this counts how often.
    """
    points = torch.cat([batch.support, batch.query], dim=1)
    graph = dense_similarity(points, GraphSettings.few_shot(network.ntop, network.sigma))
    laplacian = DenseLaplacian(graph.double(), symmetry="symmetric").to_dense()
    return network.gamma * torch.linalg.eigvalsh(laplacian)[:, -1] > 2.0
