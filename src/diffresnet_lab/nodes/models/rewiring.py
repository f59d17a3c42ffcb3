"""Another graph on the same nodes: the neighbours that a random walk with restarts finds."""

from __future__ import annotations

from weakref import WeakKeyDictionary

import numpy as np
import scipy.sparse
import torch

from diffresnet.graphs.node_data import NodeData

_made: WeakKeyDictionary[NodeData, dict[tuple[int, float, int], scipy.sparse.csr_array]] = (
    WeakKeyDictionary()
)


def pagerank_neighbours(
    data: NodeData, count: int, restart: float = 0.15, steps: int = 20
) -> scipy.sparse.csr_array:
    """Each node joined to itself and to the `count` nodes of largest personalised PageRank.

    Row i holds the largest entries of restart sum_k (1 - restart)^k A~^k e_i, k < steps, itself
    aside: graph diffusion convolution (Gasteiger et al. 2019, arXiv 1911.05485) with its series
    cut and rows of equal length. Entries of 0 are never taken. Blocks of rows are computed one
    after another, so that memory is never n x n.
    """
    known = _made.setdefault(data, {})
    key = (count, restart, steps)
    if key not in known:
        known[key] = _neighbours(data, *key)
    return known[key]


def _neighbours(data: NodeData, count: int, restart: float, steps: int) -> scipy.sparse.csr_array:
    n = len(data)
    rows, columns, weights = [], [], []
    for first in range(0, n, 512):
        nodes = torch.arange(first, min(first + 512, n), device=data.device)
        here = torch.arange(len(nodes), device=data.device)
        walk = torch.zeros(n, len(nodes), device=data.device)
        walk[nodes, here] = restart
        total = torch.zeros_like(walk)
        for _ in range(steps):
            total += walk
            walk = (1 - restart) * data.propagation(walk)
        total[nodes, here] = torch.inf
        largest, at = total.T.topk(min(count + 1, n))
        found = largest > 0
        rows.append(nodes[:, None].expand_as(at)[found].cpu().numpy())
        columns.append(at[found].cpu().numpy())
        weights.append(largest[found].cpu().numpy())
    joined = scipy.sparse.coo_array(
        (np.concatenate(weights), (np.concatenate(rows), np.concatenate(columns))), shape=(n, n)
    )
    return joined.tocsr()
