"""The fit of a classifier to rows in shards."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from ...errors import InputError
from ...labels import Labels
from ...similarity import GraphSettings
from ..class_prior import ClassPrior
from ..point_graph import NeighbourConfig
from ..points import Projection
from ..problem import SolverConfig
from .build import FEWEST_SAMPLED, PartitionedGraph, build_graph, sampled_rows
from .engine import Engine
from .graph import GraphPart
from .points import PartPoints
from .router import CELLS, SAMPLED, Router, Routes
from .shards import Shards, read_shard
from .transduction import PartitionedTransducer, PartitionedTransduction, ShardAnswers


def fit_shards(
    shards: Shards,
    labels: Labels,
    fit_projection: Callable[[np.ndarray], Projection],
    neighbours: Callable[[Projection, int], NeighbourConfig],
    solver: SolverConfig,
    class_prior: ClassPrior = None,
) -> ShardTransduction:
    """Label all rows of shards by those that have a label.

    Parameters
    ----------
    labels : of all rows.
    fit_projection : a sample of the rows -> their scale.
    neighbours : the projection, and how many columns there are -> settings of the graph.
    class_prior : shares of the classes, as in `DiffusionClassifier`.
    """
    engine, progress = shards.engine, shards.progress
    sources = [engine.read(read_shard, part) for part in shards.parts]
    count = max(1, round(len(shards) / shards.rows))
    with progress("sampling rows", None):
        most = max(FEWEST_SAMPLED, SAMPLED * CELLS * count)
        sample = sampled_rows(engine, sources, shards.sizes, most)
        projection = fit_projection(sample)
        config = neighbours(projection, shards.columns)
        _check_settings(config.settings)
        unit = config.settings.metric == "cosine"
        features = projection.apply(sample)
    key = f"{shards.key} {shards.rows} {config}"
    graph = _kept_graph(engine, key, unit) if shards.key else None
    if graph is None:
        router = Router.fit(projection, unit, features, count)
        graph = build_graph(engine, sources, router, config, progress)
        if shards.key:
            graph = _keep_graph(engine, key, graph)
    codes = [labels.codes[span].astype(np.int32) for span in shards.spans()]
    transducer = PartitionedTransducer(engine, graph, solver, labels.classes, class_prior, progress)
    return ShardTransduction(transducer.fit(codes), projection.scale is not None)


@dataclass(frozen=True)
class ShardTransduction:
    """Answers of all rows of shards.

    Attributes
    ----------
    partitions : PartitionedTransduction
    scaled : whether any column was scaled.
    """

    partitions: PartitionedTransduction
    scaled: bool

    def shards(self) -> Iterator[ShardAnswers]:
        """Yield the answers of every shard."""
        for number in range(len(self.partitions.graph.routes)):
            yield self.partitions.of_shard(number)


@dataclass(frozen=True)
class _Recall:
    """The recall of a graph that is kept."""

    value: np.ndarray


KEPT = {"routes": Routes, "points": PartPoints, "parts": GraphPart, "recall": _Recall}


def _keep_graph(engine: Engine, key: str, graph: PartitionedGraph) -> PartitionedGraph:
    engine.keep("recall", key, [engine.submit(_Recall, np.array(graph.recall))])
    routes, points, parts = (
        engine.keep(name, key, getattr(graph, name)) for name in ("routes", "points", "parts")
    )
    return replace(graph, routes=routes, points=points, parts=parts)


def _kept_graph(engine: Engine, key: str, unit: bool) -> PartitionedGraph | None:
    found = {name: engine.kept(name, key, record) for name, record in KEPT.items()}
    routes, points, parts, recall = found.values()
    if routes is None or points is None or parts is None or recall is None:
        return None
    value = float(engine.gather(recall)[0].value)
    return PartitionedGraph.of(engine, routes, points, parts, unit, value)


def _check_settings(settings: GraphSettings) -> None:
    if settings.symmetrize != "before" or settings.normalize or settings.self_loops:
        raise InputError(
            "a fit to shards has symmetric weights, without self-loops and not normalised",
            "similarity",
        )
