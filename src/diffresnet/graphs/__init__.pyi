from .graph import GraphData as GraphData
from .graph import read_graph as read_graph
from .node_classifier import NodeClassifier as NodeClassifier
