"""Conv-4, the small backbone of few-shot learning."""

from __future__ import annotations

from collections import OrderedDict

from jaxtyping import Float
from torch import Tensor, nn

from diffresnet.errors import InputError

from .residual import init_convolutions


class Conv4(nn.Module):
    """Four times (3 x 3 convolution to 64 channels, batch norm, ReLU, 2 x 2 max-pool), flattened.

    The features are the flattened last map, as few-shot learning has it since Vinyals et al.
    ("Matching networks", NeurIPS 2016): 64 at 28 pixels, 256 at 32, 1600 at 84. They have no
    global pooling, so that the size of the images is fixed when the network is made.

    Parameters
    ----------
    channels : int
        1 for grey images, 3 for RGB.
    size : int
        Height and width of the images in pixels, at least 16.

    Attributes
    ----------
    features : int
        d = 64 floor(size / 16)^2.

    Examples
    --------
    >>> import torch
    >>> Conv4(channels=1, size=28)(torch.zeros(2, 1, 28, 28)).shape
    torch.Size([2, 64])
    """

    def __init__(self, channels: int = 3, size: int = 84) -> None:
        super().__init__()
        if size < 16:
            raise InputError(f"Conv-4 halves its images four times: {size} pixels are too few")
        self.features = 64 * (size // 16) ** 2
        self.layers = nn.Sequential(*(_layer(channels if i == 0 else 64) for i in range(4)))
        init_convolutions(self)

    def forward(self, images: Float[Tensor, "b c s s"]) -> Float[Tensor, "b d"]:
        return self.layers(images).flatten(1)


def _layer(channels: int) -> nn.Sequential:
    return nn.Sequential(
        OrderedDict(
            conv=nn.Conv2d(channels, 64, 3, padding=1),
            bn=nn.BatchNorm2d(64),
            relu=nn.ReLU(),
            pool=nn.MaxPool2d(2),
        )
    )
