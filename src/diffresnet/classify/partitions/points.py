"""The points of a partition, and which of them look for neighbours in others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from ..points import distinct_rows
from .router import Router


@dataclass(frozen=True)
class PartPoints:
    """The distinct rows of a partition, in the order of their cells.

    Attributes
    ----------
    x : (n, d) features.
    of_row : (r,) point of each row; rows stand in the order of the shards.
    starts : (s + 1,) where the rows of shard i begin.
    """

    x: Float[np.ndarray, "n d"]
    of_row: Int[np.ndarray, " r"]
    starts: Int[np.ndarray, " s1"]

    @classmethod
    def of(cls, pieces: Sequence[Float[np.ndarray, "r d"]], router: Router) -> PartPoints:
        """Gather the rows of all shards; equal ones are one point."""
        rows = np.concatenate(pieces)
        first, of_row = distinct_rows(rows)
        x = rows[first]
        order = np.argsort(router.nearest_cell(x), kind="stable") if len(x) else np.arange(0)
        starts = np.cumsum([0, *map(len, pieces)])
        return cls(x[order], np.argsort(order)[of_row], starts)

    def in_order(self, ranks: Int[np.ndarray, " n"]) -> PartPoints:
        """Return the same points at other places."""
        return PartPoints(self.x[np.argsort(ranks)], ranks[self.of_row], self.starts)

    def __len__(self) -> int:
        return len(self.x)


@dataclass(frozen=True)
class Visits:
    """Points of a partition that look for neighbours in others, too.

    Attributes
    ----------
    rows : points, sorted by the partition that they visit.
    ends : (p + 1,) where those that visit partition i begin.
    """

    rows: Int[np.ndarray, " v"]
    ends: Int[np.ndarray, " p1"]

    @classmethod
    def of(
        cls, points: PartPoints, router: Router, own: int, ratio: float, most: int, few: int
    ) -> Visits:
        """Send each point to the nearest partitions.

        Parameters
        ----------
        ratio : of the squared distance to a partition to that to the own one, or to the radius of
            cells where that is more, up to which a point visits it.
        most : partitions that a point visits.
        few : where no more points than that are at home, they visit as many as they may.
        """
        if router.partitions == 1 or len(points) == 0:
            return cls(np.arange(0), np.zeros(router.partitions + 1, dtype=np.int64))
        distances = router.distances(points.x)
        reach = ratio * np.maximum(distances[:, own], router.radius)
        if len(points) <= few:
            reach[:] = np.inf
        allowed = distances <= reach[:, None]
        allowed[:, own] = False
        if router.partitions > most + 1:
            nearest = np.argpartition(distances, most, axis=1)[:, : most + 1]
            among = np.zeros_like(allowed)
            np.put_along_axis(among, nearest, True, axis=1)
            allowed &= among
        partitions, rows = np.nonzero(allowed.T)
        return cls(rows, np.searchsorted(partitions, np.arange(router.partitions + 1)))

    def to(self, partition: int) -> Int[np.ndarray, " v"]:
        """Return the points that visit a partition."""
        return self.rows[self.ends[partition] : self.ends[partition + 1]]
