"""From points to a graph of similarities: neighbours, Gaussian weights, Sparse, Normalize."""

from .batch import dense_similarity
from .graph import similarity_graph
from .neighbours import Neighbours, nearest_neighbours
from .settings import GraphSettings

__all__ = [
    "GraphSettings",
    "Neighbours",
    "dense_similarity",
    "nearest_neighbours",
    "similarity_graph",
]
