"""Points with the graph of their similarities."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse
import torch
from jaxtyping import Float

from ..allocator import return_freed_memory
from ..similarity import GraphSettings, Neighbours, NeighbourSearch, nearest_neighbours
from ..similarity.backends import EXACT_LIMIT
from ..similarity.extension import extend_neighbours
from ..similarity.graph import as_points, weigh
from ..similarity.weights import bandwidth
from .kept_neighbours import keeper, key_of
from .points import PointSet, locality_order


@dataclass(frozen=True)
class NeighbourConfig:
    """Settings of a neighbour graph: its weights, the search, and where to compute."""

    settings: GraphSettings
    method: str
    device: torch.device

    def search(self, x: Float[np.ndarray, "n d"]) -> Neighbours:
        """Find the neighbours of points."""
        k, metric = self.settings.neighbors_needed, self.settings.metric
        points = as_points(x, self.device)
        return nearest_neighbours(points, k, metric=metric, method=self.method)

    def bandwidth(self, neighbours: Neighbours) -> Float[np.ndarray, " n"]:
        """Return the widths of the points' Gaussians."""
        return np.asarray(bandwidth(neighbours.distances, self.settings).cpu().numpy())

    def symmetric_weights(self, neighbours: Neighbours) -> scipy.sparse.csr_array:
        """Return the weights of a search, made symmetric where the settings leave them not so."""
        w = weigh(neighbours, self.settings)
        if self.settings.symmetrize is None or self.settings.normalize == "random_walk":
            w = scipy.sparse.csr_array((w + w.T) / 2)
        return w


@dataclass(frozen=True)
class PointGraph:
    """Points, and weights between them.

    Attributes
    ----------
    points : PointSet
    weights : (n, n) symmetric
    bandwidth : (n,), by which new rows are linked; None without features.
    neighbours : of the points; None where the graph was given.
    """

    points: PointSet
    weights: scipy.sparse.csr_array
    bandwidth: Float[np.ndarray, " n"] | None
    neighbours: Neighbours | None = None

    @property
    def recall(self) -> float:
        """Share of the true neighbours that the search found; 1 where the graph was given."""
        return 1.0 if self.neighbours is None else self.neighbours.recall

    @classmethod
    def from_features(
        cls, features: Float[np.ndarray, "m d"], config: NeighbourConfig
    ) -> PointGraph:
        """Join rows to their nearest neighbours; points stand in a cache-friendly order."""
        points = PointSet.from_rows(features)
        assert points.x is not None
        place = keeper()
        if place is None or len(points.x) <= EXACT_LIMIT:
            return cls._joined(points, config.search(points.x), config)
        key = key_of(points.x, f"{config.settings} {config.method}")
        neighbours = place.load(key)
        if neighbours is None:
            neighbours = config.search(points.x)
        joined = cls._joined(points, neighbours, config)
        rank = np.empty(len(points.x), dtype=np.int64)
        rank[points.of_row] = joined.points.of_row
        place.key, place.order, place.neighbours = key, np.argsort(rank), joined.neighbours
        return joined

    @classmethod
    def _joined(
        cls, points: PointSet, neighbours: Neighbours, config: NeighbourConfig
    ) -> PointGraph:
        weights = config.symmetric_weights(neighbours)
        if config.settings.metric == "cosine":
            assert points.x is not None
            weights = _without_directionless(weights, points.x)
        order = locality_order(weights)
        return_freed_memory()  # of the search, before features are diffused
        rank = torch.from_numpy(np.argsort(order)).to(neighbours.indices.device)
        return cls(
            points.in_order(order),
            scipy.sparse.csr_array(weights[order][:, order]),
            config.bandwidth(neighbours)[order],
            replace(
                neighbours,
                indices=rank[neighbours.indices[order]],
                distances=neighbours.distances[order],
            ),
        )

    def extend(
        self, features: Float[np.ndarray, "m d"], config: NeighbourConfig, search: NeighbourSearch
    ) -> PointGraph:
        """Add rows: with an exact search this is the graph of all rows, up to rounding.

        Parameters
        ----------
        search : of the points.
        """
        old = self.points
        assert old.x is not None
        assert self.neighbours is not None
        n = len(old.x)
        every = PointSet.from_rows(np.concatenate([old.x, features]))
        assert every.x is not None
        numbers = every.of_row[:n]
        is_new = np.ones(len(every.x), dtype=bool)
        is_new[numbers] = False
        points = PointSet(every.x, np.concatenate([numbers[old.of_row], every.of_row[n:]]))
        if not is_new.any():
            return replace(self, points=points.in_order(numbers))
        neighbours = extend_neighbours(
            search,
            self.neighbours,
            as_points(every.x[is_new], config.device),
            torch.from_numpy(np.concatenate([numbers, np.flatnonzero(is_new)])).to(config.device),
        )
        return self._joined(points, neighbours, config)

    @classmethod
    def given(
        cls,
        weights: scipy.sparse.csr_array,
        features: Float[np.ndarray, "m d"] | None,
        config: NeighbourConfig,
    ) -> PointGraph:
        """Take a given graph, each row a point of its own.

        New rows are linked to the others by their features all the same.
        """
        points = PointSet.one_a_row(features, weights.shape[0])
        widths = None if features is None else config.bandwidth(config.search(features))
        return cls(points, weights, widths)


def _without_directionless(
    weights: scipy.sparse.csr_array, x: Float[np.ndarray, "n d"]
) -> scipy.sparse.csr_array:
    """Return weights without those of rows of zeros, which have no direction and are like none."""
    directed = x.any(axis=1)
    if directed.all():
        return weights
    keep = scipy.sparse.diags_array(directed.astype(weights.dtype))
    weights = scipy.sparse.csr_array(keep @ weights @ keep)
    weights.eliminate_zeros()
    return weights
