"""What was changed of a graph before it is learnt on, in words."""

from __future__ import annotations

from .graphs import GraphData


def graph_notes(given: GraphData, kept: GraphData) -> list[str]:
    """What a user should know of how a graph was read and what was kept of it, one line each.

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
        lost.append("their direction")
    if (adjacency.data != 1).any():
        lost.append("their weights")
    if lost:
        notes.append(f"edges are joined without {' and '.join(lost)}")
    loops = int((adjacency.diagonal() != 0).sum())
    if loops:
        notes.append(f"self-loops are dropped ({_nodes(loops)} had one)")
    left = len(given) - len(kept)
    if left:
        are = "is" if left == 1 else "are"
        notes.append(
            f"{_nodes(left)} of {len(given)} {are} outside the largest connected component and "
            f"left out"
        )
    if given.features is None:
        notes.append("there are no features: each node has one of its own, and edges say the rest")
    return notes


def _nodes(count: int) -> str:
    return "1 node" if count == 1 else f"{count} nodes"
