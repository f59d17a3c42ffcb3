"""Which points a label reaches, over all partitions."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import scipy.sparse
from jaxtyping import Int
from scipy.sparse import csgraph

from .borders import rows_of, seen
from .build import PartitionedGraph
from .engine import Engine
from .graph import GraphPart


def reached_points(
    engine: Engine, graph: PartitionedGraph, labelled: Sequence[Int[np.ndarray, " l"]]
) -> list[Any]:
    """Return handles of (n_i,) bool: points with a path to a labelled one.

    Parameters
    ----------
    labelled : points with a label, of every partition.
    """
    own = [engine.submit(_components, part) for part in graph.parts]
    values = graph.borders.values(engine, own)
    counts = np.array(engine.gather([engine.view(_count, each) for each in own]))
    first = np.cumsum([0, *counts]).tolist()
    shifts = [[first[q] for q in near] for near in graph.borders.near]
    links = engine.gather(
        [
            engine.submit(_links, part, own[p], values[p], first[p], shifts[p])
            for p, part in enumerate(graph.parts)
        ]
    )
    pairs = np.concatenate(links)
    joined = scipy.sparse.coo_array(
        (np.ones(len(pairs), dtype=bool), (pairs[:, 0], pairs[:, 1])), shape=(first[-1], first[-1])
    )
    _, whole = csgraph.connected_components(joined, directed=False)
    at_labels = engine.gather(
        [engine.view(rows_of, each, at) for each, at in zip(own, labelled, strict=True)]
    )
    numbers = [each + start for each, start in zip(at_labels, first[:-1], strict=True)]
    good = np.isin(whole, whole[np.concatenate(numbers)])
    # Components are rows of what is said of them.
    return [engine.submit(rows_of, good[a:b], own[p]) for p, (a, b) in enumerate(pairwise(first))]


def _components(part: GraphPart) -> Int[np.ndarray, " n"]:
    """Find the components of a partition without its border, as numbers of its points."""
    n = len(part.degree)
    rows = np.repeat(np.arange(n), np.diff(part.indptr))
    inside = part.indices < n
    matrix = scipy.sparse.coo_array(
        (np.ones(inside.sum(), dtype=bool), (rows[inside], part.indices[inside])), shape=(n, n)
    )
    return csgraph.connected_components(matrix, directed=False)[1] if n else np.arange(0)


def _count(components: Int[np.ndarray, " n"]) -> int:
    return int(components.max(initial=-1)) + 1


def _links(
    part: GraphPart,
    own: Int[np.ndarray, " n"],
    values: tuple[Sequence[np.ndarray], Sequence[np.ndarray]],
    first: int,
    shifts: Sequence[int],
) -> Int[np.ndarray, "e 2"]:
    """Return the distinct pairs of components that edges over the border join."""
    n = len(own)
    rows = np.repeat(np.arange(n), np.diff(part.indptr))
    outside = part.indices >= n
    if not outside.any():
        return np.empty((0, 2), dtype=np.int64)
    numbers = [each + np.int64(shift) for each, shift in zip(seen(values), shifts, strict=True)]
    other = np.concatenate(numbers)[part.indices[outside] - n]
    return np.unique(np.column_stack([own[rows[outside]] + np.int64(first), other]), axis=0)
