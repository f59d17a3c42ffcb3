"""The test view of an image, and a backbone together with what it expects of images."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from jaxtyping import Float, UInt8
from torch import Tensor, nn

from .networks import make_backbone


def as_floats(
    images: UInt8[Tensor, "b h w c"], device: torch.device | str
) -> Float[Tensor, "b c h w"]:
    """Bytes as numbers in [0, 1], with the channels first and last in memory."""
    return images.to(device, non_blocking=True).permute(0, 3, 1, 2).float().div(255.0)


def centre(images: Float[Tensor, "b c h w"], size: int) -> Float[Tensor, "b c s s"]:
    """The middle of each image."""
    top, left = (images.shape[2] - size) // 2, (images.shape[3] - size) // 2
    return images[:, :, top : top + size, left : left + size]


class ImageModel(nn.Module):
    """Images in [0, 1] to features: resized, the centre cut out, normalised, through the backbone.

    Parameters
    ----------
    name : str
        A key of `BACKBONES`.
    size, resize : int
        As in `TrainingSettings`.
    mean, std : sequence of float
        Of each channel over the training images.
    """

    mean: Tensor
    std: Tensor

    def __init__(
        self, name: str, size: int, resize: int, mean: Sequence[float], std: Sequence[float]
    ) -> None:
        super().__init__()
        self.name, self.size, self.resize = name, size, resize
        self.channels = len(mean)
        self.backbone = make_backbone(name, self.channels, size)
        self.register_buffer("mean", torch.tensor(mean).view(-1, 1, 1))
        self.register_buffer("std", torch.tensor(std).view(-1, 1, 1))

    @property
    def features(self) -> int:
        """The width d."""
        return int(self.backbone.features)  # type: ignore[arg-type]

    def of_views(self, views: Float[Tensor, "b c s s"]) -> Float[Tensor, "b d"]:
        """Features of what has the right size already, in [0, 1]."""
        features: Tensor = self.backbone((views - self.mean) / self.std)
        return features

    def forward(self, images: Float[Tensor, "b c h w"]) -> Float[Tensor, "b d"]:
        if images.shape[2:] != (self.resize, self.resize):
            images = F.interpolate(
                images, size=(self.resize, self.resize), mode="bilinear", antialias=True
            )
        return self.of_views(centre(images, self.size))


class Classifier(nn.Module):
    """What is trained: features of views, and a linear layer to the training classes."""

    def __init__(self, model: ImageModel, classes: int) -> None:
        super().__init__()
        self.model = model
        self.head = nn.Linear(model.features, classes)

    def forward(self, views: Float[Tensor, "b c s s"]) -> Float[Tensor, "b k"]:
        scores: Tensor = self.head(self.model.of_views(views))
        return scores
