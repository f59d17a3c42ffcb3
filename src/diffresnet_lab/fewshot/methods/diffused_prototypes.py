"""Prototypes on diffused features, refined, with the shares of the classes estimated."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from diffresnet.errors import InputError
from diffresnet.flow import HeatFlow, diffuse
from diffresnet.operators import DenseLaplacian
from diffresnet.similarity import GraphSettings, dense_similarity

from ..batch import TaskBatch
from ..tricks import Centre, Chain, unit
from .nearest_prototype import squared_distances

Shares = Literal["free", "estimated", "equal"]

SCALINGS = 20
"""Times that assignments are scaled to the shares of the classes."""


@dataclass(frozen=True)
class DiffusedPrototypes:
    """Diffuse the rows of a task on its graph, then refine soft prototypes.

    1. Rows x of support and queries move by the heat flow exp(-t L) x and are scaled to length 1,
       since diffusion shrinks them. L = I - D^-1 W is of the random walk on the nearest
       neighbours, w_ij = exp(-2.5 |x_i - x_j|^2 / (s_i s_j)), without self-loops.
    2. Queries are assigned by p_qc = softmax_c(-T |x_q - m_c|^2 + g_c), and each prototype m_c
       becomes the mean of its support rows, weighing `support_weight` each, and of all queries,
       weighing p_qc.
    3. The offsets g make every class c receive the share pi_c of the queries (Sinkhorn's scaling).
       The shares are estimated: n_c = sum_q p_qc of a first run with g = 0 are counts with the
       variance v = sum_qc p_qc (1 - p_qc), and James and Stein's estimate shrinks them towards
       equal shares u = q / c by as much as this doubt explains of how unequal they are:
       pi q = u + max(0, 1 - doubt v / |n - u|^2) (n - u).

    Nothing is trained and nothing drawn. Give it rows by `roots_and_centre`.

    Parameters
    ----------
    strength : float
        t; 0 leaves the diffusion out.
    neighbors : int
        Of each row.
    scale_neighbor : int
        Whose distance is the local scale s.
    sharpness : float
        T.
    support_weight : float
    rounds : int
        Of the refinement; 0 leaves it out.
    shares : {"free", "estimated", "equal"}
        "free": g = 0. "equal": pi_c = 1 / c, for a user who knows that every class has the same
        number of queries; it loses much where this is wrong.
    doubt : float
        1 would take the assignments for independent; they are wrong together where a prototype is.

    References
    ----------
    Ren et al., "Meta-learning for semi-supervised few-shot classification" (ICLR 2018), for the
    refinement. James, Stein, "Estimation with quadratic loss" (1961).
    """

    strength: float = 0.5
    neighbors: int = 8
    scale_neighbor: int = 3
    sharpness: float = 15.0
    support_weight: float = 3.0
    rounds: int = 4
    shares: Shares = "estimated"
    doubt: float = 3.0

    def __post_init__(self) -> None:
        if not (self.strength >= 0.0 and self.doubt >= 0.0 and self.rounds >= 0):
            raise InputError("diffused prototypes need strength, doubt and rounds >= 0")
        if not (self.sharpness > 0.0 and self.support_weight > 0.0):
            raise InputError("diffused prototypes need sharpness > 0 and support_weight > 0")
        if self.shares not in ("free", "estimated", "equal"):
            raise InputError(f"shares are free, estimated or equal, not {self.shares!r}")
        self.graph  # noqa: B018 - it checks the numbers of neighbours

    @property
    def graph(self) -> GraphSettings:
        return GraphSettings(
            n_neighbors=self.neighbors,
            scale_neighbor=self.scale_neighbor,
            normalize="random_walk",
        )

    def __call__(self, batch: TaskBatch) -> Float[Tensor, "t q c"]:
        batch = self.diffused(batch)
        if self.shares == "free":
            return self.refined(batch)
        equal = torch.full_like(batch.query[:, :1, :1], 1.0 / batch.ways).expand(-1, 1, batch.ways)
        if self.shares == "equal":
            return self.refined(batch, equal)
        return self.refined(batch, shrunk_shares(self.refined(batch), self.doubt))

    def diffused(self, batch: TaskBatch) -> TaskBatch:
        """Rows after the flow, in other coordinates where there are more columns than rows."""
        x = torch.cat([batch.support, batch.query], dim=1)
        if x.shape[2] > x.shape[1]:
            # A rotation: what follows sees inner products of rows only.
            x = torch.linalg.qr(x.mT, mode="r").R.mT
        if self.strength > 0.0:
            laplacian = DenseLaplacian(dense_similarity(x, self.graph), symmetry="none")
            x = diffuse(laplacian, x, HeatFlow(gamma=self.strength, steps=1))
        shots = batch.labels.shape[1]
        return unit(replace(batch, support=x[:, :shots], query=x[:, shots:]))

    def refined(
        self, batch: TaskBatch, shares: Float[Tensor, "t 1 c"] | None = None
    ) -> Float[Tensor, "t q c"]:
        """Assignments of the queries after the rounds of refinement."""
        member = torch.nn.functional.one_hot(batch.labels, batch.ways).to(batch.support)
        sums = self.support_weight * member.mT @ batch.support
        weight = self.support_weight * member.sum(1)[:, :, None]
        p = self.assigned(batch.query, sums / weight, shares)
        for _ in range(self.rounds):
            means = (sums + p.mT @ batch.query) / (weight + p.sum(1)[:, :, None])
            p = self.assigned(batch.query, means, shares)
        return p

    def assigned(
        self,
        query: Float[Tensor, "t q d"],
        means: Float[Tensor, "t c d"],
        shares: Float[Tensor, "t 1 c"] | None,
    ) -> Float[Tensor, "t q c"]:
        """softmax_c(-T |x_q - m_c|^2 + g_c)."""
        scores = -self.sharpness * squared_distances(query, means)
        return scores.softmax(-1) if shares is None else scaled(scores, shares)


def scaled(
    scores: Float[Tensor, "t q c"], shares: Float[Tensor, "t #1 c"]
) -> Float[Tensor, "t q c"]:
    """softmax_c(scores + g) with g such that class c has the mean shares_c, nearly.

    The last step makes every row sum to 1, so that shares are met to the precision of `SCALINGS`.
    """
    offset = torch.zeros_like(scores[:, :1])
    wanted = shares.log()
    for _ in range(SCALINGS):
        log_p = (scores + offset).log_softmax(-1)
        offset = offset + wanted - (log_p.logsumexp(1, keepdim=True) - np.log(scores.shape[1]))
    return (scores + offset).softmax(-1)


def shrunk_shares(p: Float[Tensor, "t q c"], doubt: float = 1.0) -> Float[Tensor, "t 1 c"]:
    """The shares of the classes by James and Stein's estimate from uncertain assignments.

    Examples
    --------
    >>> sure = torch.tensor([[[1.0, 0.0], [1.0, 0.0], [1.0, 0.0], [0.0, 1.0]]])
    >>> shrunk_shares(sure).tolist()
    [[[0.75, 0.25]]]
    >>> shrunk_shares((sure + 0.5) / 2).tolist()
    [[[0.5, 0.5]]]
    """
    queries, ways = p.shape[1:]
    apart = p.sum(1, keepdim=True) - queries / ways
    variance = (p * (1.0 - p)).sum((1, 2), keepdim=True)
    size = apart.square().sum(2, keepdim=True)
    keep = (1.0 - doubt * variance / size.clamp(min=torch.finfo(p.dtype).tiny)).clamp(min=0.0)
    # No class is ruled out: its logarithm is needed.
    return ((1.0 / ways) + keep * apart / queries).clamp(min=1e-6)


def root(batch: TaskBatch) -> TaskBatch:
    """Square roots of the sizes of all entries, with their signs (PT-MAP's power of 1/2)."""
    return replace(batch, support=_root(batch.support), query=_root(batch.query))


def _root(x: Tensor) -> Tensor:
    return x.abs().sqrt() * x.sign()


def roots_and_centre(mean: Float[np.ndarray, " d"]) -> Chain:
    """Square roots, length 1, the mean of the base classes so treated subtracted, length 1.

    Unlike the means of support and queries apart, the base mean does not follow the shares of the
    classes among the queries.
    """
    moved = np.sign(mean) * np.sqrt(np.abs(mean))
    length = float(np.linalg.norm(moved))
    return Chain((root, unit, Centre((moved / (length or 1.0)).astype(np.float32)), unit))
