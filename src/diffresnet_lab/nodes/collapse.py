"""How far the features of a graph's nodes have become alike: their Dirichlet energy."""

from __future__ import annotations

from typing import Literal

import numpy as np
import scipy.sparse
from jaxtyping import Float
from torch import Tensor

from diffresnet.graphs.node_data import NodeData


def dirichlet_energy(x: Float[Tensor, "m n h"], data: NodeData) -> Float[np.ndarray, " m"]:
    """tr(X^T L X) / |X|^2 with L = I - A~ and |X| the Frobenius norm, for every member.

    With A~ = D^-1/2 (A + I) D^-1/2 and D the degrees of A + I, that is

        sum over edges of a_ij |x_i / sqrt(d_i) - x_j / sqrt(d_j)|^2 / sum over nodes of |x_i|^2,

    a number from 0 to 2 whatever the scale of the features: the mean of the eigenvalues of L, each
    weighed by how much of the features is in its eigenvector. It is 0 where each row is sqrt(d_i)
    times one and the same row, which is where products with A~ lead in the end (Cai, Wang, "A
    note on over-smoothing", arXiv 2006.13318). Features that are all 0 have energy 0.

    Examples
    --------
    >>> import torch, scipy.sparse as sp
    >>> pair = sp.csr_array([[0.0, 1.0], [1.0, 0.0]])
    >>> data = NodeData("pair", pair, pair, torch.tensor([0, 1]), 2, torch.device("cpu"))
    >>> dirichlet_energy(torch.tensor([[[1.0], [1.0]], [[1.0], [-1.0]]]), data).round(6)
    array([0., 1.])
    """
    wide = x.detach().cpu().numpy().astype(np.float64)
    return np.array([_energy(each, data) for each in wide])


def constant_energy(data: NodeData) -> float:
    """The energy of features that are the same at every node: 0 on regular graphs only.

    That is where the diffusion of `diag(A~ 1) - A~` leads in the end.
    """
    return _energy(np.ones((len(data), 1)), data)


def spread(
    x: Float[Tensor, "m n h"], data: NodeData, end: Literal["products", "diffusion"]
) -> Float[np.ndarray, " m"]:
    """How much of |X|^2 is not yet where a network's operator leads, for every member.

    1 - |u^T X|^2 / |X|^2, a number from 0 to 1, with u of length 1 along sqrt(d) for products with
    A~, and along 1 for the diffusion of diag(A~ 1) - A~. The energy cannot show how close features
    are to the second: it is not 0 there. Features that are all 0 have spread 0.
    """
    wide = x.detach().cpu().numpy().astype(np.float64)
    u = np.ones(len(data)) if end == "diffusion" else np.sqrt(data.adjacency.sum(axis=1) + 1.0)
    u /= np.linalg.norm(u)
    total = (wide**2).sum((1, 2))
    left = wide - u[:, None] * np.einsum("n,mnh->mh", u, wide)[:, None]
    apart = (left**2).sum((1, 2))
    return np.divide(apart, total, out=np.zeros(len(wide)), where=total > 0)


def _energy(x: Float[np.ndarray, "n h"], data: NodeData) -> float:
    largest = np.abs(x).max(initial=0.0)
    if largest == 0.0:
        return 0.0
    # By edges, not as 1 - <X, A~ X>: a sum of squares keeps its digits where it is small.
    edges = scipy.sparse.triu(data.adjacency, 1).tocoo()
    x = x / largest
    scaled = x / np.sqrt(data.adjacency.sum(axis=1) + 1.0)[:, None]
    apart = sum(
        float(edges.data @ (column[edges.row] - column[edges.col]) ** 2) for column in scaled.T
    )
    return apart / float((x**2).sum())
