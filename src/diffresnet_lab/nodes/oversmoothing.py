"""Measures of over-smoothing: Dirichlet energy, and energy outside the limit of an operator."""

from __future__ import annotations

from typing import Literal

import numpy as np
import scipy.sparse
from jaxtyping import Float
from torch import Tensor

from diffresnet.graphs.node_data import NodeData


def dirichlet_energy(x: Float[Tensor, "m n h"], data: NodeData) -> Float[np.ndarray, " m"]:
    """Return tr(X^T L X) / |X|^2 with L = I - A~, |X| the Frobenius norm, for every replica.

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
    features = x.detach().cpu().numpy().astype(np.float64)
    return np.array([_energy(replica, data) for replica in features])


def constant_energy(data: NodeData) -> float:
    """Return the energy of features that are the same at every node: 0 on regular graphs only.

    That is where the diffusion of `diag(A~ 1) - A~` leads in the end.
    """
    return _energy(np.ones((len(data), 1)), data)


def residual_energy(
    x: Float[Tensor, "m n h"], data: NodeData, operator: Literal["products", "diffusion"]
) -> Float[np.ndarray, " m"]:
    """Return the share of |X|^2 outside the operator's limit subspace, for every replica.

    1 - |u^T X|^2 / |X|^2, a number from 0 (all over-smoothed) to 1, with u of length 1 along
    sqrt(d) for products with A~, and along 1 for the diffusion of diag(A~ 1) - A~. The Dirichlet
    energy cannot show how close features are to the second: it is not 0 there. Features that are
    all 0 have residual energy 0.
    """
    features = x.detach().cpu().numpy().astype(np.float64)
    limit = np.ones(len(data))
    if operator == "products":
        limit = np.sqrt(data.adjacency.sum(axis=1) + 1.0)
    limit /= np.linalg.norm(limit)
    total = (features**2).sum((1, 2))
    residual = features - limit[:, None] * np.einsum("n,mnh->mh", limit, features)[:, None]
    energy = (residual**2).sum((1, 2))
    return np.divide(energy, total, out=np.zeros(len(features)), where=total > 0)


def _energy(x: Float[np.ndarray, "n h"], data: NodeData) -> float:
    largest = np.abs(x).max(initial=0.0)
    if largest == 0.0:
        return 0.0
    # By edges, not as 1 - <X, A~ X>: a sum of squares keeps its digits where it is small.
    edges = scipy.sparse.triu(data.adjacency, 1).tocoo()
    x = x / largest
    scaled = x / np.sqrt(data.adjacency.sum(axis=1) + 1.0)[:, None]
    energy = sum(
        float(edges.data @ (column[edges.row] - column[edges.col]) ** 2) for column in scaled.T
    )
    return energy / float((x**2).sum())
