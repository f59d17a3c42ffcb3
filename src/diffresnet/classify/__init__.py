"""The few-label classifier: diffused features, a head, and diffused class scores."""

from .estimator import DiffusionClassifier
from .partitions import Shards

__all__ = ["DiffusionClassifier", "Shards"]
