"""Rows to partitions: coarse cells, grouped so that partitions hold about as many rows each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int

from ...similarity.clustered import cluster_centres
from ...similarity.exact import rows_at_once
from ...similarity.neighbours import unit_rows
from ..points import Projection

# Cells of each partition, and rows of the sample for each cell.
CELLS, SAMPLED = 16, 64


@dataclass(frozen=True)
class Routes:
    """Where the rows of a shard go.

    Attributes
    ----------
    order : (m,) rows, sorted by their partitions.
    ends : (p + 1,) where those of partition i begin, and those of i - 1 end.
    """

    order: Int[np.ndarray, " m"]
    ends: Int[np.ndarray, " p1"]

    def to(self, partition: int) -> Int[np.ndarray, " r"]:
        """Return the rows that go to a partition."""
        return self.order[self.ends[partition] : self.ends[partition + 1]]


@dataclass(frozen=True)
class Split:
    """The features of a shard in the order of their partitions.

    Attributes
    ----------
    x : (m, d)
    routes : Routes
    """

    x: Float[np.ndarray, "m d"]
    routes: Routes

    def to(self, partition: int) -> Float[np.ndarray, "r d"]:
        """Return the features of the rows that go to a partition."""
        return self.x[self.routes.ends[partition] : self.routes.ends[partition + 1]]


@dataclass(frozen=True)
class Router:
    """Sends every row to the partition of its nearest cell.

    Attributes
    ----------
    projection : from the rows of a user to features.
    unit : whether directions are compared.
    cells : (c, d) centres, in the order of their partitions.
    ends : (p + 1,) where the cells of partition i begin.
    radius : mean squared distance of rows to their nearest cell.
    """

    projection: Projection
    unit: bool
    cells: Float[np.ndarray, "c d"]
    ends: Int[np.ndarray, " p1"]
    radius: float = 0.0

    @classmethod
    def fit(
        cls, projection: Projection, unit: bool, sample: Float[np.ndarray, "s d"], partitions: int
    ) -> Router:
        """Make cells of a sample of the features, and group them to so many partitions."""
        points = torch.from_numpy(sample)
        points = unit_rows(points) if unit else points
        if partitions == 1:
            return cls(projection, unit, points.mean(0, keepdim=True).numpy(), np.array([0, 1]))
        count = min(CELLS * partitions, len(sample))
        centres = cluster_centres(points, count)
        router = cls(projection, unit, centres.numpy(), np.arange(len(centres) + 1))
        sizes = np.bincount(router.nearest_cell(sample), minlength=len(centres))
        filled = np.flatnonzero(sizes)
        groups = _bisected(router.cells[filled], sizes[filled], min(partitions, len(filled)))
        order = np.concatenate([filled[group] for group in groups])
        ends = np.cumsum([0, *(len(group) for group in groups)])
        radius = np.concatenate([square.min(axis=1) for square in router._squares(sample)]).mean()
        return cls(projection, unit, router.cells[order], ends, max(float(radius), 0.0))

    @property
    def partitions(self) -> int:
        """How many there are."""
        return len(self.ends) - 1

    def split(self, rows: np.ndarray) -> Split:
        """Sort the rows of a shard by their partitions."""
        x = self.projection.apply(rows)
        partition = np.searchsorted(self.ends, self.nearest_cell(x), side="right") - 1
        order = np.argsort(partition, kind="stable")
        ends = np.searchsorted(partition[order], np.arange(self.partitions + 1))
        return Split(x[order], Routes(order, ends))

    def nearest_cell(self, x: Float[np.ndarray, "m d"]) -> Int[np.ndarray, " m"]:
        """Return the nearest cell of each row."""
        return np.concatenate([square.argmin(axis=1) for square in self._squares(x)])

    def distances(self, x: Float[np.ndarray, "m d"]) -> Float[np.ndarray, "m p"]:
        """Return the squared distance of each row to the nearest cell of every partition."""
        starts = self.ends[:-1]
        parts = [np.minimum.reduceat(square, starts, axis=1) for square in self._squares(x)]
        return np.maximum(np.concatenate(parts), 0.0)

    def _squares(self, x: Float[np.ndarray, "m d"]) -> Iterator[np.ndarray]:
        """Yield squared distances of rows to all cells, some rows at a time."""
        rows, cells = torch.from_numpy(x), torch.from_numpy(self.cells)
        square = torch.linalg.vecdot(cells, cells)
        for part in rows.split(rows_at_once(4 * len(cells), rows.device)):
            part = unit_rows(part) if self.unit else part
            own = torch.linalg.vecdot(part, part)[:, None]
            yield torch.addmm(square + own, part, cells.T, alpha=-2.0).numpy()


def _bisected(
    cells: Float[np.ndarray, "c d"], sizes: Int[np.ndarray, " c"], groups: int
) -> list[Int[np.ndarray, " g"]]:
    """Cut cells into groups of about as many rows, along their longest direction each time."""
    if groups == 1:
        return [np.arange(len(cells))]
    first = groups // 2
    centred = cells - np.average(cells, axis=0, weights=sizes)
    _, _, directions = np.linalg.svd(centred * np.sqrt(sizes)[:, None], full_matrices=False)
    order = np.argsort(centred @ directions[0], kind="stable")
    filled = np.cumsum(sizes[order])
    cut = int(np.abs(filled - filled[-1] * first / groups).argmin()) + 1
    cut = min(max(cut, first), len(cells) - (groups - first))
    halves = (order[:cut], first), (order[cut:], groups - first)
    return [
        half[group]
        for half, count in halves
        for group in _bisected(cells[half], sizes[half], count)
    ]
