"""Image encoder: a backbone together with the resizing and normalisation of its images."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from jaxtyping import Float, UInt8
from torch import Tensor, nn

from .networks import make_backbone


def to_floats(
    images: UInt8[Tensor, "b h w c"], device: torch.device | str
) -> Float[Tensor, "b c h w"]:
    """Convert bytes to numbers in [0, 1], channels first in shape and last in memory."""
    return images.to(device, non_blocking=True).permute(0, 3, 1, 2).float().div(255.0)


def crop_centre(images: Float[Tensor, "b c h w"], size: int) -> Float[Tensor, "b c s s"]:
    """Crop the centre of each image."""
    top, left = (images.shape[2] - size) // 2, (images.shape[3] - size) // 2
    return images[:, :, top : top + size, left : left + size]


def resize(images: Float[Tensor, "b c h w"], size: int) -> Float[Tensor, "b c s s"]:
    """Resize images to a square by antialiased bilinear interpolation."""
    return F.interpolate(images, size=(size, size), mode="bilinear", antialias=True)


class ImageEncoder(nn.Module):
    """Images in [0, 1] to features: resize, centre crop, normalise, backbone.

    Parameters
    ----------
    name : str
        A key of `BACKBONES`.
    size, resize : int
        As in `TrainingConfig`.
    mean, std : sequence of float
        Of each channel over the training images.
    """

    mean: Tensor
    std: Tensor

    def __init__(
        self, name: str, size: int, resize: int, mean: Sequence[float], std: Sequence[float]
    ) -> None:
        super().__init__()
        self.size, self.resize = size, resize
        self.backbone = make_backbone(name, len(mean), size)
        self.register_buffer("mean", torch.tensor(mean).view(-1, 1, 1))
        self.register_buffer("std", torch.tensor(std).view(-1, 1, 1))

    @property
    def features(self) -> int:
        """Width of the features."""
        return int(self.backbone.features)  # type: ignore[arg-type]

    def encode_crops(self, crops: Float[Tensor, "b c s s"]) -> Float[Tensor, "b d"]:
        """Return the features of images in [0, 1] that have the network's size already."""
        features: Tensor = self.backbone((crops - self.mean) / self.std)
        return features

    def forward(self, images: Float[Tensor, "b c h w"]) -> Float[Tensor, "b d"]:
        if images.shape[2:] != (self.resize, self.resize):
            images = resize(images, self.resize)
        return self.encode_crops(crop_centre(images, self.size))


class ImageClassifier(nn.Module):
    """An image encoder with a linear layer to the training classes, for training only."""

    def __init__(self, model: ImageEncoder, classes: int) -> None:
        super().__init__()
        self.model = model
        self.head = nn.Linear(model.features, classes)

    def forward(self, crops: Float[Tensor, "b c s s"]) -> Float[Tensor, "b k"]:
        logits: Tensor = self.head(self.model.encode_crops(crops))
        return logits
