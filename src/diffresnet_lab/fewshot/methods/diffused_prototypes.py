"""Refined prototypes on diffused features, with estimated shares of the classes."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
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
from ..config import FewShotConfig
from ..feature_transforms import Centre, Chain, l2_normalize
from ..method_spec import JSON_KEY, MethodSpec
from .nearest_prototype import squared_distances

Shares = Literal["free", "estimated", "equal"]

SCALINGS = 20
"""Iterations of Sinkhorn's scaling."""


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

    Nothing is trained and nothing drawn. Give it rows by `sqrt_and_centre`.

    Parameters
    ----------
    strength : float
        Diffusion time t; 0 leaves the diffusion out.
    neighbors : int
        Neighbours of each row in the graph.
    scale_neighbor : int
        Rank of the neighbour whose distance is the local scale s.
    inverse_temperature : float
        T.
    support_weight : float
        Weight of a support row in a prototype; that of a query is p_qc, at most 1.
    rounds : int
        Iterations of the refinement; 0 leaves it out.
    shares : {"free", "estimated", "equal"}
        "free": g = 0. "equal": pi_c = 1 / c, for a user who knows that every class has the same
        number of queries; it loses much where this is wrong.
    doubt : float
        Factor of the variance: 1 would take the assignments for independent, but they are wrong
        together where a prototype is.

    References
    ----------
    Ren et al., "Meta-learning for semi-supervised few-shot classification" (ICLR 2018), for the
    refinement. James, Stein, "Estimation with quadratic loss" (1961).
    """

    strength: float = 0.5
    neighbors: int = 8
    scale_neighbor: int = 3
    inverse_temperature: float = field(default=15.0, metadata={JSON_KEY: "sharpness"})
    support_weight: float = 3.0
    rounds: int = 4
    shares: Shares = "estimated"
    doubt: float = 3.0

    def __post_init__(self) -> None:
        if not (self.strength >= 0.0 and self.doubt >= 0.0 and self.rounds >= 0):
            raise InputError("diffused prototypes need strength, doubt and rounds >= 0")
        if not (self.inverse_temperature > 0.0 and self.support_weight > 0.0):
            raise InputError("diffused prototypes need inverse_temperature, support_weight > 0")
        if self.shares not in ("free", "estimated", "equal"):
            raise InputError(f"shares are free, estimated or equal, not {self.shares!r}")
        self.graph  # noqa: B018 - checks the numbers of neighbours

    @property
    def graph(self) -> GraphSettings:
        return GraphSettings(
            n_neighbors=self.neighbors,
            scale_neighbor=self.scale_neighbor,
            normalize="random_walk",
        )

    def __call__(self, batch: TaskBatch) -> Float[Tensor, "t q c"]:
        batch = self.diffuse(batch)
        if self.shares == "free":
            return self.refine(batch)
        equal = torch.full_like(batch.query[:, :1, :1], 1.0 / batch.ways).expand(-1, 1, batch.ways)
        if self.shares == "equal":
            return self.refine(batch, equal)
        return self.refine(batch, shrunk_shares(self.refine(batch), self.doubt))

    def diffuse(self, batch: TaskBatch) -> TaskBatch:
        """Diffuse the rows, in other coordinates where there are more columns than rows."""
        x = torch.cat([batch.support, batch.query], dim=1)
        if x.shape[2] > x.shape[1]:
            # A rotation: what follows sees inner products of rows only.
            x = torch.linalg.qr(x.mT, mode="r").R.mT
        if self.strength > 0.0:
            laplacian = DenseLaplacian(dense_similarity(x, self.graph), symmetry="none")
            x = diffuse(laplacian, x, HeatFlow(gamma=self.strength, steps=1))
        shots = batch.labels.shape[1]
        return l2_normalize(replace(batch, support=x[:, :shots], query=x[:, shots:]))

    def refine(
        self, batch: TaskBatch, shares: Float[Tensor, "t 1 c"] | None = None
    ) -> Float[Tensor, "t q c"]:
        """Return the assignments of the queries after the refinement."""
        one_hot = torch.nn.functional.one_hot(batch.labels, batch.ways).to(batch.support)
        sums = self.support_weight * one_hot.mT @ batch.support
        weight = self.support_weight * one_hot.sum(1)[:, :, None]
        p = self.assign(batch.query, sums / weight, shares)
        for _ in range(self.rounds):
            means = (sums + p.mT @ batch.query) / (weight + p.sum(1)[:, :, None])
            p = self.assign(batch.query, means, shares)
        return p

    def assign(
        self,
        query: Float[Tensor, "t q d"],
        means: Float[Tensor, "t c d"],
        shares: Float[Tensor, "t 1 c"] | None,
    ) -> Float[Tensor, "t q c"]:
        """Return softmax_c(-T |x_q - m_c|^2 + g_c)."""
        scores = -self.inverse_temperature * squared_distances(query, means)
        return scores.softmax(-1) if shares is None else softmax_with_shares(scores, shares)


def softmax_with_shares(
    scores: Float[Tensor, "t q c"], shares: Float[Tensor, "t #1 c"]
) -> Float[Tensor, "t q c"]:
    """Return softmax_c(scores + g) with g such that class c has the mean shares_c, nearly.

    The last step makes every row sum to 1, so that shares are met to the precision of `SCALINGS`.
    """
    offset = torch.zeros_like(scores[:, :1])
    log_shares = shares.log()
    for _ in range(SCALINGS):
        log_p = (scores + offset).log_softmax(-1)
        offset = offset + log_shares - (log_p.logsumexp(1, keepdim=True) - np.log(scores.shape[1]))
    return (scores + offset).softmax(-1)


def shrunk_shares(p: Float[Tensor, "t q c"], doubt: float = 1.0) -> Float[Tensor, "t 1 c"]:
    """Return the shares of the classes by James and Stein's estimate from soft assignments.

    Examples
    --------
    >>> sure = torch.tensor([[[1.0, 0.0], [1.0, 0.0], [1.0, 0.0], [0.0, 1.0]]])
    >>> shrunk_shares(sure).tolist()
    [[[0.75, 0.25]]]
    >>> shrunk_shares((sure + 0.5) / 2).tolist()
    [[[0.5, 0.5]]]
    """
    queries, ways = p.shape[1:]
    excess = p.sum(1, keepdim=True) - queries / ways
    variance = (p * (1.0 - p)).sum((1, 2), keepdim=True)
    distance = excess.square().sum(2, keepdim=True)
    keep = (1.0 - doubt * variance / distance.clamp(min=torch.finfo(p.dtype).tiny)).clamp(min=0.0)
    # No class is ruled out: its logarithm is needed.
    return ((1.0 / ways) + keep * excess / queries).clamp(min=1e-6)


def signed_sqrt(batch: TaskBatch) -> TaskBatch:
    """Take square roots of absolute values and keep the signs (PT-MAP's power of 1/2)."""
    support, query = (x.abs().sqrt() * x.sign() for x in (batch.support, batch.query))
    return replace(batch, support=support, query=query)


def sqrt_and_centre(mean: Float[np.ndarray, " d"]) -> Chain:
    """Return square roots, L2 normalisation, centring by the base mean so treated, and L2 again.

    Unlike the means of support and queries apart, the base mean does not follow the shares of the
    classes among the queries.
    """
    root = np.sign(mean) * np.sqrt(np.abs(mean))
    length = float(np.linalg.norm(root))
    centre = Centre((root / (length or 1.0)).astype(np.float32))
    return Chain((signed_sqrt, l2_normalize, centre, l2_normalize))


def _build(config: FewShotConfig) -> DiffusedPrototypes:
    return DiffusedPrototypes(shares="equal" if config.balanced else "estimated")


SPEC = MethodSpec(
    "best",
    "Diffused prototypes",
    _build,
    options=("balanced",),
    raw_transform=sqrt_and_centre,
    paper_transform=sqrt_and_centre,
    note="Diffused prototypes take raw features and the base mean, whatever transforms are chosen: "
    "they have a transform of their own",
)
