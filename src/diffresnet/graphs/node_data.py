"""A graph as node classifiers take it: normalized features, labels, and graph operators."""

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
from .feature_graph import feature_knn_graph
from .graph import GraphData, NodeSplit
from .pyg import graph_from_pyg

NEIGHBORS = 5
"""Neighbours of a node in the k-NN graph of the features."""


@dataclass(frozen=True, eq=False)
class NodeData:
    """A graph to learn on: undirected, weights 1, no self-loops, features normalized by row.

    Attributes
    ----------
    adjacency : (n, n) scipy csr_array
    features : (n, f) scipy csr_array, float32
    labels : (n,) int64 tensor, classes from 0 on, -1 where there is none
    classes : int
    device : torch.device
    split : NodeSplit or None
        The public split that the graph is distributed with, of these nodes.
    class_names : tuple of str
        Names of the classes 0, 1, ...
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
        cls,
        graph: GraphData,
        device: torch.device | str = "cpu",
        *,
        largest_component: bool = True,
    ) -> NodeData:
        """Return a graph as the paper's experiments take it.

        Edges lose direction and weight, self-loops are dropped, and the largest connected
        component is kept. The features are normalized as `from_undirected` says.

        Parameters
        ----------
        largest_component : bool
            Whether to keep that component alone; without it all nodes are kept, as the fixed
            Planetoid split does.

        Raises
        ------
        InputError
            If there are no labels, or fewer than two classes.
        """
        kept = graph.largest_component() if largest_component else graph.undirected()
        try:
            return cls.from_undirected(kept, device)
        except InputError as error:
            if graph.labels is None:
                raise
            raise InputError(f"{error.message}{nodes_left_out(graph, kept)}") from error

    @classmethod
    def from_undirected(cls, graph: GraphData, device: torch.device | str = "cpu") -> NodeData:
        """Return an undirected graph, all its nodes, with normalized features.

        Bags of words (no feature negative, half of them or more 0) become 1 where they are not 0,
        then each row is divided by its sum; rows without features stay zero. Other features keep
        their values: each column is brought to mean 0 and deviation 1, each row to length 1. A
        graph without features gets the identity.

        Parameters
        ----------
        graph : GraphData
            As `largest_component` or `undirected` returns it.

        Raises
        ------
        InputError
            If there are no labels, or fewer than two classes.
        """
        if graph.labels is None:
            raise InputError(f"the graph {graph.name!r} has no labels to learn from")
        codes, labels = np.unique(graph.labels[graph.labels >= 0], return_inverse=True)
        if len(codes) < 2:
            if len(graph) == 1:
                raise InputError(
                    f"the graph {graph.name!r} has no edge between two nodes; at least two nodes "
                    f"of two classes are needed"
                )
            classes = ("no class", "one class")[len(codes)]
            raise InputError(f"the graph {graph.name!r} has {classes}; two are needed")
        names = graph.class_names
        all_labels = np.full(len(graph), -1)
        all_labels[graph.labels >= 0] = labels
        return cls(
            graph.name,
            graph.adjacency,
            _normalized_features(graph),
            torch.from_numpy(all_labels).to(device),
            len(codes),
            torch.device(device),
            graph.split,
            tuple(str(code) if names is None else names[code] for code in codes),
        )

    @classmethod
    def from_pyg(
        cls,
        data: Any,
        name: str = "graph",
        device: torch.device | str = "cpu",
        *,
        largest_component: bool = True,
    ) -> NodeData:
        """Return the graph of PyTorch Geometric's `Data`, or any object with its attributes.

        Raises
        ------
        InputError
            As `graph_from_pyg` and `from_graph`.
        """
        graph = graph_from_pyg(data, name)
        return cls.from_graph(graph, device, largest_component=largest_component)

    def to(self, device: torch.device | str) -> NodeData:
        """Return the same on another device."""
        return replace(self, labels=self.labels.to(device), device=torch.device(device))

    def with_unit_rows(self) -> NodeData:
        """Return the same with each row of the features brought to length 1; zero rows stay zero.

        Rows of sum 1, the protocol's, are small where nodes have many words: at 255 words each
        number is 0.004, and models that were made for 20 words hardly learn.
        """
        scale = inverse_row_norms(self.features)
        features = scipy.sparse.csr_array(self.features.multiply(scale[:, None]))
        return replace(self, features=features.astype(np.float32))

    def __len__(self) -> int:
        return int(self.adjacency.shape[0])

    @property
    def structure_only(self) -> bool:
        """Whether the features are the identity, as where a graph has none."""
        n = len(self)
        one_each = self.features.shape == (n, n) and self.features.nnz == n
        return one_each and bool((self.features.indices == np.arange(n)).all())

    @property
    def edges(self) -> int:
        """Number of edges."""
        return int(self.adjacency.nnz // 2)

    @cached_property
    def feature_matrix(self) -> SparseMatrix:
        """X as a sparse factor: `data.feature_matrix.differentiable(W)` is X W."""
        return SparseMatrix.from_scipy(self.features, device=self.device)

    @cached_property
    def dense_features(self) -> Float[Tensor, "n f"]:
        """X as a dense tensor, 4 n f bytes: only for models that need it."""
        return torch.from_numpy(self.features.toarray()).to(self.device)

    @cached_property
    def normalized_adjacency(self) -> scipy.sparse.csr_array:
        """A~ = D^-1/2 (A + I) D^-1/2 with D the degrees of A + I, float64."""
        graph: scipy.sparse.csr_array = similarity_graph(preset="citation", graph=self.adjacency)
        return graph

    @cached_property
    def propagation_matrix(self) -> SparseMatrix:
        """A~ as a sparse factor, the message passing of GCN and its relatives."""
        return SparseMatrix.from_scipy(self.normalized_adjacency, device=self.device)

    @cached_property
    def laplacian(self) -> SparseLaplacian:
        """diag(A~ 1) - A~, the paper's operator on these graphs."""
        return SparseLaplacian(self.normalized_adjacency, symmetry="symmetric", device=self.device)

    @cached_property
    def feature_graph(self) -> scipy.sparse.csr_array:
        """K, the normalized k-NN graph of the features: `feature_knn_graph`, `NEIGHBORS` each.

        Seconds on 20,000 nodes; once made it goes along when the data are pickled.
        """
        return feature_knn_graph(self.features, NEIGHBORS)


def nodes_left_out(graph: GraphData, kept: GraphData) -> str:
    """Return what an error about the kept nodes has to add, in brackets; "" where all are kept."""
    if len(kept) == len(graph):
        return ""
    return f" ({len(kept)} of {len(graph)} nodes are in the largest component, and count)"


def inverse_row_norms(features: scipy.sparse.csr_array) -> Float[np.ndarray, " n"]:
    """Return what each row is to be multiplied by for length 1; 1 where a row is zero."""
    length = np.sqrt(np.asarray(features.multiply(features).sum(axis=1), dtype=np.float64)).ravel()
    scale: Float[np.ndarray, " n"] = 1.0 / np.where(length > 0, length, 1.0)
    return scale


def is_bag_of_words(features: scipy.sparse.csr_array) -> bool:
    """Tell whether features are word counts: none is negative, half or more are 0."""
    cells = features.shape[0] * features.shape[1]
    return 2 * features.count_nonzero() <= cells and bool((features.data >= 0).all())


def _normalized_features(graph: GraphData) -> scipy.sparse.csr_array:
    """Return the features normalized as `NodeData.from_undirected` says."""
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
