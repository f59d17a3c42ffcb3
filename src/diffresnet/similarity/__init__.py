"""From points to a graph of similarities: neighbours, Gaussian weights, Sparse, Normalize."""

from .backends import SEARCHES
from .batch import dense_similarity
from .graph import similarity_graph
from .index import NeighbourIndex, Neighbours
from .neighbours import NeighbourSearch, nearest_neighbours
from .settings import GraphSettings

__all__ = [
    "SEARCHES",
    "GraphSettings",
    "NeighbourIndex",
    "NeighbourSearch",
    "Neighbours",
    "dense_similarity",
    "nearest_neighbours",
    "similarity_graph",
]
