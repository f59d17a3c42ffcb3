"""Figures of the former way to write pages; new ones are made of `pages.plots`."""

from .network import network_diagram
from .training import Panel, accuracy_curves, feature_grid

__all__ = ["Panel", "accuracy_curves", "feature_grid", "network_diagram"]
