"""Neighbours of points to which more are added, without searching all of them again."""

from __future__ import annotations

import torch
from jaxtyping import Float, Int
from torch import Tensor

from .exact import measured_recall
from .index import Neighbours
from .neighbours import NeighbourSearch
from .selection import nearest_first


def extend_neighbours(
    search: NeighbourSearch,
    known: Neighbours,
    more: Float[Tensor, "m d"],
    numbers: Int[Tensor, " n_m"],
) -> Neighbours:
    """Find the k nearest others of n points and m more from those of the n points.

    The new points are searched for among the old ones and each other, and the old ones among the
    new: m (2 n + m) pairs instead of (n + m)^2. A list of old neighbours then loses its last to
    nearer new points. With an exact search this is the search of all points, up to rounding.

    Parameters
    ----------
    search : of the n points.
    known : (n, k) their neighbours.
    more : (m, d) points, as the others before rows were scaled for the metric.
    numbers : (n + m,) a permutation, under which each point is returned. Of equal distances the
        lower number comes first.

    Returns
    -------
    Neighbours of the n + m points, in the order of their numbers.
    """
    n, total = len(search.x), len(numbers)
    # A few points need no index of their own; "exact" asks for that whatever their number.
    others = NeighbourSearch(
        more, search.k, search.metric, "exact" if search.method == "exact" else "auto"
    )
    of_old, among_old, among_new = others.nearest(search.x), search.nearest(more), others.nearest()
    old, new = numbers[:n], numbers[n:]
    k = min(search.k, total - 1)
    indices = torch.empty(total, k, dtype=torch.int64, device=more.device)
    distances = torch.empty(total, k, dtype=known.distances.dtype, device=more.device)
    for at, parts in (
        (old, ((old, known), (new, of_old))),
        (new, ((old, among_old), (new, among_new))),
    ):
        candidates = torch.cat([names[part.indices] for names, part in parts], dim=1)
        lengths = torch.cat([part.distances for _, part in parts], dim=1)
        indices[at], distances[at] = nearest_first(candidates, lengths, k)
    recall = 1.0
    if any(part.recall != 1.0 for part in (known, of_old, among_old, among_new)):
        x = torch.empty(total, more.shape[1], dtype=more.dtype, device=more.device)
        x[old], x[new] = search.x, others.x
        recall = measured_recall(x, indices)
    return Neighbours(indices, distances, known.method, recall)
