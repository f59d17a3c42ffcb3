"""The few-label classifier: diffused features, a head, and diffused class scores."""

from .estimator import DiffusionClassifier

__all__ = ["DiffusionClassifier"]
