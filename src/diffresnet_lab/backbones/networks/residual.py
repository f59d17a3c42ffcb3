"""Residual blocks with post- and pre-activation, and stages of them."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

SMALL_MAP = 16
"""Pixels of a map up to which a CPU convolves by one matrix product."""


class Conv3x3(nn.Conv2d):
    """3 x 3 convolution with padding 1 and no bias, which batch norm brings.

    On a CPU, small maps are cut into patches and multiplied by the weights at once. torch's kernels
    go row by row through a map; where a row has 2 to 4 pixels, forward and backward pass of 256
    channels and more took 1.5 to 7 times as long in bf16.
    """

    def __init__(self, channels_in: int, channels: int, stride: int = 1) -> None:
        super().__init__(channels_in, channels, 3, stride, padding=1, bias=False)

    def forward(self, x: Float[Tensor, "b i h w"]) -> Float[Tensor, "b o h2 w2"]:
        stride = self.stride[0]
        height, width = ((side - 1) // stride + 1 for side in x.shape[2:])
        if x.device.type != "cpu" or height * width > SMALL_MAP:
            return super().forward(x)
        padded = F.pad(x, (1, 1, 1, 1)).permute(0, 2, 3, 1)
        shifted = [
            padded[:, i : i + stride * height : stride, j : j + stride * width : stride]
            for i in range(3)
            for j in range(3)
        ]
        weights = self.weight.permute(0, 2, 3, 1).flatten(1)  # (o, 9 i), as the patches
        return F.linear(torch.cat(shifted, dim=3), weights).permute(0, 3, 1, 2)


def conv1x1(channels_in: int, channels: int, stride: int) -> nn.Conv2d:
    """Return the projection of a shortcut whose shape changes."""
    return nn.Conv2d(channels_in, channels, 1, stride, bias=False)


class PostActivationBlock(nn.Module):
    """ReLU(shortcut(x) + BN conv ReLU BN conv x), the block of ResNet-18.

    He, Zhang, Ren, Sun, "Deep residual learning for image recognition" (CVPR 2016), Fig. 2.
    """

    def __init__(self, channels_in: int, channels: int, stride: int) -> None:
        super().__init__()
        self.conv1 = Conv3x3(channels_in, channels, stride)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = Conv3x3(channels, channels)
        self.bn2 = nn.BatchNorm2d(channels)
        self.shortcut: nn.Module = nn.Identity()
        if stride != 1 or channels_in != channels:
            self.shortcut = nn.Sequential(
                conv1x1(channels_in, channels, stride), nn.BatchNorm2d(channels)
            )

    def forward(self, x: Float[Tensor, "b i h w"]) -> Float[Tensor, "b o h2 w2"]:
        residual = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        return F.relu(self.shortcut(x) + residual)


class PreActivationBlock(nn.Module):
    """shortcut + conv ReLU BN conv ReLU BN x, the block of wide residual networks.

    Where the shape changes, the shortcut is a projection of the activated input; it is x itself
    elsewhere. He et al., "Identity mappings in deep residual networks" (ECCV 2016), Fig. 1b.
    """

    def __init__(self, channels_in: int, channels: int, stride: int) -> None:
        super().__init__()
        self.bn1 = nn.BatchNorm2d(channels_in)
        self.conv1 = Conv3x3(channels_in, channels, stride)
        self.bn2 = nn.BatchNorm2d(channels)
        self.conv2 = Conv3x3(channels, channels)
        self.shortcut: nn.Module | None = None
        if stride != 1 or channels_in != channels:
            self.shortcut = conv1x1(channels_in, channels, stride)

    def forward(self, x: Float[Tensor, "b i h w"]) -> Float[Tensor, "b o h2 w2"]:
        activated = F.relu(self.bn1(x))
        shortcut = x if self.shortcut is None else self.shortcut(activated)
        return shortcut + self.conv2(F.relu(self.bn2(self.conv1(activated))))


Block = Callable[[int, int, int], nn.Module]
"""(channels in, channels, stride) -> a block."""


def make_stages(
    block: Block, channels_in: int, widths: tuple[int, ...], depth: int, strides: tuple[int, ...]
) -> nn.Sequential:
    """Return stages of `depth` blocks; the first of a stage changes width and resolution."""
    layers = []
    for width, stride in zip(widths, strides, strict=True):
        blocks = []
        for index in range(depth):
            blocks.append(block(channels_in, width, stride if index == 0 else 1))
            channels_in = width
        layers.append(nn.Sequential(*blocks))
    return nn.Sequential(*layers)


def init_convolutions(network: nn.Module) -> None:
    """Initialise the weights of all convolutions as He et al. (ICCV 2015) for ReLU, by fan-out."""
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
            if module.bias is not None:
                nn.init.zeros_(module.bias)
