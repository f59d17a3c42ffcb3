"""The similarity graph of partitions: the edges of each, and the points beyond its border."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse
import torch
from jaxtyping import Float, Int

from ...similarity import GraphSettings, Neighbours, NeighbourSearch
from ...similarity.selection import nearest_first
from ...similarity.weights import bandwidth, gaussian, kept
from ..points import locality_order
from .borders import seen
from .points import PartPoints, Visits

# What an approximate search in a partition goes for: some neighbours are in none that is visited.
RECALL = 0.97
# Visitors that a partition looks for neighbours of at once, at least.
BATCH = 2**16


@dataclass(frozen=True)
class Found:
    """The nearest neighbours of the points of a partition.

    Attributes
    ----------
    neighbours : (n, k) numbers among the points of all partitions.
    distances : (n, k), ascending.
    width : (n,) of the Gaussian of each point; -1 where it has no direction to be compared by.
    remote : numbers of neighbours in other partitions, ascending.
    """

    neighbours: Int[np.ndarray, "n k"]
    distances: Float[np.ndarray, "n k"]
    width: Float[np.ndarray, " n"]
    remote: Int[np.ndarray, " h"]


@dataclass(frozen=True)
class Nearest:
    """The nearest points of one partition to points of this or other ones.

    Attributes
    ----------
    rows : (m,) points, numbered in their own partition.
    neighbours : (m, k) numbers among the points of all partitions.
    distances : (m, k), ascending; infinite where there is no neighbour.
    ends : (p + 1,) where the points of partition i begin.
    """

    rows: Int[np.ndarray, " m"]
    neighbours: Int[np.ndarray, "m k"]
    distances: Float[np.ndarray, "m k"]
    ends: Int[np.ndarray, " p1"]

    def of(self, partition: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return points of a partition, their neighbours and the distances."""
        part = slice(self.ends[partition], self.ends[partition + 1])
        return self.rows[part], self.neighbours[part], self.distances[part]


@dataclass(frozen=True)
class Visitors:
    """Points that look for neighbours in another partition.

    Attributes
    ----------
    rows : (v,) points, numbered in their own partition.
    x : (v, d) features.
    within : (v,) distances of the farthest neighbours that they have at home.
    """

    rows: Int[np.ndarray, " v"]
    x: Float[np.ndarray, "v d"]
    within: Float[np.ndarray, " v"]

    @classmethod
    def of(cls, points: PartPoints, visits: Visits, home: Nearest, to: int) -> Visitors:
        """Gather those of a partition that go to another."""
        rows = visits.to(to)
        return cls(rows, points.x[rows], home.distances[rows, -1])


def find_at_home(
    points: PartPoints,
    first: int,
    settings: GraphSettings,
    method: str,
    device: torch.device,
) -> Nearest:
    """Find the points of a partition that are nearest to each of them.

    Parameters
    ----------
    first : number of the first point.
    """
    every = np.arange(len(points))
    found = _search(points, settings, method, device).nearest()
    return Nearest(every, *_padded(found, every, first, settings), np.array([0, len(points)]))


def find_for_visitors(
    points: PartPoints,
    visitors: Sequence[Visitors],
    first: int,
    settings: GraphSettings,
    method: str,
    device: torch.device,
) -> Nearest:
    """Find the points of a partition that are nearer to visitors than what these have at home."""
    k, search = settings.neighbors_needed, _search(points, settings, method, device)
    found: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = [
        (np.empty(0, np.int64), np.empty((0, k), np.int64), np.empty((0, k), np.float32))
    ]
    hits = [0]
    for several in _batches(visitors) if len(points) else ():
        x = torch.from_numpy(np.concatenate([each.x for each in several])).to(device)
        within = torch.from_numpy(np.concatenate([each.within for each in several])).to(device)
        nearest = search.nearest(x, within)
        hit = np.flatnonzero((nearest.distances[:, 0] <= within).cpu().numpy())
        own = np.concatenate([each.rows for each in several])[hit]
        found.append((own, *_padded(nearest, hit, first, settings)))
        hits += np.diff(np.searchsorted(hit, _ends(several))).tolist()
    rows, neighbours, distances = (np.concatenate(each) for each in zip(*found, strict=True))
    hits += [0] * (len(visitors) + 1 - len(hits))
    ends = np.cumsum(hits)
    return Nearest(rows, neighbours, distances, ends)


