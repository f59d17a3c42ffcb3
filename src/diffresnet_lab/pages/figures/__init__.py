"""Figures as objects: nothing here touches pyplot or changes a setting for others."""

from .curves import ratio_curve
from .maps import class_map, plane
from .network import network_diagram
from .scores import error_chart
from .training import Panel, accuracy_curves, feature_grid

__all__ = [
    "Panel",
    "accuracy_curves",
    "class_map",
    "error_chart",
    "feature_grid",
    "network_diagram",
    "plane",
    "ratio_curve",
]
