"""Notes on what was changed of a graph before it is learnt on."""

from __future__ import annotations

import numpy as np
import scipy.sparse

from ..errors import Note
from ..files.atomic import either
from .graph import GraphData


def graph_notes(given: GraphData, kept: GraphData) -> list[Note]:
    """Return notes on how a graph was read and what was kept of it.

    Parameters
    ----------
    given : GraphData
        As it was read.
    kept : GraphData
        Its `largest_component()`, or it `undirected()`.
    """
    notes = list(given.notes)
    adjacency = given.adjacency
    lost = []
    if (adjacency != adjacency.T).nnz:
        lost.append("direction")
    if (adjacency.data != 1).any():
        lost += ["weights", "repetitions"]
    if lost:
        notes.append(Note(f"edges are taken without {either(lost)}"))
    loops = int((adjacency.diagonal() != 0).sum())
    if loops:
        notes.append(Note(f"self-loops are dropped ({_nodes(loops)} had one)"))
    left = len(given) - len(kept)
    if left:
        are = "is" if left == 1 else "are"
        notes.append(
            Note(
                f"{_nodes(left)} of {len(given)} {are} outside the largest connected component "
                f"and left out"
            )
        )
    notes += _lost_classes(given, kept)
    if given.features is None:
        notes.append(
            Note("there are no features: each node has one of its own, and edges say the rest")
        )
    elif alike(kept.features):
        notes.append(Note("all nodes have the same features, so that edges alone tell them apart"))
    return notes


def _lost_classes(given: GraphData, kept: GraphData) -> list[Note]:
    """Return notes on classes that have no node left."""
    if given.labels is None or kept.labels is None:
        return []
    codes = np.setdiff1d(given.labels[given.labels >= 0], kept.labels)
    names = [str(code) if given.class_names is None else given.class_names[code] for code in codes]
    if not names:
        return []
    return [Note(f"no node is left of class {', '.join(map(repr, names))}, which is no longer one")]


def alike(features: scipy.sparse.csr_array) -> bool:
    """Return whether all rows are one."""
    first = features[[0]]
    same = np.diff(features.indptr) == first.nnz
    return bool(same.all()) and all(
        (part.reshape(len(same), -1) == of_first).all()
        for part, of_first in ((features.indices, first.indices), (features.data, first.data))
    )


def _nodes(count: int) -> str:
    return "1 node" if count == 1 else f"{count} nodes"
