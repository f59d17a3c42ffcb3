"""Rows of a user on the graph of their points: all of a fit that no label has a part in."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import scipy.sparse
import torch

from ..errors import InputError
from .domain import Domain
from .fitted import FittedPoints
from .point_graph import NeighbourConfig, PointGraph
from .points import PointSet, Projection


@dataclass(frozen=True)
class RowGraph:
    """Rows, scaled and projected, on the graph of their points.

    Attributes
    ----------
    projection : from the rows of a user to features.
    config : of the neighbour graph.
    joined : PointGraph
    is_given : whether the graph was given, not made of the features.
    """

    projection: Projection
    config: NeighbourConfig
    joined: PointGraph
    is_given: bool = False

    @classmethod
    def of(
        cls,
        projection: Projection,
        config: NeighbourConfig,
        features: np.ndarray | None,
        graph: scipy.sparse.csr_array | None = None,
    ) -> RowGraph:
        """Join rows to their nearest neighbours, or take a given graph."""
        if graph is not None:
            return cls(projection, config, PointGraph.given(graph, features, config), True)
        assert features is not None
        return cls(projection, config, PointGraph.from_features(features, config))

    def require_own_graph(self) -> None:
        """Refuse new rows where the graph was given, which has no place for them."""
        if self.is_given:
            raise InputError("a given graph has no place for new rows; fit one that has", "X")

    def extend(self, x: Any) -> RowGraph:
        """Add rows x by the projection that there is; see `PointGraph.extend`."""
        assert self.located is not None
        features, search = self.projection.apply(x), self.located.search(self.config.device)
        return replace(self, joined=self.joined.extend(features, self.config, search))

    @property
    def points(self) -> PointSet:
        """The points at which the rows stand."""
        return self.joined.points

    @property
    def unit(self) -> bool:
        """Whether directions are compared; then lengths say nothing to a head either."""
        return self.config.settings.metric == "cosine"

    @cached_property
    def located(self) -> FittedPoints | None:
        """Where the points lie, for new rows; None without features."""
        x, bandwidth = self.points.x, self.joined.bandwidth
        if x is None or bandwidth is None:
            return None
        return FittedPoints(x, bandwidth, self.config.settings, self.config.method)

    @cached_property
    def domain(self) -> Domain:
        """The domain of diffusion."""
        x, device = self.points.x, self.config.device
        features = None if x is None else torch.from_numpy(x).to(device)
        return Domain(self.joined.weights, features, device, self.unit)
