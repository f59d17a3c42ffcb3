"""ResNet-18 for small images."""

from __future__ import annotations

import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from .residual import Conv3x3, PostActivationBlock, init_convolutions, make_stages


class ResNet18(nn.Module):
    """ResNet-18 whose stem is a 3 x 3 convolution with stride 1 and no max-pool; 512 features.

    He et al. (CVPR 2016), with the stem that few-shot learning uses for images of 84 pixels and
    less: 64, 128, 256, 512 channels at full, half, quarter and eighth resolution, and the mean
    over all places. Any image size.

    Parameters
    ----------
    channels : int
        1 for grey images, 3 for RGB.

    Attributes
    ----------
    features : int
        d = 512.
    """

    features = 512

    def __init__(self, channels: int = 3) -> None:
        super().__init__()
        self.stem = nn.Sequential(Conv3x3(channels, 64), nn.BatchNorm2d(64), nn.ReLU())
        self.stages = make_stages(PostActivationBlock, 64, (64, 128, 256, 512), 2, (1, 2, 2, 2))
        init_convolutions(self)

    def forward(self, images: Float[Tensor, "b c h w"]) -> Float[Tensor, "b d"]:
        x = self.stages(self.stem(images))  # (b, 512, h/8, w/8)
        return F.adaptive_avg_pool2d(x, 1).flatten(1)
