"""Nearest neighbours inside nearby clusters: matrix products on a small part of all pairs."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from jaxtyping import Float, Int
from torch import Tensor

from ..chunks import map_chunks
from ..progress import stage
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
from .rounded import ROUNDING, as_integers, is_faster_rounded, rounded_points, rounded_rows
from .selection import ascending, at_most, largest, nearest_first, smallest

# Asked for by name, the search goes for this recall.
RECALL = 0.98
# Below this many points there is nothing to save, and too little to measure a recall on.
FEWEST = 64
# The most clusters that a capped search visits, as a share of all.
CAP = 0.1
# Clusters that every row visits first, to know how near others must be.
FIRST = 4
# Candidates are ranked by so many principal components, where those hold this share of the
# variance, and so many more than k are then compared in full.
COMPONENTS = 128
SHARE = 0.8
RERANKED = 16
# Rows that are searched for together, at most and at least, and by all threads; and candidates of
# each row that are kept before the best are taken: they take 4 kB a row with what sorts them. Rows
# and points of one product are whole multiples of TILE: to prepare a product of another shape takes
# longer than to multiply.
ROWS, SMALLEST_CHUNK, ROWS_OF_ALL, KEPT, TILE = 2**16, 2**10, 2**17, 2**6, 256
# A candidate is one number: its row above its score above its place.
PLACE_BITS, SCORE_BITS = 31, 16
# So few rows of a query visit their clusters one after the other: they would not fill the tiles.
FEW = 64
LARGEST_SCORE = torch.iinfo(torch.int16).max
FREE = LARGEST_SCORE << PLACE_BITS
# Scores are off by so many units of their own rounding. That of columns adds as noise does: its sum
# is hardly ever above so many deviations, which are the bound over the root of the columns.
UNITS, LIKELY = 2, 4.0
# Of the points that clusters are made of. Another than RECALL_SEED: the first points drawn are the
# first centres, which have their neighbours about them, and would promise too much recall.
CLUSTER_SEED = 0


class ClusteredIndex(NeighbourIndex):
    """Points in about sqrt(n) clusters, of which a search visits those nearest to each row.

    How many clusters that takes is read off a sample of points whose true neighbours are computed;
    the recall that is returned is measured on another sample. Clusters and candidates are found by
    the first 128 principal components, where the data are nearly as flat as that; the best k + 16
    candidates, by distances rounded to bfloat16, are compared in full. Where the processor has
    tiles, products are in bfloat16 too.
    """

    method = "clustered"
    rows_together = 2**14  # so that some visit the same clusters

    def __init__(self, x: Float[Tensor, "n d"], k: int, recall: float) -> None:
        self.points = Points(x)
        self.directions = _principal_directions(self.points.x)
        flat = self._flat(self.points.x)
        self.centres = cluster_centres(flat, max(1, round(x.shape[0] ** 0.5)))
        member = nearest_centres(flat, self.centres, 1)[:, 0]
        # Points by clusters; a "place" is one in this order.
        self.order = torch.argsort(member, stable=True)
        self.members = member[self.order]
        self.ends = torch.bincount(member, minlength=len(self.centres)).cumsum(0).tolist()
        self.starts = [0, *self.ends[:-1]]
        draw = torch.Generator().manual_seed(RECALL_SEED)
        sample = torch.randperm(x.shape[0], generator=draw)[: 2 * SAMPLE].to(x.device)
        truth = sampled_neighbours(self.points, sample, k)
        half = sample.numel() // 2
        ranked = nearest_centres(flat[sample[:half]], self.centres, len(self.centres))
        self.probes = _probes_needed(ranked, member[truth[:half]], recall)
        self._sample, self._truth = sample[half:], truth[half:]
        self.is_rounded = is_faster_rounded(flat)
        self._length = torch.linalg.vecdot(flat, flat).max().sqrt()
        parts = [self._compared(flat.index_select(0, some)) for some in self.order.split(ROWS)]
        # Products with the last cluster are of whole tiles, too.
        parts.append(parts[0].new_zeros(TILE, parts[0].shape[1]))
        self.flat = torch.cat(parts)

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
        indices, distances = self._search(self.points, self.order, k, others=True)
        recall = overlap(indices[self._sample], self._truth[:, :k])
        return Neighbours(indices, distances, self.method, recall)

    def query(
        self, rows: Float[Tensor, "m d"], k: int, within: Float[Tensor, " m"] | None = None
    ) -> Neighbours:
        order = torch.arange(len(rows), device=rows.device)
        indices, distances = self._search(self.points.like(rows), order, k, within=within)
        return Neighbours(indices, distances, self.method, float("nan"))

    def _flat(self, x: Float[Tensor, "m d"]) -> Float[Tensor, "m p"]:
        return x if self.directions is None else x @ self.directions

    def _search(
        self,
        queries: Points,
        order: Int[Tensor, " m"],
        k: int,
        others: bool = False,
        within: Float[Tensor, " m"] | None = None,
    ) -> tuple[Int[Tensor, "m k"], Float[Tensor, "m k"]]:
        """Search for queries in an order.

        Parameters
        ----------
        others : bool
            Whether the queries are the points, by places, and none is its own neighbour.
        within : as `query` takes it.
        """
        x = queries.x
        indices = torch.zeros(len(x), k, dtype=torch.int64, device=x.device)
        distances = torch.full((len(x), k), torch.inf, dtype=x.dtype, device=x.device)
        width = min(k + RERANKED, len(self.order) - others)

        def search(part: slice) -> None:
            rows = order[part]
            own = x.index_select(0, rows)
            if others:
                itself = torch.arange(part.start, part.start + len(rows), device=x.device)
                keys = self._candidates(self._flat(own), k, width, itself)
            elif within is None and len(own) <= FEW:
                keys = self._candidates_of_few(self._flat(own), k, width)
            elif within is None:
                keys = self._candidates(self._flat(own), k, width)
            else:
                keys = self._candidates_within(self._flat(own), width, within[rows])
                hit = torch.nonzero(keys[:, 0] < FREE)[:, 0]
                rows, own, keys = rows[hit], own[hit], keys[hit]
            is_free = keys == FREE
            near = self.order[keys & (2**PLACE_BITS - 1)]
            d = self.points.distances(own, near)
            d[is_free] = torch.inf
            near, d = nearest_first(near, d, k)
            # No row may have as many as k, where there is a limit.
            indices[rows, : near.shape[1]], distances[rows, : near.shape[1]] = near, d

        chunk = ROWS
        if x.device.type == "cpu":  # every thread has its share, even of a few rows
            share = -(-min(len(order), ROWS_OF_ALL) // torch.get_num_threads())
            chunk = min(ROWS, max(share, SMALLEST_CHUNK))
        if others:
            with stage("searching neighbours", -(-len(order) // chunk)) as advance:
                map_chunks(search, len(order), chunk, x.device, advance)
        else:
            map_chunks(search, len(order), chunk, x.device)
        return indices, distances

    def _candidates(
        self,
        flat: Float[Tensor, "b p"],
        k: int,
        width: int,
        itself: Int[Tensor, " b"] | None = None,
    ) -> Int[Tensor, "b w"]:
        """Return the best points, as keys, in the clusters that are nearest to each row.

        Parameters
        ----------
        k : at least so many are found, from all clusters if need be.
        itself : places of the rows, where none is its own neighbour.
        """
        clusters = nearest_centres(flat, self.centres, self.probes)
        if itself is not None:  # in the first cluster, whatever rounding makes of two as near
            own = self.members[itself][:, None]
            clusters = torch.where(clusters == own, clusters[:, :1], clusters)
            clusters[:, :1] = own
        rows = self._rows(flat)
        best = _Best(len(rows), width, flat.device)
        for start, some, scores in self._products(rows, clusters[:, :1]):
            if itself is not None:
                scores.scatter_(1, (itself[some] - start)[:, None], LARGEST_SCORE)
            limit = smallest(scores, width).amax(1) if width < scores.shape[1] else best.limit[some]
            best.offer(some, start, scores, limit)
        best.settle()
        for first, end in ((1, FIRST), (FIRST, self.probes)):
            for start, some, scores in self._products(rows, clusters[:, first:end]):
                best.offer(some, start, scores, best.limit[some])
            best.settle()
        few = torch.nonzero((best.keys < FREE).sum(1) < k)[:, 0]
        for some in few.split(rows_at_once(4 * len(self.flat), flat.device)):
            scores = self._scores(rows[some], self.flat)[:, : len(self.order)]
            if itself is not None:
                scores.scatter_(1, itself[some][:, None], LARGEST_SCORE)
            best.keys[some] = FREE
            best.offer(some, 0, scores, smallest(scores, width).amax(1))
            best.settle()
        return best.keys

    def _candidates_of_few(
        self, flat: Float[Tensor, "b p"], k: int, width: int
    ) -> Int[Tensor, "b w"]:
        """Return the same of a few rows: each meets all points of its clusters in one product."""
        keys = torch.full((len(flat), width), FREE, device=flat.device)
        clusters = nearest_centres(flat, self.centres, self.probes).tolist()
        every = torch.arange(len(self.order), device=flat.device)
        for row, visited, of_row in zip(self._rows(flat), clusters, keys, strict=True):
            places = torch.cat([every[self.starts[c] : self.ends[c]] for c in visited])
            if len(places) < k:
                places = every
            points = self.flat.index_select(0, places).to(flat.dtype)
            scores = as_integers(points @ row.to(flat.dtype)).clamp_min_(0)
            score, best = scores.topk(min(width, len(places)), largest=False, sorted=True)
            of_row[: len(best)] = score.long() << PLACE_BITS | places[best]
        return keys

    def _candidates_within(
        self, flat: Float[Tensor, "b p"], width: int, within: Float[Tensor, " b"]
    ) -> Int[Tensor, "b w"]:
        """Return the same, of points that are not farther away than that: most rows have few."""
        half = (within / self.points.scale).square() / 2.0
        length = flat.norm(dim=1)
        half = half + 4.0 * torch.finfo(flat.dtype).eps * (length + self._length).square()
        if self.is_rounded:
            # A bound of what is lost in rounding, and that times what is likely of it.
            lost = ROUNDING * length * self._length
            half = half + lost * min(1.0, LIKELY / flat.shape[1] ** 0.5)
        limit = (as_integers(half).int() + UNITS).clamp_max(LARGEST_SCORE - 1).short()
        best = _Best(len(flat), width, flat.device, limit)
        rows = self._rows(flat)
        clusters = nearest_centres(flat, self.centres, self.probes)
        for start, some, scores in self._products(rows, clusters):
            best.offer(some, start, scores, best.limit[some])
        best.settle()
        return best.keys[:, : max(1, int((best.keys < FREE).any(0).sum()))]

    def _products(
        self, rows: Tensor, clusters: Int[Tensor, "b c"]
    ) -> Iterator[tuple[int, Int[Tensor, " r"], Int[Tensor, "r p"]]]:
        """Yield the first place of each cluster, rows that visit it, and their scores."""
        visits = torch.argsort(clusters.flatten(), stable=True) // max(1, clusters.shape[1])
        counts = torch.bincount(clusters.flatten(), minlength=len(self.centres)).tolist()
        for start, end, some in zip(self.starts, self.ends, visits.split(counts), strict=True):
            if start == end or not len(some):
                continue
            points = self.flat[start : start + _whole_tiles(end - start)]
            step = min(2 * TILE, max(1, rows_at_once(4 * len(points), rows.device)))
            for part in some.split(step):
                # A large cluster meets few rows at a time.
                whole = min(step, _whole_tiles(len(part)))
                filled = torch.nn.functional.pad(part, (0, whole - len(part)))
                scores = self._scores(rows.index_select(0, filled), points)
                yield start, part, scores[: len(part), : end - start]

    def _compared(self, flat: Float[Tensor, "c p"]) -> Tensor:
        """Return points as rows are compared with them."""
        square = torch.linalg.vecdot(flat, flat)
        if self.is_rounded:
            return rounded_points(flat, square)
        # Two more columns, so that a product gives |x|^2 / 2 + |y|^2 / 2 - <x, y>.
        return torch.cat([flat, square[:, None] / 2.0, torch.ones_like(flat[:, :1])], dim=1)

    def _rows(self, flat: Float[Tensor, "c p"]) -> Tensor:
        """Return rows as they are compared with `flat`."""
        square = torch.linalg.vecdot(flat, flat)
        if self.is_rounded:
            return rounded_rows(flat, square)
        return torch.cat([-flat, torch.ones_like(flat[:, :1]), square[:, None] / 2.0], dim=1)

    def _scores(self, rows: Tensor, points: Tensor) -> Int[Tensor, "r p"]:
        """Return how far points are from rows: the less, the nearer."""
        return as_integers(rows @ points.T)


class _Best:
    """The best candidates of rows.

    Attributes
    ----------
    keys : (b, width) score and place of each, nearest first; FREE where there is none.
    limit : (b,) the highest score that still is among the best.
    """

    def __init__(
        self, rows: int, width: int, device: torch.device, limit: Int[Tensor, " b"] | None = None
    ) -> None:
        if limit is None:
            limit = torch.full((rows,), LARGEST_SCORE - 1, dtype=torch.int16, device=device)
        self.keys, self.limit = torch.full((rows, width), FREE, device=device), limit
        self._offered: list[Tensor] = []
        self._count = 0

    def offer(
        self, rows: Int[Tensor, " r"], start: int, scores: Int[Tensor, "r p"], limit: Tensor
    ) -> None:
        """Consider places from `start` on for some rows, up to a limit (r,) of their scores."""
        row, column, score = at_most(scores, limit)
        key = rows[row] << SCORE_BITS | score.clamp_min_(0).long()
        self._offered.append(key << PLACE_BITS | (column + start))
        self._count += len(key)
        if self._count > KEPT * len(self.keys):
            self.settle()

    def settle(self) -> None:
        """Take the best of what was offered."""
        if self._count:
            b, width = self.keys.shape
            keys = ascending(torch.cat(self._offered))
            rows = keys >> (SCORE_BITS + PLACE_BITS)
            everyone = torch.arange(b, device=rows.device)
            rank = torch.arange(len(rows), device=rows.device)
            rank -= torch.searchsorted(rows, everyone)[rows]
            among = rank < width  # more of one row cannot be
            new = torch.full_like(self.keys, FREE)
            new[rows[among], rank[among]] = keys[among] & (2 ** (SCORE_BITS + PLACE_BITS) - 1)
            self.keys = ascending(torch.cat([self.keys, new], dim=1))[:, :width]
            last = ((self.keys[:, -1] >> PLACE_BITS) - 1).short()
            self.limit = torch.minimum(self.limit, last)
        self._offered, self._count = [], 0


def _whole_tiles(count: int) -> int:
    return -(-count // TILE) * TILE


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
        member = nearest_centres(sample, centres, 1)[:, 0]
        count = torch.bincount(member, minlength=clusters)
        total = torch.zeros_like(centres).index_add_(0, member, sample)
        centres = torch.where(count[:, None] > 0, total / count.clamp_min(1)[:, None], centres)
    return centres


def nearest_centres(x: Tensor, centres: Tensor, count: int) -> Int[Tensor, "n c"]:
    """Return so many centres for each row, nearest first."""
    square = (centres * centres).sum(1)
    step = rows_at_once(len(centres) * x.element_size(), x.device)
    out = torch.empty(len(x), count, dtype=torch.int64, device=x.device)
    for rows, nearest in zip(x.split(step), out.split(step), strict=True):
        scores = torch.addmm(-square[None, :], rows, centres.T, alpha=2.0)
        near = largest(scores, count)
        if count > 1:
            by_score = scores.gather(1, near).argsort(dim=1, descending=True, stable=True)
            near = near.gather(1, by_score)
        nearest[:] = near
    return out


def _probes_needed(ranked: Int[Tensor, "s c"], holding: Int[Tensor, "s k"], recall: float) -> int:
    """How many clusters, from the nearest on, hold that share of the true neighbours of a sample.

    Parameters
    ----------
    ranked : clusters, nearest first.
    holding : those of the true neighbours.
    """
    ranks = ranked.argsort(dim=1).gather(1, holding).flatten()
    return int(ranks.float().quantile(min(1.0, recall), interpolation="higher")) + 1
