"""The graph of largest personalised PageRank on the nodes of another graph."""

from __future__ import annotations

from weakref import WeakKeyDictionary

import numpy as np
import scipy.sparse
import torch

from diffresnet.graphs.node_data import NodeData

_graphs: WeakKeyDictionary[NodeData, dict[tuple[int, float, int], scipy.sparse.csr_array]] = (
    WeakKeyDictionary()
)


def pagerank_graph(
    data: NodeData, neighbors: int, teleport: float = 0.15, steps: int = 20
) -> scipy.sparse.csr_array:
    """Join each node to itself and to the nodes of largest personalised PageRank.

    Row i holds the largest entries of teleport sum_k (1 - teleport)^k A~^k e_i, k < steps, itself
    aside: graph diffusion convolution (Gasteiger et al. 2019, arXiv 1911.05485) with its series
    cut and rows of equal length. Entries of 0 are never taken. Blocks of rows are computed one
    after another, so that memory is never n x n. The graph is made once for each `data`.
    """
    graphs = _graphs.setdefault(data, {})
    key = (neighbors, teleport, steps)
    if key not in graphs:
        graphs[key] = _pagerank_graph(data, *key)
    return graphs[key]


def _pagerank_graph(
    data: NodeData, neighbors: int, teleport: float, steps: int
) -> scipy.sparse.csr_array:
    n = len(data)
    rows, columns, weights = [], [], []
    for first in range(0, n, 512):
        nodes = torch.arange(first, min(first + 512, n), device=data.device)
        block = torch.arange(len(nodes), device=data.device)
        walk = torch.zeros(n, len(nodes), device=data.device)
        walk[nodes, block] = teleport
        pagerank = torch.zeros_like(walk)
        for _ in range(steps):
            pagerank += walk
            walk = (1 - teleport) * data.propagation_matrix(walk)
        pagerank[nodes, block] = torch.inf
        largest, neighbor = pagerank.T.topk(min(neighbors + 1, n))
        positive = largest > 0
        rows.append(nodes[:, None].expand_as(neighbor)[positive].cpu().numpy())
        columns.append(neighbor[positive].cpu().numpy())
        weights.append(largest[positive].cpu().numpy())
    joined = scipy.sparse.coo_array(
        (np.concatenate(weights), (np.concatenate(rows), np.concatenate(columns))), shape=(n, n)
    )
    return joined.tocsr()
