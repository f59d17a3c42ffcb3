"""The k-NN graph of the features, joined beside the edges that a graph has."""

from __future__ import annotations

import numpy as np
import scipy.sparse

from ..similarity import nearest_neighbours
from ..similarity.graph import as_points
from ..similarity.weights import normalized


def feature_knn_graph(features: scipy.sparse.csr_array, neighbors: int) -> scipy.sparse.csr_array:
    """Return D^-1/2 K D^-1/2 with K_ij the cosine of rows i and j, D the row sums of K.

    Each row is joined to so many others of the largest cosine, each edge in both directions. A row
    that is like no other, one of zeros among them, is joined to itself, so that what flows along
    edges is not lost there. Memory is that of the n k edges and of a chunk of the search; never
    n x n.

    Parameters
    ----------
    features : (n, f)
        Rows of any length.
    neighbors : int
        More than there are other rows means all of them.

    Returns
    -------
    (n, n) float64, symmetric; entries between 0 and 1.

    Examples
    --------
    >>> rows = scipy.sparse.csr_array(np.array([[2.0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 0]]))
    >>> feature_knn_graph(rows, 1).toarray()
    array([[0., 1., 0., 0.],
           [1., 0., 0., 0.],
           [0., 0., 1., 0.],
           [0., 0., 0., 1.]])
    """
    n = features.shape[0]
    # A row of zeros has no direction, and would be nearer to most others than they to each other.
    nonzero = np.flatnonzero(abs(features).sum(axis=1) > 0)
    nearest = nearest_neighbours(as_points(features[nonzero]), neighbors, metric="cosine")
    distances = nearest.distances.numpy().astype(np.float64)
    rows = nonzero.repeat(distances.shape[1])
    columns = nonzero[nearest.indices.numpy().ravel()]
    cosines = 1.0 - 0.5 * distances.ravel() ** 2  # of rows of length 1
    positive = cosines > 1e-6
    one_way = scipy.sparse.coo_array(
        (cosines[positive], (rows[positive], columns[positive])), shape=(n, n)
    ).tocsr()
    graph = one_way.maximum(one_way.T)
    self_loops = scipy.sparse.diags_array((graph.sum(axis=1) == 0).astype(np.float64))
    return normalized(scipy.sparse.csr_array(graph + self_loops), "symmetric")
