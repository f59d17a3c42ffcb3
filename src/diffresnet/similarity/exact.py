"""Exact nearest neighbours by matrix products, a chunk of rows at a time."""

from __future__ import annotations

import math
from functools import cached_property

import torch
from jaxtyping import Float, Int
from torch import Tensor

from .index import NeighbourIndex, Neighbours
from .rounded import RoundedPoints, is_faster_rounded
from .selection import largest, nearest_first

# What one chunk of the score matrix may take. glibc maps blocks above 32 MiB anew each time, and to
# clear their pages took as long as half of the product.
CHUNK_BYTES = 16 * 2**20
# On other devices, where many small kernels cost more than memory does.
DEVICE_CHUNK_BYTES = 128 * 2**20
# Each chunk reads all points, so that a few rows at a time would take longest of all.
FEWEST_ROWS = 32
# Candidates kept beyond k before distances are computed anew, to be safe from rounding.
SLACK = 8
# The same where candidates are found in bfloat16.
ROUNDED_SLACK = 16
# Where there are fewer points or queries, or where more of the queries of a chunk need the whole
# product after all, products in bfloat16 save nothing.
ROUNDED_POINTS, ROUNDED_QUERIES, ROUNDED_AGAIN = 2000, 32, 0.25
# Points of which the true neighbours are computed, to measure recall; drawn by a seed of their own.
SAMPLE = 256
RECALL_SEED = 1


class ExactIndex(NeighbourIndex):
    """All points compared with all: exact up to rounding.

    Candidates are ranked by |y|^2 - 2 <x, y>, one matrix product a chunk; the distances of the
    best k + 8 are then computed from differences, so that equal points are at distance 0.

    Parameters
    ----------
    x : (n, d) dense, or sparse CSR whose distances then come from the products themselves.
    """

    method = "exact"
    takes_sparse = True

    def __init__(self, x: Tensor) -> None:
        self.points = Points(x)

    @classmethod
    def build(cls, x: Tensor, k: int) -> ExactIndex:
        return cls(x)

    def neighbours(self, k: int) -> Neighbours:
        indices, distances = self.points.nearest(self.points, k, others=True)
        return Neighbours(indices, distances, self.method, 1.0)

    def query(self, rows: Tensor, k: int, within: Float[Tensor, " m"] | None = None) -> Neighbours:
        indices, distances = self.points.nearest(self.points.like(rows), k)
        return Neighbours(indices, distances, self.method, 1.0)


def measured_recall(x: Float[Tensor, "n d"], indices: Int[Tensor, "n k"]) -> float:
    """Measure the share of the true neighbours of the points among `indices`, on a sample."""
    draw = torch.Generator().manual_seed(RECALL_SEED)
    sample = torch.randperm(indices.shape[0], generator=draw)[:SAMPLE].to(x.device)
    return overlap(indices[sample], sampled_neighbours(Points(x), sample, indices.shape[1]))


def sampled_neighbours(points: Points, sample: Int[Tensor, " s"], k: int) -> Int[Tensor, "s k"]:
    """Find the true neighbours of a few points, themselves left out."""
    indices, _ = points.nearest(points.rows(sample), k + 1)
    itself = indices == sample[:, None]
    # Among equal points a point may miss from its own list: then the last entry goes.
    itself[~itself.any(1), -1] = True
    return indices[~itself].reshape(sample.numel(), k)


def overlap(found: Int[Tensor, "s k"], truth: Int[Tensor, "s k"]) -> float:
    """Return the share of `truth` that is in the same row of `found`."""
    return float((truth[:, :, None] == found[:, None, :]).any(2).float().mean())


def middle_row(x: Float[Tensor, "*b n d"]) -> Float[Tensor, "*b 1 d"]:
    """Return the row nearest the mean, to centre rows by.

    The mean itself is not a number of the data: taken off counts or pixels it would round them,
    and equal distances would differ.
    """
    if x.shape[-2] == 0:
        return x.new_zeros(*x.shape[:-2], 1, x.shape[-1])
    # Divided first, since the sum of large numbers of one sign can overflow.
    mean = (x / x.shape[-2]).sum(-2, keepdim=True)
    at = (x / 2 - mean / 2).abs().sum(-1).argmin(-1)
    return x.take_along_dim(at[..., None, None], -2)


