"""Nearest neighbours inside nearby clusters: matrix products on a small part of all pairs."""

from __future__ import annotations

import torch
from jaxtyping import Float, Int
from torch import Tensor

from .exact import (
    RECALL_SEED,
    SAMPLE,
    ExactIndex,
    Points,
    overlap,
    rows_at_once,
    sampled_neighbours,
)
from .index import NeighbourIndex, Neighbours
from .rounded import is_faster_rounded, rounded_points, rounded_rows, rounded_scores
from .selection import largest, nearest_first

# Asked for by name, the search goes for this recall.
RECALL = 0.98
# Below this many points there is nothing to save, and too little to measure a recall on.
FEWEST = 64
# The most clusters that a capped search visits, as a share of all.
CAP = 0.1
# Candidates are ranked by so many principal components, where those hold this share of the
# variance, and so many more than k are then compared in full.
COMPONENTS = 128
SHARE = 0.8
RERANKED = 16
# Of the points that clusters are made of. Another than RECALL_SEED: the first points drawn are the
# first centres, which have their neighbours about them, and would promise too much recall.
CLUSTER_SEED = 0


class ClusteredIndex(NeighbourIndex):
    """Points in about sqrt(n) clusters, of which a search visits those nearest to each point's own.

    How many clusters that takes is read off a sample of points whose true neighbours are computed;
    the recall that is returned is measured on another sample. Clusters and candidates are found by
    the first 128 principal components, where the data are nearly as flat as that; the best k + 16
    candidates are compared in full. Where the processor has tiles, candidates are found in
    bfloat16.
    """

    method = "clustered"

    def __init__(self, x: Float[Tensor, "n d"], k: int, recall: float) -> None:
        self.points = Points(x)
        self.directions = _principal_directions(self.points.x)
        flat = self._flat(self.points.x)
        self.centres = cluster_centres(flat, max(1, round(x.shape[0] ** 0.5)))
        member = _nearest_centre(flat, self.centres)
        self.order = torch.argsort(member, stable=True)
        sizes = torch.bincount(member, minlength=len(self.centres))
        self.ends = sizes.cumsum(0).tolist()
        self.starts = [0, *self.ends[:-1]]
        self.ranked = torch.cdist(self.centres, self.centres).fill_diagonal_(-1.0).argsort(dim=1)
        draw = torch.Generator().manual_seed(RECALL_SEED)
        sample = torch.randperm(x.shape[0], generator=draw)[: 2 * SAMPLE].to(x.device)
        truth = sampled_neighbours(self.points, sample, k)
        half = sample.numel() // 2
        self.probes = _probes_needed(self.ranked, member, sample[:half], truth[:half], recall)
        self._sample, self._truth = sample[half:], truth[half:]
        self.is_rounded = is_faster_rounded(flat)
        flat = flat.index_select(0, self.order)
        square = torch.linalg.vecdot(flat, flat)
        if self.is_rounded:
            self.flat = rounded_points(flat, square)
        else:
            # One more column, so that one product gives <x, y> - |y|^2 / 2: the larger, the nearer.
            self.flat = torch.cat([flat, square[:, None] / -2.0], dim=1)

    @classmethod
    def build(
        cls, x: Float[Tensor, "n d"], k: int, recall: float = RECALL, capped: bool = False
    ) -> NeighbourIndex:
        """Build the index for a recall.

        Where more than half of the clusters would be needed, or points are few, the exact one is
        returned; a capped search stops at a tenth of them, whatever the recall. Only points without
        neighbourhoods of their own, such as isotropic noise in many dimensions, need so many.
        """
        if x.shape[0] < FEWEST:
            return ExactIndex(x)
        index = cls(x, k, recall)
        if capped:
            index.probes = max(1, min(index.probes, int(CAP * len(index.centres))))
        elif index.probes > len(index.centres) // 2:
            return ExactIndex(x)
        return index

    def neighbours(self, k: int) -> Neighbours:
        sizes = torch.tensor([b - a for a, b in zip(self.starts, self.ends, strict=True)])
        members = torch.repeat_interleave(torch.arange(len(sizes)), sizes)
        indices, distances = self._search(self.points, self.order, members.to(self.order), k, True)
        recall = overlap(indices[self._sample], self._truth[:, :k])
        return Neighbours(indices, distances, self.method, recall)

    def query(self, rows: Float[Tensor, "m d"], k: int) -> Neighbours:
        queries = self.points.like(rows)
        member = _nearest_centre(self._flat(queries.x), self.centres)
        order = torch.argsort(member, stable=True)
        indices, distances = self._search(queries, order, member[order], k, False)
        return Neighbours(indices, distances, self.method, float("nan"))

    def _flat(self, x: Float[Tensor, "m d"]) -> Float[Tensor, "m p"]:
        return x if self.directions is None else x @ self.directions

    def _search(
        self,
        queries: Points,
        order: Int[Tensor, " m"],
        members: Int[Tensor, " m"],
        k: int,
        others: bool,
    ) -> tuple[Int[Tensor, "m k"], Float[Tensor, "m k"]]:
        """Search for queries in the order of their clusters.

        Parameters
        ----------
        order, members : (m,) queries, and the cluster of each, ascending.
        others : bool
            Whether the queries are the points, and none is its own neighbour.
        """
        x = queries.x
        indices = torch.empty(len(x), k, dtype=torch.int64, device=x.device)
        distances = torch.empty(len(x), k, dtype=x.dtype, device=x.device)
        ends = torch.bincount(members, minlength=len(self.centres)).cumsum(0).tolist()
        for cluster, (first, end) in enumerate(zip([0, *ends[:-1]], ends, strict=True)):
            if first == end:
                continue
            columns = self._candidates(cluster, k + others)
            candidates = self.flat.index_select(0, columns)
            step = rows_at_once(len(columns) * candidates.element_size(), x.device)
            for start in range(first, end, step):
                stop = min(start + step, end)
                rows = order[start:stop]
                part = x.index_select(0, rows)
                scores = self._scores(self._flat(part), candidates)
                if others:  # a cluster is its own nearest, so its points are the first candidates
                    here = torch.arange(start, stop, device=x.device)
                    scores[here - start, here - first] = _lowest(scores.dtype)
                best = min(k + RERANKED, len(columns) - others)
                near = self.order[columns[largest(scores, best)]]
                d = self.points.distances(part, near, scores)
                indices[rows], distances[rows] = nearest_first(near, d, k)
        return indices, distances

    def _scores(self, flat: Float[Tensor, "c p"], candidates: Tensor) -> Tensor:
        """Return how near candidates are to rows, the larger the nearer."""
        if self.is_rounded:
            return rounded_scores(rounded_rows(flat, torch.linalg.vecdot(flat, flat)), candidates.T)
        return torch.cat([flat, torch.ones_like(flat[:, :1])], dim=1) @ candidates.T

    def _candidates(self, cluster: int, fewest: int) -> Int[Tensor, " c"]:
        """Return places in `order` of the points of a cluster and of those nearest to it."""
        ranked = self.ranked[cluster].tolist()
        near, others = ranked[: self.probes], iter(ranked[self.probes :])
        count = sum(self.ends[c] - self.starts[c] for c in near)
        while count < fewest:  # a few clusters can be tiny
            near.append(next(others))
            count += self.ends[near[-1]] - self.starts[near[-1]]
        device = self.order.device
        return torch.cat([torch.arange(self.starts[c], self.ends[c], device=device) for c in near])


