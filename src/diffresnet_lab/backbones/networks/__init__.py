"""Networks from images to features: Conv-4, ResNet-18, WRN-28-10."""

from __future__ import annotations

from collections.abc import Callable

from torch import nn

from diffresnet.errors import InputError

from .conv4 import Conv4
from .resnet18 import ResNet18
from .wrn28_10 import WRN28x10

BACKBONES: dict[str, Callable[[int, int], nn.Module]] = {
    "conv4": Conv4,
    "resnet18": lambda channels, size: ResNet18(channels),
    "wrn28-10": lambda channels, size: WRN28x10(channels),
}
"""Name -> (channels, image size) -> module from (b, channels, size, size) to (b, d).

Each has its number of features d as the attribute `features`.
"""


def make_backbone(name: str, channels: int, size: int) -> nn.Module:
    """Return a backbone with initial weights drawn from torch's generator.

    Raises
    ------
    InputError
        If there is none of that name, or the images are too small for it.

    Examples
    --------
    >>> make_backbone("conv4", channels=3, size=84).features
    1600
    """
    if name not in BACKBONES:
        raise InputError(f"no backbone {name!r}; there are {', '.join(BACKBONES)}", "name")
    return BACKBONES[name](channels, size)


__all__ = ["BACKBONES", "Conv4", "ResNet18", "WRN28x10", "make_backbone"]
