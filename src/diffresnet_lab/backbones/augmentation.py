"""Random augmentation of training batches, by kornia."""

from __future__ import annotations

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from diffresnet.errors import InputError

from .config import AugmentationConfig
from .encoder import crop_centre


class Augmenter:
    """Augmentation of a batch, drawn from torch's generator.

    Parameters
    ----------
    config : AugmentationConfig
    size, channels : int
        Of the network's input.
    classes : int
        The label of an image of class c that is rotated by k right angles is c + k classes.

    Raises
    ------
    InputError
        If kornia is needed and not installed.
    """

    def __init__(self, config: AugmentationConfig, size: int, channels: int, classes: int) -> None:
        self.config, self.size, self.classes = config, size, classes
        self.transforms = _transforms(config, size, channels)

    def __call__(
        self, images: Float[Tensor, "b c h w"], labels: Int[Tensor, " b"]
    ) -> tuple[Float[Tensor, "b c s s"], Int[Tensor, " b"]]:
        """Return augmented images in [0, 1] and their labels."""
        if self.config.crop is None:
            images = crop_centre(images, self.size)
        images = self.transforms(images)
        if not self.config.right_angles:
            return images, labels
        turns = torch.randint(4, (len(labels),)).to(labels.device)
        return rotate(images, turns), labels + self.classes * turns


def rotate(images: Float[Tensor, "b c s s"], turns: Int[Tensor, " b"]) -> Float[Tensor, "b c s s"]:
    """Rotate each image by its number of right angles, counter-clockwise."""
    rotations = torch.stack([torch.rot90(images, k, (2, 3)) for k in range(4)])
    return rotations[turns, torch.arange(len(images), device=images.device)]


def _transforms(config: AugmentationConfig, size: int, channels: int) -> nn.Sequential:
    if config == AugmentationConfig(None, 0.0, False, right_angles=config.right_angles):
        return nn.Sequential()
    try:
        import kornia.augmentation as K
    except ImportError as error:
        raise InputError(
            "augmentation needs kornia: pip install 'diffresnet[backbones]', or augment by none"
        ) from error
    transforms: list[nn.Module] = []
    if config.crop is not None:
        transforms.append(K.RandomResizedCrop((size, size), scale=(config.crop, 1.0)))
    if config.degrees or config.shift or config.scale:
        shift, scale = (config.shift, config.shift), (1.0 - config.scale, 1.0 + config.scale)
        transforms.append(
            K.RandomAffine(config.degrees, shift, scale, padding_mode="border", p=1.0)
        )
    if config.jitter:
        saturation = config.jitter if channels == 3 else 0.0
        transforms.append(K.ColorJitter(config.jitter, config.jitter, saturation))
    if config.flip:
        transforms.append(K.RandomHorizontalFlip())
    return nn.Sequential(*transforms)