class Points:
    """Rows that others are compared with, centred and scaled so that float32 is enough."""

    def __init__(self, x: Tensor, centre: Tensor | None = None, scale: float | None = None) -> None:
        self.is_sparse = x.layout != torch.strided
        if centre is None and not self.is_sparse and x.shape[0]:
            # Any row near the middle will do, and a few thousand show where that is.
            centre = middle_row(x[:: 1 + x.shape[0] // 4096])[0]
        values = x.values() if self.is_sparse else x
        values = values - centre if centre is not None else values.clone()
        if scale is None:
            least, most = values.aminmax() if values.numel() else (0.0, 0.0)
            scale = max(-float(least), float(most))
            # A power of two, by which division is exact.
            scale = 2.0 ** math.floor(math.log2(scale)) if 0.0 < scale < float("inf") else 1.0
        values.div_(scale)
        self.centre, self.scale = centre, scale
        if self.is_sparse:
            self.x = torch.sparse_csr_tensor(x.crow_indices(), x.col_indices(), values, x.shape)
            rows = torch.repeat_interleave(
                torch.arange(x.shape[0], device=x.device), x.crow_indices().diff()
            )
            self.square = torch.zeros(x.shape[0], dtype=x.dtype, device=x.device)
            self.square.index_add_(0, rows, self.x.values() ** 2)
        else:
            self.x = values
            self.square = torch.linalg.vecdot(values, values)

    def like(self, x: Tensor) -> Points:
        """Return other rows, moved as these were."""
        return Points(x, self.centre, self.scale)

    def rows(self, which: Int[Tensor, " s"]) -> Points:
        """Return some of these rows."""
        some = object.__new__(Points)
        some.is_sparse, some.centre, some.scale = self.is_sparse, self.centre, self.scale
        some.x, some.square = self.x[which], self.square[which]
        return some

    def nearest(
        self, queries: Points, k: int, *, others: bool = False
    ) -> tuple[Int[Tensor, "m k"], Float[Tensor, "m k"]]:
        """Find the k of these rows that are nearest to each query.

        With `others` the queries are these rows, and none is its own neighbour.
        """
        n, m = self.x.shape[0], queries.x.shape[0]
        rounded = self._rounded if min(n / ROUNDED_POINTS, m / ROUNDED_QUERIES) >= 1 else None
        indices: list[Tensor] = []
        distances: list[Tensor] = []
        start = 0
        while start < m or not indices:
            entry = self.x.element_size() if rounded is None else 2
            step = max(FEWEST_ROWS, rows_at_once(n * entry, self.x.device))
            rows = queries.dense(start, min(start + step, m))
            own = torch.arange(start, start + len(rows), device=rows.device) if others else None
            if rounded is None:
                i, d = self._nearest(rows, k, own)
            else:
                best, beyond = rounded.nearest(rows, min(k + ROUNDED_SLACK, n - others), own)
                i, d = nearest_first(best, self.distances(rows, best), k)
                again = ~(d[:, -1] < beyond * self.scale)
                if bool(again.any()):
                    i[again], d[again] = self._nearest(
                        rows[again], k, None if own is None else own[again]
                    )
                if again.float().mean() > ROUNDED_AGAIN:
                    rounded = None
            indices.append(i)
            distances.append(d)
            start += max(1, len(rows))
        return torch.cat(indices), torch.cat(distances)

    def _nearest(
        self, rows: Float[Tensor, "c d"], k: int, own: Int[Tensor, " c"] | None
    ) -> tuple[Int[Tensor, "c k"], Float[Tensor, "c k"]]:
        """Find the same of some rows, which may be the points `own`."""
        scores, others = self.scores(rows), own is not None
        if own is not None:
            scores.scatter_(1, own[:, None], -torch.inf)
        best = largest(scores, min(k + SLACK, self.x.shape[0] - others))
        return nearest_first(best, self.distances(rows, best, scores), k)

    @cached_property
    def _rounded(self) -> RoundedPoints | None:
        """The points in bfloat16, where the processor is fast with them."""
        return RoundedPoints(self.x, self.square) if is_faster_rounded(self.x) else None

    def dense(self, start: int, stop: int) -> Tensor:
        """Return some of the rows, dense."""
        if not self.is_sparse:
            return self.x[start:stop]
        crow = self.x.crow_indices()
        a, b = int(crow[start]), int(crow[stop])
        return torch.sparse_csr_tensor(
            crow[start : stop + 1] - a,
            self.x.col_indices()[a:b],
            self.x.values()[a:b],
            (stop - start, self.x.shape[1]),
        ).to_dense()

    def scores(self, rows: Float[Tensor, "c d"]) -> Float[Tensor, "c n"]:
        """Return 2 <row, x> - |x|^2: the larger, the nearer."""
        if self.is_sparse:
            return (2.0 * (self.x @ rows.T) - self.square[:, None]).T.contiguous()
        return torch.addmm(-self.square[None, :], rows, self.x.T, alpha=2.0)

    def distances(
        self,
        rows: Float[Tensor, "c d"],
        candidates: Int[Tensor, "c w"],
        scores: Tensor | None = None,
    ) -> Float[Tensor, "c w"]:
        """Compute the distances of rows to their candidates, from differences where dense."""
        if self.is_sparse:
            assert scores is not None
            square = (rows * rows).sum(1, keepdim=True)
            d2 = square - scores.gather(1, candidates)
            # Equal rows leave only rounding, which is no distance.
            noise = 8 * torch.finfo(d2.dtype).eps * (square + self.square[candidates])
            return torch.where(d2 <= noise, torch.zeros_like(d2), d2).sqrt() * self.scale
        out = torch.empty(candidates.shape, dtype=rows.dtype, device=rows.device)
        row_bytes = 4 * candidates.shape[1] * rows.shape[1] * rows.element_size()
        step = rows_at_once(row_bytes, rows.device)
        for start in range(0, rows.shape[0], step):
            part = slice(start, start + step)
            near = self.x.index_select(0, candidates[part].flatten())
            difference = near.view(*candidates[part].shape, rows.shape[1]).sub_(rows[part, None, :])
            out[part] = torch.linalg.vector_norm(difference, dim=2)
        return out * self.scale


def rows_at_once(row_bytes: int, device: torch.device) -> int:
    """Return how many rows of scores make a chunk."""
    most = CHUNK_BYTES if device.type == "cpu" else DEVICE_CHUNK_BYTES
    return max(1, most // max(1, row_bytes))
