"""Training objective of few-shot tasks: rows, graph, and the gradient of the loss."""

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
from .feature_transforms import rectified_prototypes
from .network import NetworkConfig


@dataclass(frozen=True)
class TaskObjective:
    """Tasks with their graphs and the loss of their networks.

    Attributes
    ----------
    network : NetworkConfig
    points : (t, n, d)
        Support rows, then queries.
    labels : (t, l)
        Classes of the support rows.
    ways : int
    graph : (t, n, n), optional
        Weights; None where neither diffusion nor loss needs a graph.
    prototype_distance_penalty : (t, n - l, c), optional
        alpha |x_q - p_c|, where alpha is not 0.
    """

    network: NetworkConfig
    points: Float[Tensor, "t n d"]
    labels: Int[Tensor, "t l"]
    ways: int
    graph: Float[Tensor, "t n n"] | None
    prototype_distance_penalty: Float[Tensor, "t q c"] | None

    @classmethod
    def from_batch(cls, batch: TaskBatch, network: NetworkConfig) -> TaskObjective:
        """Build the graphs of tasks and the prototype distances that their loss needs.

        The prototypes of the loss are the rectified ones.

        Raises
        ------
        InputError
            If features are not finite.
        """
        points = torch.cat([batch.support, batch.query], dim=1)
        if not bool(torch.isfinite(points).all()):
            raise InputError("features are NaN or infinite; leave those rows out")
        graph = penalty = None
        if network.needs_graph:
            graph = dense_similarity(points, GraphSettings.few_shot(network.ntop, network.sigma))
        if network.alpha > 0.0:
            penalty = network.alpha * torch.cdist(batch.query, rectified_prototypes(batch))
        return cls(network, points, batch.labels, batch.ways, graph, penalty)

    @cached_property
    def laplacian(self) -> DenseLaplacian:
        assert self.graph is not None
        return DenseLaplacian(self.graph, symmetry="symmetric")

    @cached_property
    def one_hot_labels(self) -> Float[Tensor, "t l c"]:
        return torch.nn.functional.one_hot(self.labels, self.ways).to(self.points)

    def diffuse(self, x: Float[Tensor, "t n k"]) -> Float[Tensor, "t n k"]:
        """Return S x; a gamma past the stability bound of a task is let through, as published."""
        if self.network.steps == 0:
            return x
        flow = ExplicitEuler(self.network.gamma, self.network.steps, unstable="allow")
        return diffuse(self.laplacian, x, flow)

    def diffusion_rows(self) -> Float[Tensor, "t m a"]:
        """Return the rows of S that the loss sees, without the columns that are all zero there."""
        t, n, _ = self.points.shape
        m = n if self.network.loss_sees_queries else self.labels.shape[1]
        eye = torch.eye(n, m, dtype=self.points.dtype, device=self.points.device).expand(t, -1, -1)
        if self.network.steps == 0:
            return eye[:, :m]
        return self.diffuse(eye).mT  # S is symmetric

    def gradient(self, out: Float[Tensor, "t m c"]) -> Float[Tensor, "t m c"]:
        """Return the gradient of the loss by the outputs of the rows that it sees."""
        shots = self.labels.shape[1]
        p = out.softmax(-1)
        gradient = torch.zeros_like(out)
        gradient[:, :shots] = (p[:, :shots] - self.one_hot_labels) / shots
        if (penalty := self.prototype_distance_penalty) is not None:
            p = p[:, shots:]
            gradient[:, shots:] = p * (penalty - (p * penalty).sum(-1, keepdim=True))
        if self.network.mu > 0.0:
            # sum_ij w_ij |o_i - o_j|^2 = 2 tr(O^T L O)
            gradient += 4.0 * self.network.mu * self.laplacian.product(out)
        return gradient


def unstable_tasks(batch: TaskBatch, network: NetworkConfig) -> Bool[Tensor, " t"]:
    """Return which tasks have gamma lambda_max(L) > 2, so that some modes grow.

    The published gamma of 0.5 is past that bound for some graphs. The methods run there all the
    same, as published, and this counts how often.
    """
    points = torch.cat([batch.support, batch.query], dim=1)
    graph = dense_similarity(points, GraphSettings.few_shot(network.ntop, network.sigma))
    laplacian = DenseLaplacian(graph.double(), symmetry="symmetric").to_dense()
    return network.gamma * torch.linalg.eigvalsh(laplacian)[:, -1] > 2.0
