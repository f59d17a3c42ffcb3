"""A graph as the node classifiers take it: on a device, with what they multiply by."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import scipy.sparse
import torch
from jaxtyping import Float, Int
from torch import Tensor

from ..data.graphs import GraphData
from ..errors import InputError
from ..operators import SparseLaplacian
from ..operators.matrix import SparseMatrix
from ..similarity import similarity_graph


@dataclass(frozen=True, eq=False)
class NodeData:
    """One piece of a graph: symmetric weights without self-loops, features whose rows sum to 1.

    Attributes
    ----------
    adjacency : (n, n) scipy csr_array
    features : (n, f) scipy csr_array, float32
    labels : (n,) int64 tensor, classes from 0 on, -1 where there is none
    classes : int
    device : torch.device
    """

    name: str
    adjacency: scipy.sparse.csr_array
    features: scipy.sparse.csr_array
    labels: Int[Tensor, " n"]
    classes: int
    device: torch.device

    @classmethod
    def from_graph(cls, graph: GraphData, device: torch.device | str = "cpu") -> NodeData:
        """The protocol of the paper's experiments: largest component, binary features by rows.

        Features become 1 where they are not 0, then each row is divided by its sum; rows without
        features stay zero. Where a graph has no features, each node has one of its own.

        Raises
        ------
        InputError
            If there are no labels, or fewer than two classes.
        """
        part = graph.largest_component()
        if part.labels is None:
            raise InputError(f"the graph {graph.name!r} has no labels to learn from")
        known, codes = np.unique(part.labels[part.labels >= 0], return_inverse=True)
        if len(known) < 2:
            raise InputError(f"the graph {graph.name!r} has {len(known)} classes; two are needed")
        labels = np.full(len(part), -1)
        labels[part.labels >= 0] = codes
        features = part.features
        if features is None:
            features = scipy.sparse.eye_array(len(part), format="csr")
        features = scipy.sparse.csr_array(features, copy=True).astype(np.float32)
        features.eliminate_zeros()
        features.data[:] = 1.0
        features.data /= np.repeat(np.diff(features.indptr), np.diff(features.indptr))
        return cls(
            graph.name,
            part.adjacency,
            features,
            torch.from_numpy(labels).to(device),
            len(known),
            torch.device(device),
        )

    def to(self, device: torch.device | str) -> NodeData:
        """The same on another device."""
        return replace(self, labels=self.labels.to(device), device=torch.device(device))

    def __len__(self) -> int:
        return int(self.adjacency.shape[0])

    @property
    def edges(self) -> int:
        return int(self.adjacency.nnz // 2)

    @cached_property
    def x(self) -> SparseMatrix:
        """The features as a sparse factor: `data.x.differentiable(W)` is X W."""
        return SparseMatrix.from_scipy(self.features, device=self.device)

    @cached_property
    def dense_x(self) -> Float[Tensor, "n f"]:
        """The features as a dense tensor, 4 n f bytes: only for models that need it."""
        return torch.from_numpy(self.features.toarray()).to(self.device)

    @cached_property
    def citation(self) -> scipy.sparse.csr_array:
        """A~ = D^-1/2 (A + I) D^-1/2 with D the degrees of A + I, float64."""
        graph: scipy.sparse.csr_array = similarity_graph(preset="citation", graph=self.adjacency)
        return graph

    @cached_property
    def laplacian(self) -> SparseLaplacian:
        """diag(A~ 1) - A~, the paper's operator on these graphs."""
        return SparseLaplacian(self.citation, symmetry="symmetric", device=self.device)

    @cached_property
    def propagation(self) -> SparseMatrix:
        """A~ as a sparse factor (GCN and its relatives)."""
        return SparseMatrix.from_scipy(self.citation, device=self.device)
