"""Graph Laplacians: one operator interface, sparse for a graph, dense for a batch of tasks."""

from .dense import DenseLaplacian
from .laplacian import Laplacian, LinearMap
from .prepare import as_laplacian
from .sparse import SparseLaplacian

__all__ = ["DenseLaplacian", "Laplacian", "LinearMap", "SparseLaplacian", "as_laplacian"]
