"""Label everything from a handful of labels: residual networks with a diffusion layer."""

from .classify import DiffusionClassifier
from .nn import DiffResNet, DiffusionLayer
from .similarity import similarity_graph

__version__ = "0.1.0"
__all__ = ["DiffResNet", "DiffusionClassifier", "DiffusionLayer", "similarity_graph"]
