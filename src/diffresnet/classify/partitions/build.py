"""From shards to a graph in partitions: sample, split, search, join."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from operator import attrgetter
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Int

from ...progress import Progress
from ...similarity import GraphSettings, NeighbourSearch
from ...similarity.exact import overlap
from ..point_graph import NeighbourConfig
from .borders import Borders, near_partitions, rows_at, rows_of, within
from .engine import Engine
from .graph import (
    Edges,
    GraphPart,
    Nearest,
    Visitors,
    find_at_home,
    find_for_visitors,
    join_nearest,
)
from .points import PartPoints, Visits
from .router import Router, Split

# Rows that scale, projection and cells are made of, at least.
FEWEST_SAMPLED = 20_000
# Points whose true neighbours say how far points visit, and as many again what was found.
JUDGED = 256
# Partitions besides its own that a point visits, at most.
MOST_VISITS = 8
# The share of true neighbours that are to be in partitions visited, if any distance reaches them.
REACHED, UNVISITED = 0.99, 1e30
SEED = 0


@dataclass(frozen=True)
class PartitionedGraph:
    """Points and their graph in partitions, of which this holds handles.

    Attributes
    ----------
    routes : of each shard, its `Routes`.
    points : of each partition, its `PartPoints`.
    parts : of each partition, its `GraphPart`.
    offsets : (p + 1,) number of the first point of each partition.
    borders : of the partitions.
    unit : whether directions are compared.
    recall : share of the true neighbours that were found, measured on a sample.
    """

    routes: list[Any]
    points: list[Any]
    parts: list[Any]
    offsets: Int[np.ndarray, " p1"]
    borders: Borders
    unit: bool
    recall: float

    @classmethod
    def of(
        cls,
        engine: Engine,
        routes: list[Any],
        points: list[Any],
        parts: list[Any],
        unit: bool,
        recall: float,
    ) -> PartitionedGraph:
        """Count the points, and find the borders."""
        offsets = _offsets(engine, points)
        borders = Borders.find(engine, parts, offsets)
        return cls(routes, points, parts, offsets, borders, unit, recall)

    def __len__(self) -> int:
        return int(self.offsets[-1])


def sampled_rows(
    engine: Engine, shards: Sequence[Any], sizes: Sequence[int], count: int
) -> Float[np.ndarray, "s d"]:
    """Draw rows of all shards alike."""
    chosen = np.sort(
        np.random.default_rng(SEED).choice(sum(sizes), min(count, sum(sizes)), replace=False)
    )
    return np.concatenate(rows_at(engine, shards, np.cumsum([0, *sizes]), chosen))


def build_graph(
    engine: Engine,
    shards: Sequence[Any],
    router: Router,
    config: NeighbourConfig,
    progress: Progress,
) -> PartitionedGraph:
    """Split the rows of the shards, and join the points of every partition to their neighbours."""
    settings, count = config.settings, router.partitions
    partitions = range(count)
    with progress("splitting shards", len(shards)) as advance:
        splits = []
        for shard in shards:
            splits.append(engine.submit(router.split, shard))
            advance(1)
    with progress("gathering partitions", count) as advance:
        points = []
        for p in partitions:
            pieces = [engine.view(Split.to, split, p) for split in splits]
            points.append(engine.submit(PartPoints.of, pieces, router))
            advance(1)
    routes = [engine.submit(attrgetter("routes"), split) for split in splits]
    del splits
    offsets = _offsets(engine, points)
    sample = _Sample.draw(engine, points, offsets, config)
    ratio = sample.ratio(offsets, router)
    found = _searched(engine, points, offsets, router, ratio, config, progress)
    recall = sample.recall(engine, found, offsets)
    parts = _joined(engine, found, offsets, settings, progress)
    del found
    points, parts = _in_locality_order(engine, points, parts, offsets)
    return PartitionedGraph.of(engine, routes, points, parts, router.unit, recall)


def _offsets(engine: Engine, points: Sequence[Any]) -> Int[np.ndarray, " p1"]:
    return np.cumsum([0, *engine.gather([engine.view(len, each) for each in points])])


def _searched(
    engine: Engine,
    points: Sequence[Any],
    offsets: Int[np.ndarray, " p1"],
    router: Router,
    ratio: float,
    config: NeighbourConfig,
    progress: Progress,
) -> list[Any]:
    """Search the neighbours of every point at home and where it visits."""
    first, partitions = offsets[:-1].tolist(), range(len(points))
    settings, *how = config.settings, config.method, config.device
    with progress("searching neighbours", 2 * len(points)) as advance:
        home = []
        for p in partitions:
            home.append(engine.submit(find_at_home, points[p], first[p], settings, *how))
            advance(1)
        few = settings.neighbors_needed
        visits = [
            engine.submit(Visits.of, points[p], router, p, ratio, MOST_VISITS, few)
            for p in partitions
        ]
        away = []
        for p in partitions:
            visitors = [
                engine.view(Visitors.of, points[q], visits[q], home[q], p) for q in partitions
            ]
            away.append(
                engine.submit(find_for_visitors, points[p], visitors, first[p], settings, *how)
            )
            advance(1)
        found = []
        for p in partitions:
            elsewhere = [engine.view(Nearest.of, each, p) for each in away]
            found.append(
                engine.submit(join_nearest, points[p], home[p], elsewhere, first[p], settings)
            )
    return found


def _joined(
    engine: Engine,
    found: Sequence[Any],
    offsets: Int[np.ndarray, " p1"],
    settings: GraphSettings,
    progress: Progress,
) -> list[Any]:
    """Weigh the edges, and take the mean of both directions of each."""
    spans = [(int(a), int(b)) for a, b in pairwise(offsets)]
    partitions = range(len(spans))
    with progress("joining partitions", 2 * len(spans)) as advance:
        remote = [engine.view(attrgetter("remote"), each) for each in found]
        near = near_partitions(engine, remote, offsets)
        edges = []
        for p in partitions:
            widths = [
                engine.view(
                    rows_of,
                    engine.view(attrgetter("width"), found[q]),
                    engine.view(within, remote[p], *spans[q]),
                )
                for q in near[p]
            ]
            edges.append(engine.submit(Edges.of, found[p], widths, spans[p][0], settings))
            advance(1)
        parts = []
        for p in partitions:
            # Who has neighbours in p; the own edges are turned about too.
            back = [q for q in partitions if q == p or p in near[q]]
            turned = [engine.view(Edges.into, edges[q], *spans[p], spans[q][0]) for q in back]
            parts.append(
                engine.submit(
                    GraphPart.of, edges[p], turned, spans[p][0], spans[p][1] - spans[p][0]
                )
            )
            advance(1)
    return parts


def _in_locality_order(
    engine: Engine, points: Sequence[Any], parts: Sequence[Any], offsets: Int[np.ndarray, " p1"]
) -> tuple[list[Any], list[Any]]:
    """Put neighbours close together in memory: products with the graph take half the time."""
    ranks = [engine.submit(GraphPart.ranks, part) for part in parts]
    borders = Borders.find(engine, parts, offsets)
    seen = borders.values(engine, ranks)
    firsts = [[int(offsets[q]) for q in near] for near in borders.near]
    ordered = [
        engine.submit(GraphPart.in_order, *of_part)
        for of_part in zip(parts, ranks, seen, firsts, strict=True)
    ]
    placed = [
        engine.submit(PartPoints.in_order, *of_part) for of_part in zip(points, ranks, strict=True)
    ]
    return placed, ordered


@dataclass(frozen=True)
class _Sample:
    """Points with their true neighbours, by comparison with all.

    Attributes
    ----------
    at : (s,) numbers of the points, ascending.
    x : (s, d) their features.
    truth : (s, k) numbers of their neighbours.
    """

    at: Int[np.ndarray, " s"]
    x: Float[np.ndarray, "s d"]
    truth: Int[np.ndarray, "s k"]

    @classmethod
    def draw(
        cls,
        engine: Engine,
        points: Sequence[Any],
        offsets: Int[np.ndarray, " p1"],
        config: NeighbourConfig,
    ) -> _Sample:
        """Draw points, and find their neighbours among all."""
        n, k = int(offsets[-1]), config.settings.neighbors_needed
        at = np.random.default_rng(SEED).choice(n, min(2 * JUDGED, n), replace=False)
        at.sort()
        features = [engine.view(attrgetter("x"), each) for each in points]
        x = np.concatenate(rows_at(engine, features, offsets, at))
        nearest = engine.gather(
            [
                engine.submit(_nearest, each, x, at, int(first), k, config)
                for each, first in zip(points, offsets[:-1], strict=True)
            ]
        )
        numbers = np.concatenate([numbers for numbers, _ in nearest], axis=1)
        distances = np.concatenate([distances for _, distances in nearest], axis=1)
        best = np.argsort(distances, axis=1, kind="stable")[:, : min(k, n - 1)]
        return cls(at, x, np.take_along_axis(numbers, best, axis=1))

    def ratio(self, offsets: Int[np.ndarray, " p1"], router: Router) -> float:
        """Return how much farther than its own partition those may be that a point visits.

        With that, nearly all neighbours of the even points of the sample are where they look.
        """
        if router.partitions == 1:
            return 0.0
        truth, at = self.truth[::2], self.at[::2]
        distances = router.distances(self.x[::2])
        own = distances[np.arange(len(at)), _partition_of(at, offsets)][:, None]
        own = np.maximum(own, router.radius)
        to = np.take_along_axis(distances, _partition_of(truth, offsets), axis=1)
        rank = (distances[:, None, :] < to[:, :, None]).sum(axis=2)
        far = (rank > MOST_VISITS) | (to >= UNVISITED * own)
        ratio = np.divide(to, own, out=np.full_like(to, UNVISITED), where=~far)
        return float(np.quantile(ratio, REACHED, method="higher"))

    def recall(
        self, engine: Engine, found: Sequence[Any], offsets: Int[np.ndarray, " p1"]
    ) -> float:
        """Return the share of the neighbours of the odd points that were found."""
        handles = [engine.view(attrgetter("neighbours"), each) for each in found]
        lists = rows_at(engine, handles, offsets, self.at[1::2])
        truth, start, right = self.truth[1::2], 0, []
        for each in lists:
            stop = start + len(each)
            if len(each):
                pair = torch.from_numpy(np.array(each)), torch.from_numpy(truth[start:stop])
                right += [overlap(*pair)] * len(each)
            start = stop
        return float(np.mean(right)) if right else 1.0


def _partition_of(numbers: Int[np.ndarray, " m"], offsets: Int[np.ndarray, " p1"]) -> np.ndarray:
    return np.asarray(np.searchsorted(offsets, numbers, side="right") - 1)


def _nearest(
    points: PartPoints,
    x: Float[np.ndarray, "s d"],
    at: Int[np.ndarray, " s"],
    first: int,
    k: int,
    config: NeighbourConfig,
) -> tuple[np.ndarray, np.ndarray]:
    """Find the exact neighbours of rows in a partition, not counting a point itself."""
    if len(points) == 0:
        return np.empty((len(x), 0), dtype=np.int64), np.empty((len(x), 0), dtype=np.float32)
    device = config.device
    search = NeighbourSearch(
        torch.from_numpy(points.x).to(device), k + 1, config.settings.metric, "exact"
    )
    found = search.nearest(torch.from_numpy(x).to(device))
    numbers = first + found.indices.cpu().numpy()
    distances = found.distances.cpu().numpy()
    distances[numbers == at[:, None]] = np.inf
    return numbers, distances
