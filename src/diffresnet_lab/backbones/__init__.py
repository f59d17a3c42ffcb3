"""Backbones: training on base classes, and images to features."""

from .checkpoint import BackboneCard, load_backbone
from .embed import embed
from .settings import AUGMENTATIONS, Augmentation, TrainingSettings, Validation
from .state import EpochRow
from .training import train_backbone
from .validation import mean_and_interval, prototype_accuracies
from .views import ImageModel

__all__ = [
    "AUGMENTATIONS",
    "Augmentation",
    "BackboneCard",
    "EpochRow",
    "ImageModel",
    "TrainingSettings",
    "Validation",
    "embed",
    "load_backbone",
    "mean_and_interval",
    "prototype_accuracies",
    "train_backbone",
]
