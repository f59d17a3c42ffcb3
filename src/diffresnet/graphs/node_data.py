"""A graph as the node classifiers take it: on a device, with what they multiply by."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import scipy.sparse
import torch
from jaxtyping import Float, Int
from torch import Tensor

from ..errors import InputError
from ..operators import SparseLaplacian
from ..operators.matrix import SparseMatrix
from ..similarity import similarity_graph
from .graph import GraphData, NodeSplit
from .pyg import graph_from_pyg
from .similar import similar_nodes

NEIGHBORS = 5
"""Others that a node is joined to because their features are alike."""


@dataclass(frozen=True, eq=False)
class NodeData:
    """A graph as it is learnt on: undirected, weights 1, no self-loops, features scaled by row.

    Attributes
    ----------
    adjacency : (n, n) scipy csr_array
    features : (n, f) scipy csr_array, float32
    labels : (n,) int64 tensor, classes from 0 on, -1 where there is none
    classes : int
    device : torch.device
    split : NodeSplit or None
        The split that the graph is distributed with, of these nodes.
    class_names : tuple of str
        What the classes 0, 1, ... are called where the graph comes from.
    """

    name: str
    adjacency: scipy.sparse.csr_array
    features: scipy.sparse.csr_array
    labels: Int[Tensor, " n"]
    classes: int
    device: torch.device
    split: NodeSplit | None = None
    class_names: tuple[str, ...] = ()

    @classmethod
    def from_graph(
        cls, graph: GraphData, device: torch.device | str = "cpu", *, whole: bool = False
    ) -> NodeData:
        """The protocol of the paper's experiments: largest component, binary features by rows.

        Edges lose direction and weight, and self-loops are dropped. Bags of words (no feature
        negative, half of them or more 0) become 1 where they are not 0, then each row is divided
        by its sum; rows without features stay zero. Other features keep their values: each column
        is brought to mean 0 and deviation 1, each row to length 1. Where a graph has no features,
        each node has one of its own.

        Parameters
        ----------
        whole : bool
            Keep all nodes, not the largest component alone, as the fixed Planetoid split does.

        Raises
        ------
        InputError
            If there are no labels, or fewer than two classes.
        """
        part = graph.undirected() if whole else graph.largest_component()
        if part.labels is None:
            raise InputError(f"the graph {graph.name!r} has no labels to learn from")
        known, codes = np.unique(part.labels[part.labels >= 0], return_inverse=True)
        if len(known) < 2:
            if not whole and len(part) == 1:
                raise InputError(
                    f"the graph {graph.name!r} has no edge between two nodes; at least two nodes "
                    f"of two classes are needed"
                )
            among = "" if whole else f" among the {len(part)} nodes of its largest component"
            classes = ("no class", "one class")[len(known)]
            raise InputError(f"the graph {graph.name!r} has {classes}{among}; two are needed")
        names = part.class_names
        labels = np.full(len(part), -1)
        labels[part.labels >= 0] = codes
        return cls(
            graph.name,
            part.adjacency,
            _scaled(part),
            torch.from_numpy(labels).to(device),
            len(known),
            torch.device(device),
            part.split,
            tuple(str(code) if names is None else names[code] for code in known),
        )

    @classmethod
    def from_pyg(
        cls,
        data: Any,
        name: str = "graph",
        device: torch.device | str = "cpu",
        *,
        whole: bool = False,
    ) -> NodeData:
        """The same of PyTorch Geometric's `Data`, or any object with its attributes.

        Raises
        ------
        InputError
            As `graph_from_pyg` and `from_graph`.
        """
        return cls.from_graph(graph_from_pyg(data, name), device, whole=whole)

    def to(self, device: torch.device | str) -> NodeData:
        """The same on another device."""
        return replace(self, labels=self.labels.to(device), device=torch.device(device))

    def with_unit_rows(self) -> NodeData:
        """The same with each row of the features brought to length 1; zero rows stay zero.

        Rows of sum 1, the protocol's, are small where nodes have many words: at 255 words each
        number is 0.004, and models that were made for 20 words hardly learn.
        """
        scale = row_scale(self.features)
        features = scipy.sparse.csr_array(self.features.multiply(scale[:, None]))
        return replace(self, features=features.astype(np.float32))

    def __len__(self) -> int:
        return int(self.adjacency.shape[0])

    @property
    def structure_only(self) -> bool:
        """Whether nodes are told apart by number alone, as where a graph has no features."""
        n = len(self)
        own = self.features.shape == (n, n) and self.features.nnz == n
        return own and bool((self.features.indices == np.arange(n)).all())

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
    def similar(self) -> scipy.sparse.csr_array:
        """Nodes whose features are alike, joined to `NEIGHBORS` each: see `similar_nodes`.

        Seconds on 20,000 nodes; what is known of it goes along when the data are pickled.
        """
        return similar_nodes(self.features, NEIGHBORS)

    @cached_property
    def laplacian(self) -> SparseLaplacian:
        """diag(A~ 1) - A~, the paper's operator on these graphs."""
        return SparseLaplacian(self.citation, symmetry="symmetric", device=self.device)

    @cached_property
    def propagation(self) -> SparseMatrix:
        """A~ as a sparse factor (GCN and its relatives)."""
        return SparseMatrix.from_scipy(self.citation, device=self.device)


def row_scale(features: scipy.sparse.csr_array) -> Float[np.ndarray, " n"]:
    """What each row is to be multiplied by for length 1; 1 where a row is zero."""
    length = np.sqrt(np.asarray(features.multiply(features).sum(axis=1), dtype=np.float64)).ravel()
    scale: Float[np.ndarray, " n"] = 1.0 / np.where(length > 0, length, 1.0)
    return scale


def is_bag_of_words(features: scipy.sparse.csr_array) -> bool:
    """Whether features say which words a node has: none is negative, half or more are 0."""
    cells = features.shape[0] * features.shape[1]
    return 2 * features.count_nonzero() <= cells and bool((features.data >= 0).all())


def _scaled(graph: GraphData) -> scipy.sparse.csr_array:
    """The features as `NodeData.from_graph` says."""
    if graph.features is None:
        eye = scipy.sparse.eye_array(len(graph), format="csr", dtype=np.float32)
        return scipy.sparse.csr_array(eye)
    features = scipy.sparse.csr_array(graph.features, copy=True).astype(np.float32)
    features.eliminate_zeros()
    if is_bag_of_words(features):
        features.data[:] = 1.0
        features.data /= np.repeat(np.diff(features.indptr), np.diff(features.indptr))
        return features
    columns = features.toarray().astype(np.float64)
    columns -= columns.mean(0)
    columns /= np.maximum(columns.std(0), np.finfo(np.float32).tiny)
    columns /= np.maximum(np.linalg.norm(columns, axis=1, keepdims=True), np.finfo(np.float32).tiny)
    return scipy.sparse.csr_array(columns.astype(np.float32))
