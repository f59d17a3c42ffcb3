"""Backbones: training on base classes, and images to features."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .checkpoint import BackboneCard, load_backbone
    from .config import AUGMENTATIONS, AugmentationConfig, TrainingConfig, ValidationConfig
    from .embedding import embed_images
    from .encoder import ImageEncoder
    from .networks import BACKBONES, make_backbone
    from .state import EpochMetrics
    from .training import train_backbone
    from .validation import final_accuracies, prototype_accuracies

_HOMES = {
    "checkpoint": ("BackboneCard", "load_backbone"),
    "config": ("AUGMENTATIONS", "AugmentationConfig", "TrainingConfig", "ValidationConfig"),
    "embedding": ("embed_images",),
    "encoder": ("ImageEncoder",),
    "networks": ("BACKBONES", "make_backbone"),
    "state": ("EpochMetrics",),
    "training": ("train_backbone",),
    "validation": ("final_accuracies", "prototype_accuracies"),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "AUGMENTATIONS",
    "BACKBONES",
    "AugmentationConfig",
    "BackboneCard",
    "EpochMetrics",
    "ImageEncoder",
    "TrainingConfig",
    "ValidationConfig",
    "embed_images",
    "final_accuracies",
    "load_backbone",
    "make_backbone",
    "prototype_accuracies",
    "train_backbone",
]


def __getattr__(name: str) -> Any:
    # PyTorch is imported when it is needed.
    if name in _HOME_OF:
        return getattr(importlib.import_module(f".{_HOME_OF[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
