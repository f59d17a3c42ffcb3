"""Random views of training images, by kornia."""

from __future__ import annotations

from collections.abc import Callable

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from diffresnet.errors import InputError

from .settings import Augmentation
from .views import centre

View = Callable[
    [Float[Tensor, "b c h w"], Int[Tensor, " b"]],
    tuple[Float[Tensor, "b c s s"], Int[Tensor, " b"]],
]
"""(images in [0, 1], labels) -> (views of the size of the network, their labels)."""


def augmenter(chosen: Augmentation, size: int, channels: int, classes: int) -> View:
    """What makes views of a batch; it draws from torch's generator.

    The label of an image of class c that is turned by k right angles is c + k classes.

    Raises
    ------
    InputError
        If kornia is needed and not installed.
    """
    steps = _steps(chosen, size, channels)

    def view(
        images: Float[Tensor, "b c h w"], labels: Int[Tensor, " b"]
    ) -> tuple[Float[Tensor, "b c s s"], Int[Tensor, " b"]]:
        images = steps(images) if chosen.crop is not None else steps(centre(images, size))
        if not chosen.right_angles:
            return images, labels
        turns = torch.randint(4, (len(labels),)).to(labels.device)
        return turned(images, turns), labels + classes * turns

    return view


def turned(images: Float[Tensor, "b c s s"], turns: Int[Tensor, " b"]) -> Float[Tensor, "b c s s"]:
    """Each image turned by its number of right angles, counter-clockwise."""
    views = torch.stack([torch.rot90(images, k, (2, 3)) for k in range(4)])
    return views[turns, torch.arange(len(images), device=images.device)]


def _steps(chosen: Augmentation, size: int, channels: int) -> nn.Sequential:
    if chosen == Augmentation(None, 0.0, False, right_angles=chosen.right_angles):
        return nn.Sequential()
    try:
        import kornia.augmentation as K
    except ImportError as error:
        raise InputError(
            "augmentation needs kornia: pip install 'diffresnet[backbones]', or augment by none"
        ) from error
    steps: list[nn.Module] = []
    if chosen.crop is not None:
        steps.append(K.RandomResizedCrop((size, size), scale=(chosen.crop, 1.0)))
    if chosen.degrees or chosen.shift or chosen.scale:
        steps.append(
            K.RandomAffine(
                chosen.degrees,
                (chosen.shift, chosen.shift),
                (1.0 - chosen.scale, 1.0 + chosen.scale),
                padding_mode="border",
                p=1.0,
            )
        )
    if chosen.jitter:
        saturation = chosen.jitter if channels == 3 else 0.0
        steps.append(K.ColorJitter(chosen.jitter, chosen.jitter, saturation))
    if chosen.flip:
        steps.append(K.RandomHorizontalFlip())
    return nn.Sequential(*steps)
