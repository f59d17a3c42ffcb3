"""The graph in partitions is the graph of all points; diffusion on it solves the same system."""

import numpy as np
import pytest
import scipy.sparse
import torch
from scipy.sparse import csgraph

from diffresnet.classify.partitions import DiskEngine, build
from diffresnet.classify.partitions import graph as partition_graph
from diffresnet.classify.partitions.components import reached_points
from diffresnet.classify.partitions.diffusion import chebyshev_steps, diffuse
from diffresnet.classify.partitions.router import Router
from diffresnet.classify.point_graph import NeighbourConfig
from diffresnet.classify.points import Projection
from diffresnet.progress import silent
from diffresnet.similarity import GraphSettings


def points(n=400, seed=0):
    rng = np.random.default_rng(seed)
    centres = 6.0 * rng.normal(size=(8, 5))
    return (centres[rng.integers(8, size=n)] + rng.normal(size=(n, 5))).astype(np.float32)


def partitioned(x, partitions, metric="euclidean", k=6, shards=3):
    """Return the engine, the graph, and the place of every row of x among its points."""
    engine = DiskEngine()
    settings = GraphSettings(n_neighbors=k, metric=metric, scale_neighbor=k)
    config = NeighbourConfig(settings, "exact", torch.device("cpu"))
    router = Router.fit(Projection(), metric == "cosine", x, partitions)
    graph = build.build_graph(engine, np.array_split(x, shards), router, config, silent)
    held = np.concatenate([each.x for each in engine.gather(graph.points)])
    place = {row.tobytes(): number for number, row in enumerate(held)}
    return engine, graph, np.array([place[row.tobytes()] for row in x]), config


def walk(engine, graph):
    """Return the matrix of the random walk on all points, and their degrees."""
    rows, columns, weights, degrees = [], [], [], []
    for part, first in zip(engine.gather(graph.parts), graph.offsets, strict=False):
        n = len(part.degree)
        numbers = np.concatenate([first + np.arange(n), part.border])
        rows.append(first + np.repeat(np.arange(n), np.diff(part.indptr)))
        columns.append(numbers[part.indices])
        weights.append(part.weights)
        degrees.append(part.degree)
    entries = np.concatenate(weights), (np.concatenate(rows), np.concatenate(columns))
    return scipy.sparse.coo_array(entries, shape=(len(graph),) * 2).toarray(), np.concatenate(
        degrees
    )


@pytest.fixture
def everywhere(monkeypatch):
    """Let every point visit every partition, so that the search is exact."""
    monkeypatch.setattr(build, "MOST_VISITS", 100)
    monkeypatch.setattr(partition_graph, "BATCH", 90)
    monkeypatch.setattr(build._Sample, "ratio", lambda *given: build.UNVISITED)


@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
@pytest.mark.parametrize("partitions", [1, 2, 7])
def test_the_graph_is_that_of_all_points(everywhere, metric, partitions):
    x = points()
    x[5] = 0.0  # no direction: like none, where directions are compared
    engine, graph, place, config = partitioned(x, partitions, metric)
    whole = config.symmetric_weights(config.search(x)).toarray()
    if metric == "cosine":
        whole[5], whole[:, 5] = 0.0, 0.0
    degree = whole.sum(axis=1)
    expected = np.divide(whole, degree[:, None], out=np.eye(len(x)), where=degree[:, None] > 0)
    found, degrees = walk(engine, graph)
    assert graph.recall > 0.99  # a row of zeros is as far from all others
    assert np.allclose(degrees[place], degree, atol=1e-5)
    assert np.allclose(found[np.ix_(place, place)], expected, atol=1e-5)


def test_the_recall_is_that_of_the_neighbours_that_were_found():
    x = np.random.default_rng(0).normal(size=(600, 8)).astype(np.float32)  # no clusters at all
    engine, graph, place, config = partitioned(x, 6)
    truth = config.search(x).indices.numpy()
    matrix, _ = walk(engine, graph)
    found = matrix[place[:, None], place[truth]] > 0
    assert graph.recall < 1.0
    assert abs(found.mean() - graph.recall) < 0.05


@pytest.mark.parametrize("time", [0.5, 10.0, 300.0])
@pytest.mark.parametrize("tol", [1e-2, 1e-4])
def test_diffusion_solves_the_system_of_all_points(everywhere, time, tol):
    x = points()
    engine, graph, _, _ = partitioned(x, 4)
    rng = np.random.default_rng(1)
    b = rng.normal(size=(len(graph), 3)).astype(np.float32)
    matrix, _ = walk(engine, graph)
    held = np.sort(rng.choice(len(graph), 20, replace=False))
    for fixed in ([], held):
        system = np.eye(len(graph)) * (1 + time) - time * matrix
        system[fixed] = np.eye(len(graph))[fixed]
        exact = np.linalg.solve(system, b.astype(np.float64))
        spans = list(zip(graph.offsets[:-1], graph.offsets[1:], strict=True))
        own = [np.array([i - a for i in fixed if a <= i < e], dtype=int) for a, e in spans]
        sources = [b[a:e] for a, e in spans]
        handles = diffuse(engine, graph.parts, graph.borders, sources, time, tol, own)
        found = np.concatenate(engine.gather(handles))
        assert np.array_equal(found[fixed], b[fixed])
        # The bound is in the norm of the degrees; here of all columns together.
        assert np.linalg.norm(found - exact) <= 2 * tol * np.linalg.norm(b - exact) + 1e-4


def test_more_time_and_less_error_take_more_steps_as_the_square_root_of_time():
    assert chebyshev_steps(0.0, 1e-3) == 1
    counts = [chebyshev_steps(t, 1e-3) for t in (1.0, 100.0, 10_000.0)]
    assert counts == sorted(counts)
    assert 8 < counts[2] / counts[1] < 12
    assert chebyshev_steps(100.0, 1e-6) > 1.5 * chebyshev_steps(100.0, 1e-3)


@pytest.mark.parametrize("partitions", [1, 5])
def test_points_are_reached_that_have_a_path_to_a_label_through_any_partition(
    everywhere, partitions
):
    rng = np.random.default_rng(2)
    line = np.cumsum(rng.uniform(0.5, 1.0, size=300))  # a long path through all partitions
    x = np.stack([line, np.zeros(300)], axis=1)
    x[150:, 1] = 1000.0  # and another, apart
    engine, graph, place, _ = partitioned(x.astype(np.float32), partitions, k=2)
    matrix, _ = walk(engine, graph)
    _, component = csgraph.connected_components(scipy.sparse.csr_array(matrix), directed=False)
    label = int(place[0])
    labelled = [
        np.array([label - a] if a <= label < e else [], dtype=int)
        for a, e in zip(graph.offsets[:-1], graph.offsets[1:], strict=True)
    ]
    reached = np.concatenate(engine.gather(reached_points(engine, graph, labelled)))
    assert np.array_equal(reached, component == component[label])
    assert 0 < reached.sum() < 300
