"""Torch modules: the diffusion layer, the residual block, and the network of the paper."""

from .diff_resnet import DiffResNet
from .diffusion import DiffusionLayer
from .residual import ResidualBlock

__all__ = ["DiffResNet", "DiffusionLayer", "ResidualBlock"]
