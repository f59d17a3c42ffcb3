"""WRN-28-10, the wide residual network."""

from __future__ import annotations

import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from .residual import Conv3x3, PreActivationBlock, init_convolutions, make_stages


class WRN28x10(nn.Module):
    """The wide residual network of depth 28 and width 10, without dropout; 640 features.

    Zagoruyko and Komodakis, "Wide residual networks" (BMVC 2016): a 3 x 3 stem with 16 channels,
    three stages of four pre-activation blocks with 160, 320, 640 channels at full, half and quarter
    resolution, batch norm and ReLU, and the mean over all places. Any image size.

    Parameters
    ----------
    channels : int
        1 for grey images, 3 for RGB.

    Attributes
    ----------
    features : int
        d = 640.
    """

    features = 640

    def __init__(self, channels: int = 3) -> None:
        super().__init__()
        self.stem = Conv3x3(channels, 16)
        self.stages = make_stages(PreActivationBlock, 16, (160, 320, 640), 4, (1, 2, 2))
        self.bn = nn.BatchNorm2d(640)
        init_convolutions(self)

    def forward(self, images: Float[Tensor, "b c h w"]) -> Float[Tensor, "b d"]:
        x = F.relu(self.bn(self.stages(self.stem(images))))  # (b, 640, h/4, w/4)
        return F.adaptive_avg_pool2d(x, 1).flatten(1)