def _padded(
    found: Neighbours, rows: Int[np.ndarray, " m"], first: int, settings: GraphSettings
) -> tuple[Int[np.ndarray, "m k"], Float[np.ndarray, "m k"]]:
    """Return numbers and distances of what some rows found, with as many places as are needed."""
    shape = len(rows), settings.neighbors_needed
    neighbours, distances = np.full(shape, -1, np.int64), np.full(shape, np.inf, np.float32)
    width = found.indices.shape[1]
    neighbours[:, :width] = first + found.indices.cpu().numpy()[rows]
    distances[:, :width] = found.distances.cpu().numpy()[rows]
    return neighbours, distances


def _ends(visitors: Sequence[Visitors]) -> Int[np.ndarray, " p1"]:
    return np.cumsum([0, *(len(each.rows) for each in visitors)])


def _batches(visitors: Sequence[Visitors]) -> Iterator[list[Visitors]]:
    """Join visitors to batches: the work on one is large beside what any batch takes."""
    batch: list[Visitors] = []
    for each in visitors:
        batch.append(each)
        if _ends(batch)[-1] >= BATCH:
            yield batch
            batch = []
    if _ends(batch)[-1]:
        yield batch


def _search(
    points: PartPoints, settings: GraphSettings, method: str, device: torch.device
) -> NeighbourSearch:
    x = torch.from_numpy(points.x).to(device)
    return NeighbourSearch(x, settings.neighbors_needed, settings.metric, method, RECALL)


def join_nearest(
    points: PartPoints,
    home: Nearest,
    elsewhere: Sequence[tuple[np.ndarray, np.ndarray, np.ndarray]],
    first: int,
    settings: GraphSettings,
) -> Found:
    """Keep the nearest neighbours of a partition's points, of those in all that they visit.

    Parameters
    ----------
    elsewhere : points, neighbours and distances in every partition.
    """
    n, k = home.distances.shape
    neighbours, distances = np.array(home.neighbours), np.array(home.distances)
    for rows, near, away in elsewhere:
        both = np.concatenate([neighbours[rows], near], axis=1)
        d = np.concatenate([distances[rows], away], axis=1)
        best = nearest_first(torch.from_numpy(both), torch.from_numpy(d), k)
        neighbours[rows], distances[rows] = (each.numpy() for each in best)
    # Among very few points a neighbour can be missing.
    k = int(np.isfinite(distances).sum(axis=1).min(initial=k)) if n else 0
    neighbours, distances = neighbours[:, :k], distances[:, :k]
    width = np.ones(n, dtype=np.float32)
    if k:
        width = bandwidth(torch.from_numpy(distances), settings).numpy()
    if settings.metric == "cosine":
        width[~points.x.any(axis=1)] = -1.0
    inside = (neighbours >= first) & (neighbours < first + n)
    return Found(neighbours, distances, width, np.unique(neighbours[~inside]))


