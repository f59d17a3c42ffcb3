"""Is a graph undirected, or at least a walk on an undirected one?"""

from __future__ import annotations

import numpy as np
import scipy.sparse
from scipy.sparse import csgraph

# A measure that spans more than this is of no use: its inner product hides the light points.
WIDEST = 1e12


def reversing_measure(weights: scipy.sparse.csr_array, rtol: float = 1e-5) -> np.ndarray | None:
    """Return the measure d > 0 with d_i w_ij = d_j w_ji, or None where there is none.

    Such a graph is a random walk on an undirected graph, up to the scale of its components: its
    Laplacian has real eigenvalues. d is exactly constant where the weights are symmetric.

    Parameters
    ----------
    weights : (n, n) CSR, non-negative.
    rtol : float
        Relative disagreement of d_i w_ij and d_j w_ji that counts as rounding.

    Returns
    -------
    (n,) float64 with smallest entry 1, or None; None too where d spans more than `WIDEST`, as
    on a tree whose edges all pull one way.
    """
    w = scipy.sparse.csr_array(weights, copy=True)
    w.eliminate_zeros()
    w.sort_indices()
    back = w.T.tocsr()
    back.sort_indices()
    if not (np.array_equal(w.indptr, back.indptr) and np.array_equal(w.indices, back.indices)):
        return None
    n = w.shape[0]
    if np.allclose(w.data, back.data, rtol=rtol, atol=0.0):
        return np.ones(n)
    # log d_j - log d_i = log w_ij - log w_ji is fixed along a spanning forest, then checked
    # on every edge (Kolmogorov's criterion).
    rows = np.repeat(np.arange(n), np.diff(w.indptr))
    jump = np.log(w.data) - np.log(back.data)
    log_d = _along_forest(w, rows, jump)
    if not np.allclose(log_d[rows] + jump, log_d[w.indices], rtol=0.0, atol=10 * rtol):
        return None
    if np.ptp(log_d) > np.log(WIDEST):
        return None
    return np.exp(log_d - log_d.min())


def _along_forest(w: scipy.sparse.csr_array, rows: np.ndarray, jump: np.ndarray) -> np.ndarray:
    """Sum `jump` from one root in each component outwards, a layer of nodes at a time."""
    n = w.shape[0]
    _, component = csgraph.connected_components(w, directed=False)
    roots = np.unique(component, return_index=True)[1]
    log_d = np.full(n, np.nan)
    log_d[roots] = 0.0
    frontier = roots
    while frontier.size:
        inside = np.zeros(n, bool)
        inside[frontier] = True
        edges = np.flatnonzero(inside[rows] & np.isnan(log_d[w.indices]))
        reached, first = np.unique(w.indices[edges], return_index=True)
        log_d[reached] = log_d[rows[edges[first]]] + jump[edges[first]]
        frontier = reached
    return log_d
