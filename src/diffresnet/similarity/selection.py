"""The largest and smallest of each row, and candidates in the order of their distances.

NumPy selects and sorts several times as fast as PyTorch does on a processor, with its vector
instructions.
"""

from __future__ import annotations

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

# Scores are first compared by the maxima of this many groups for each that is wanted.
GROUPS = 8


def largest(scores: Tensor, k: int) -> Int[Tensor, "c k"]:
    """Return the columns of the k largest scores (c, n) of each row, in no order.

    The k largest lie in the k groups with the largest maxima: one cheap pass finds those, and
    only they are searched, in the same way.
    """
    if k == 1 and scores.device.type == "cpu":
        return torch.from_numpy(scores.numpy().argmax(axis=1))[:, None]
    n, groups = scores.shape[1], GROUPS * k
    size = n // groups if k else 0
    if size < 4 or len(scores) == 1:  # a single row is done before the groups are made
        return scores.topk(k, dim=1, sorted=False).indices
    # A group takes every `groups`-th column, so that maxima are those of whole vectors.
    whole = size * groups
    blocks = scores[:, :whole].unflatten(1, (size, groups))
    chosen = blocks.amax(1).topk(k, dim=1, sorted=False).indices
    inside = blocks.gather(2, chosen[:, None].expand(-1, size, -1)).flatten(1)
    best = largest(torch.cat([inside, scores[:, whole:]], dim=1), k)
    column = chosen.gather(1, best % k) + best // k * groups
    return torch.where(best < size * k, column, best + (whole - size * k))


def nearest_first(
    candidates: Int[Tensor, "*c w"], distances: Float[Tensor, "*c w"], k: int
) -> tuple[Int[Tensor, "*c k"], Float[Tensor, "*c k"]]:
    """Return the k nearest of the candidates in order, of equal ones the lower index first."""
    candidates, by_index = candidates.sort(dim=-1)
    d, order = distances.gather(-1, by_index).sort(dim=-1, stable=True)
    return candidates.gather(-1, order[..., :k]), d[..., :k]


def smallest(values: Tensor, k: int) -> Tensor:
    """Return the k smallest values (c, n) of each row, in no order."""
    if values.device.type == "cpu":
        return torch.from_numpy(np.partition(values.numpy(), k - 1, axis=1)[:, :k])
    return values.topk(k, dim=1, largest=False, sorted=False).values


def at_most(values: Tensor, limit: Tensor) -> tuple[Int[Tensor, " e"], Int[Tensor, " e"], Tensor]:
    """Return rows, columns and values of those (c, n) up to the limit (c,) of their row."""
    if values.device.type == "cpu":
        array = values.numpy()
        rows, columns = np.divmod(np.flatnonzero(array <= limit.numpy()[:, None]), array.shape[1])
        found = array[rows, columns]
        return torch.from_numpy(rows), torch.from_numpy(columns), torch.from_numpy(found)
    row, column = torch.nonzero(values <= limit[:, None], as_tuple=True)
    return row, column, values[row, column]


def ascending(values: Int[Tensor, "*c e"]) -> Int[Tensor, "*c e"]:
    """Return values in order, those of each row."""
    if values.device.type == "cpu":
        return torch.from_numpy(np.sort(values.numpy()))
    return values.sort().values