def _lowest(dtype: torch.dtype) -> float:
    return torch.finfo(dtype).min if dtype.is_floating_point else torch.iinfo(dtype).min


def _principal_directions(x: Float[Tensor, "n d"]) -> Float[Tensor, "d p"] | None:
    """Return the first principal directions of wide points that are flat, else None."""
    if x.shape[1] < 1.5 * COMPONENTS:
        return None
    sample = x[:: 1 + x.shape[0] // 8192]
    sample = sample - sample.mean(0)
    variance, directions = torch.linalg.eigh(sample.T @ sample)
    if variance[-COMPONENTS:].sum() < SHARE * variance.sum():
        return None
    return directions[:, -COMPONENTS:]


def cluster_centres(x: Tensor, clusters: int, rounds: int = 5) -> Float[Tensor, "c d"]:
    """Cluster centres by a few rounds of k-means on at most 64 points a cluster."""
    draw = torch.Generator().manual_seed(CLUSTER_SEED)
    sample = x[torch.randperm(x.shape[0], generator=draw)[: 64 * clusters].to(x.device)]
    centres = sample[:clusters].clone()
    for _ in range(rounds):
        member = _nearest_centre(sample, centres)
        count = torch.bincount(member, minlength=clusters)
        total = torch.zeros_like(centres).index_add_(0, member, sample)
        centres = torch.where(count[:, None] > 0, total / count.clamp_min(1)[:, None], centres)
    return centres


def _nearest_centre(x: Tensor, centres: Tensor) -> Int[Tensor, " n"]:
    square = (centres * centres).sum(1)
    step = rows_at_once(len(centres) * x.element_size(), x.device)
    parts = [
        torch.addmm(-square[None, :], rows, centres.T, alpha=2.0).argmax(1)
        for rows in x.split(step)
    ]
    return torch.cat(parts)


def _probes_needed(
    ranked: Tensor, member: Tensor, sample: Tensor, truth: Tensor, recall: float
) -> int:
    """How many clusters, from the nearest on, hold that share of the sample's true neighbours."""
    rank = torch.empty_like(ranked)
    rank.scatter_(1, ranked, torch.arange(ranked.shape[1], device=ranked.device).expand_as(ranked))
    ranks = rank[member[sample][:, None], member[truth]].flatten()
    return int(ranks.float().quantile(min(1.0, recall), interpolation="higher")) + 1
