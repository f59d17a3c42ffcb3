"""Graphs with features and labels: files, notes, and the node classifier."""

from .graph import GraphData, read_graph
from .node_classifier import NodeClassifier

__all__ = ["GraphData", "NodeClassifier", "read_graph"]
