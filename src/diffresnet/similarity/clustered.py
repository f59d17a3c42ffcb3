"""Nearest neighbours inside nearby clusters: matrix products on a small part of all pairs."""

from __future__ import annotations

import torch
from jaxtyping import Float, Int
from torch import Tensor

from .exact import CHUNK_BYTES, Points, largest, nearest_first

SAMPLE = 256
# The most clusters that a capped search visits, as a share of all.
CAP = 0.1
# Candidates are ranked by so many principal components, where those hold this share of the
# variance, and so many more than k are then compared in full.
COMPONENTS = 128
SHARE = 0.8
RERANKED = 16


def clustered_search(
    x: Float[Tensor, "n d"], k: int, *, recall: float, capped: bool = False
) -> tuple[Int[Tensor, "n k"], Float[Tensor, "n k"], str, float]:
    """Neighbours among the points of the nearest clusters, as many as the recall asks for.

    The points are cut into about sqrt(n) clusters. Each point is compared with all points of the
    clusters nearest to its own. How many clusters that takes is read off a sample of points whose
    true neighbours are computed; the recall that is returned is measured on another sample.
    Where more than half of the clusters would be needed, the search is exact; a capped one stops at
    a tenth of them, whatever the recall. Only points without neighbourhoods of their own, such as
    isotropic noise in many dimensions, need so many.

    Clusters and candidates are found by the first 128 principal components, where the data are
    nearly as flat as that; the best k + 16 candidates are compared in full.

    Returns
    -------
    indices, distances, method, recall
    """
    n = x.shape[0]
    points = Points(x)
    flat = _principal(points.x)
    centres = _lloyd(flat, max(1, round(n**0.5)))
    member = _nearest_centre(flat, centres)
    order = torch.argsort(member, stable=True)
    ends = torch.bincount(member, minlength=len(centres)).cumsum(0).tolist()
    ranked = torch.cdist(centres, centres).fill_diagonal_(-1.0).argsort(dim=1)

    draw = torch.Generator().manual_seed(0)
    sample = torch.randperm(n, generator=draw)[: 2 * SAMPLE].to(x.device)
    truth = exact_neighbours_of(points, sample, k)
    tried = sample.numel() // 2
    probes = _probes_needed(ranked, member, sample[:tried], truth[:tried], recall)
    if capped:
        probes = max(1, min(probes, int(CAP * len(centres))))
    elif probes > len(centres) // 2:
        return *points.nearest(points, k, others=True), "exact", 1.0

    # One more column, so that one product gives <x, y> - |y|^2 / 2: the larger, the nearer.
    flat = flat.index_select(0, order)
    half = torch.linalg.vecdot(flat, flat)[:, None] / -2.0
    queries = torch.cat([flat, torch.ones_like(half)], dim=1)
    flat = torch.cat([flat, half], dim=1)
    starts = [0, *ends[:-1]]
    indices = torch.empty(n, k, dtype=torch.int64, device=x.device)
    distances = torch.empty(n, k, dtype=x.dtype, device=x.device)
    for cluster, near in enumerate(ranked[:, :probes].tolist()):
        if starts[cluster] == ends[cluster]:
            continue
        # Until there are enough candidates: a few clusters can be tiny.
        extra = iter(ranked[cluster, probes:].tolist())
        count = sum(ends[c] - starts[c] for c in near)
        while count < k + 1:
            near.append(next(extra))
            count += ends[near[-1]] - starts[near[-1]]
        columns = torch.cat([torch.arange(starts[c], ends[c], device=x.device) for c in near])
        candidates = flat.index_select(0, columns)
        step = max(1, CHUNK_BYTES // (count * x.element_size()))
        for start in range(starts[cluster], ends[cluster], step):
            stop = min(start + step, ends[cluster])
            scores = queries[start:stop] @ candidates.T
            # A cluster is its own nearest, so its points are the first candidates.
            here = torch.arange(start, stop, device=x.device)
            scores[here - start, here - starts[cluster]] = -torch.inf
            best = order[columns[largest(scores, min(k + RERANKED, count - 1))]]
            d = points.distances(points.x.index_select(0, order[start:stop]), best, scores)
            i, d = nearest_first(best, d, k)
            indices[order[start:stop]] = i
            distances[order[start:stop]] = d
    found = _overlap(indices[sample[tried:]], truth[tried:])
    return indices, distances, "clustered", found


def _principal(x: Float[Tensor, "n d"]) -> Float[Tensor, "n p"]:
    """The first principal components of wide points that are flat; others as they are."""
    if x.shape[1] < 1.5 * COMPONENTS:
        return x
    sample = x[:: 1 + x.shape[0] // 8192]
    sample = sample - sample.mean(0)
    variance, directions = torch.linalg.eigh(sample.T @ sample)
    if variance[-COMPONENTS:].sum() < SHARE * variance.sum():
        return x
    return x @ directions[:, -COMPONENTS:]


def exact_neighbours_of(points: Points, sample: Tensor, k: int) -> Int[Tensor, "s k"]:
    """True neighbours of a few points, themselves left out."""
    indices, _ = points.nearest(points.rows(sample), k + 1)
    itself = indices == sample[:, None]
    # Among equal points a point may miss from its own list: then the last entry goes.
    itself[~itself.any(1), -1] = True
    return indices[~itself].reshape(sample.numel(), k)


def measured_recall(x: Tensor, indices: Int[Tensor, "n k"]) -> float:
    """Share of true neighbours among `indices`, on a sample of points."""
    draw = torch.Generator().manual_seed(0)
    sample = torch.randperm(x.shape[0], generator=draw)[:SAMPLE].to(x.device)
    return _overlap(indices[sample], exact_neighbours_of(Points(x), sample, indices.shape[1]))


def _overlap(found: Tensor, truth: Tensor) -> float:
    return float((truth[:, :, None] == found[:, None, :]).any(2).float().mean())


def _lloyd(x: Tensor, clusters: int, rounds: int = 5) -> Float[Tensor, "c d"]:
    """Cluster centres by a few rounds of k-means on at most 64 points a cluster."""
    draw = torch.Generator().manual_seed(0)
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
    step = max(1, CHUNK_BYTES // (len(centres) * x.element_size()))
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