@dataclass(frozen=True)
class Edges:
    """Weights from the points of a partition to their neighbours, sorted by these.

    Attributes
    ----------
    rows : (e,) points of the partition.
    columns : (e,) numbers of their neighbours, ascending.
    weights : (e,)
    """

    rows: Int[np.ndarray, " e"]
    columns: Int[np.ndarray, " e"]
    weights: Float[np.ndarray, " e"]

    @classmethod
    def of(
        cls, found: Found, remote_widths: Sequence[np.ndarray], first: int, settings: GraphSettings
    ) -> Edges:
        """Weigh the neighbours.

        Parameters
        ----------
        remote_widths : of the remote neighbours, by partitions.
        first : number of the first point.
        """
        n = len(found.width)
        local = found.neighbours - first
        inside = (local >= 0) & (local < n)
        width = np.empty(local.shape, dtype=np.float32)
        width[inside] = found.width[local[inside]]
        far = np.concatenate([np.empty(0, dtype=np.float32), *remote_widths])
        width[~inside] = far[np.searchsorted(found.remote, found.neighbours[~inside])]
        distances, own = torch.from_numpy(found.distances), torch.from_numpy(found.width)
        w = gaussian(distances, own, torch.from_numpy(width), settings).numpy()
        used = kept(distances, settings).numpy() & (width >= 0) & (found.width >= 0)[:, None]
        rows, at = np.nonzero(used)
        columns = found.neighbours[rows, at]
        order = np.argsort(columns, kind="stable")
        return cls(rows[order].astype(np.int32), columns[order], w[rows, at][order])

    def into(self, first: int, end: int, own: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return the edges to some points, turned about: these, the own numbers, the weights.

        Parameters
        ----------
        first, end : numbers of the points.
        own : number of the first own point.
        """
        part = slice(*np.searchsorted(self.columns, [first, end]).tolist())
        return self.columns[part] - first, own + self.rows[part], self.weights[part]


@dataclass(frozen=True)
class GraphPart:
    """Rows of the random walk on the symmetric graph.

    Attributes
    ----------
    indptr : (n + 1,), indices : (e,), weights : (e,)
        The matrix in CSR. Its columns are the own points, then those beyond the border; a row of
        a point without edges holds itself.
    degree : (n,) sum of the weights before they were divided by it.
    border : (h,) numbers of the points beyond the border, ascending.
    """

    indptr: Int[np.ndarray, " n1"]
    indices: Int[np.ndarray, " e"]
    weights: Float[np.ndarray, " e"]
    degree: Float[np.ndarray, " n"]
    border: Int[np.ndarray, " h"]

    @classmethod
    def of(
        cls, edges: Edges, turned: Sequence[tuple[np.ndarray, ...]], first: int, n: int
    ) -> GraphPart:
        """Take the mean of both directions of every edge.

        Parameters
        ----------
        turned : edges of all partitions, the own as well, to the points, as `Edges.into` has them.
        """
        rows = np.concatenate([edges.rows, *(rows for rows, _, _ in turned)])
        columns = np.concatenate([edges.columns, *(columns for _, columns, _ in turned)])
        weights = np.concatenate([edges.weights, *(weights for _, _, weights in turned)])
        inside = (columns >= first) & (columns < first + n)
        border = np.unique(columns[~inside])
        columns[inside] -= first
        columns[~inside] = n + np.searchsorted(border, columns[~inside])
        shape = (n, n + len(border))
        half = weights * np.float32(0.5)
        matrix = scipy.sparse.coo_array((half, (rows, columns)), shape=shape).tocsr()
        degree = np.asarray(matrix.sum(axis=1), dtype=np.float32)
        alone = np.flatnonzero(degree == 0)
        stay = scipy.sparse.coo_array(
            (np.ones(len(alone), np.float32), (alone, alone)), shape=shape
        )
        walk = matrix + stay.tocsr()
        walk.data /= np.repeat(np.where(degree == 0, 1.0, degree), np.diff(walk.indptr))
        return cls(
            walk.indptr.astype(np.int64 if walk.nnz >= 2**31 else np.int32),
            walk.indices.astype(np.int32),
            walk.data.astype(np.float32),
            degree,
            border,
        )

    def ranks(self) -> Int[np.ndarray, " n"]:
        """Return the place of every point in an order in which neighbours stand close together."""
        n = len(self.degree)
        whole = scipy.sparse.csr_array(
            (self.weights, self.indices, self.indptr), shape=(n, n + len(self.border))
        )
        return np.argsort(locality_order(whole[:, :n])) if n else np.arange(0)

    def in_order(
        self,
        ranks: Int[np.ndarray, " n"],
        values: tuple[Sequence[np.ndarray], Sequence[np.ndarray]],
        firsts: Sequence[int],
    ) -> GraphPart:
        """Return the same where the points of all partitions stand at their ranks.

        Parameters
        ----------
        values : ranks of the points of the near partitions, as `borders.seen` takes them.
        firsts : number of the first point of each of these.
        """
        n = len(self.degree)
        own = [first + each for each, first in zip(seen(values), firsts, strict=True)]
        border = np.concatenate([np.empty(0, dtype=np.int64), *own])
        ascending = np.argsort(border)
        places = np.concatenate([ranks, n + np.argsort(ascending)]).astype(np.int32)
        order = np.argsort(ranks)
        matrix = scipy.sparse.csr_array(
            (self.weights, places[self.indices], self.indptr), shape=(n, n + len(border))
        )[order]
        indptr = matrix.indptr.astype(self.indptr.dtype)
        indices = matrix.indices.astype(np.int32)
        return GraphPart(indptr, indices, matrix.data, self.degree[order], border[ascending])
