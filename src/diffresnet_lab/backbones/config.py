"""Configuration of backbone training; the defaults are the paper's."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import Literal

from diffresnet.errors import InputError

from .networks import BACKBONES


@dataclass(frozen=True)
class AugmentationConfig:
    """Random augmentation of training images, drawn anew in every epoch.

    Attributes
    ----------
    crop : float or None
        Smallest share of the area that a random resized crop keeps; None is no crop.
    jitter : float
        Colour jitter: brightness, contrast and, in colour, saturation change by factors in
        [1 - jitter, 1 + jitter].
    flip : bool
        Horizontal flip with probability 1/2.
    degrees, shift, scale : float
        Random affine map: rotation up to these degrees, shift up to this share of the size, and
        scaling by factors in [1 - scale, 1 + scale].
    right_angles : bool
        Rotate by a random multiple of 90 degrees; each of the four is a class of its own.
    """

    crop: float | None = 0.08
    jitter: float = 0.4
    flip: bool = True
    degrees: float = 0.0
    shift: float = 0.0
    scale: float = 0.0
    right_angles: bool = False

    def __post_init__(self) -> None:
        shares = (self.jitter, self.shift, self.scale)
        if not all(0.0 <= share < 1.0 for share in shares) or not 0.0 <= self.degrees <= 180.0:
            raise InputError("jitter, shift and scale lie in [0, 1), degrees in [0, 180]")
        if self.crop is not None and not 0.0 < self.crop <= 1.0:
            raise InputError(f"a crop keeps a share of the area in (0, 1], not {self.crop}")

    @property
    def classes_per_class(self) -> int:
        """Training classes that every class becomes."""
        return 4 if self.right_angles else 1


_DRAWING = AugmentationConfig(crop=None, jitter=0.0, flip=False, degrees=10.0, shift=0.1, scale=0.1)

AUGMENTATIONS = {
    "photo": AugmentationConfig(),
    "drawing": _DRAWING,
    "drawing-turned": replace(_DRAWING, right_angles=True),
    "none": AugmentationConfig(crop=None, jitter=0.0, flip=False),
}
"""Name -> augmentation.

photo: the paper's. drawing: for characters, which are others when mirrored. drawing-turned:
Omniglot's protocol since Santoro et al. (ICML 2016), where a character that is rotated by 90
degrees is another one.
"""


@dataclass(frozen=True)
class ValidationConfig:
    """Few-shot tasks of the validation classes, for nearest prototypes of raw features.

    Attributes
    ----------
    start : float
        Share of the epochs after which each epoch is validated.
    """

    ways: int = 5
    shots: int = 1
    queries: int = 15
    tasks: int = 1000
    start: float = 0.75


Schedule = Literal["steps", "one-cycle"]
"""Learning rate: divided by 10 at `drops`; or raised and lowered once in every step.

One cycle: linearly from 0 to the learning rate in the first `WARM_UP` of the training, and by a
cosine to 0 in the rest, after Smith and Topin, "Super-convergence" (2019).
"""

WARM_UP = 0.3


@dataclass(frozen=True)
class TrainingConfig:
    """Hyperparameters of SGD on the training classes, the paper's by default.

    Attributes
    ----------
    size : int
        Pixels of the network's input.
    resize : int
        Pixels of the stored image, which is cropped: at random in training, else its centre.
    early_sizes : tuple of int
        Pixels that crops are shrunk to before: the epochs are shared equally among these sizes, in
        their order, and then `size`.
    epochs : int
        100 for miniImageNet and tieredImageNet, 400 for CUB.
    batch : int
        Batch size, over all devices together.
    learning_rate : float
        Of the first steps, or the largest of one cycle.
    drops : tuple of float
        Shares of the epochs after which the learning rate is divided by 10.
    """

    backbone: str = "resnet18"
    size: int = 84
    resize: int = 96
    early_sizes: tuple[int, ...] = ()
    augmentation: AugmentationConfig = field(default_factory=AugmentationConfig)
    epochs: int = 100
    batch: int = 256
    learning_rate: float = 0.1
    momentum: float = 0.9
    weight_decay: float = 5e-4
    label_smoothing: float = 0.1
    schedule: Schedule = "steps"
    drops: tuple[float, ...] = (0.5, 0.75)
    validation: ValidationConfig = field(default_factory=ValidationConfig)
    seed: int = 0

    def __post_init__(self) -> None:
        if self.backbone not in BACKBONES:
            names = ", ".join(BACKBONES)
            raise InputError(f"no backbone {self.backbone!r}; there are {names}", "backbone")
        if self.resize < self.size:
            raise InputError(f"cannot crop {self.size} pixels from {self.resize}", "resize")
        if not all(1 <= early <= self.size for early in self.early_sizes):
            raise InputError(f"early sizes lie between 1 and {self.size} pixels", "early_sizes")
        if self.early_sizes and self.backbone == "conv4":
            raise InputError("conv4 is made for one size of images", "early_sizes")
        if min(self.size, self.epochs) < 1 or self.batch < 2:
            raise InputError("size and epochs are at least 1, a batch has at least 2 images")
        if not 0.0 < self.learning_rate < math.inf:
            raise InputError(
                f"the learning rate is a positive number, not {self.learning_rate}", "learning_rate"
            )

    def learning_rate_at(self, epoch: int, done: float = 0.5) -> float:
        """Return the learning rate of an epoch, counted from 1, after a share of its steps.

        Examples
        --------
        >>> config = TrainingConfig(epochs=100)
        >>> [round(config.learning_rate_at(epoch), 4) for epoch in (50, 51, 76)]
        [0.1, 0.01, 0.001]
        """
        if self.schedule == "one-cycle":
            share = (epoch - 1 + done) / self.epochs
            if share < WARM_UP:
                return self.learning_rate * share / WARM_UP
            falling = (share - WARM_UP) / (1.0 - WARM_UP)
            return self.learning_rate * (1.0 + math.cos(math.pi * falling)) / 2.0
        passed = sum(epoch > math.floor(share * self.epochs) for share in self.drops)
        return self.learning_rate * 0.1**passed

    def size_at(self, epoch: int) -> int:
        """Return the pixels of the network's input in an epoch, counted from 1.

        Examples
        --------
        >>> config = TrainingConfig(size=32, resize=32, early_sizes=(16, 24), epochs=6)
        >>> [config.size_at(epoch) for epoch in range(1, 7)]
        [16, 16, 24, 24, 32, 32]
        """
        sizes = (*self.early_sizes, self.size)
        return sizes[(epoch - 1) * len(sizes) // self.epochs]

    def steps_per_epoch(self, images: int) -> int:
        """Return the steps of an epoch; images that fill no batch wait for another epoch."""
        return max(images // self.batch, 1)

    def validates_at(self, epoch: int) -> bool:
        """Return whether an epoch is validated: after `validation.start`, and always the last."""
        return epoch > math.floor(self.validation.start * self.epochs) or epoch == self.epochs


def default_resize(size: int) -> int:
    """Return the usual stored size: 96 for crops of 84, in proportion; below 64 the size itself.

    Examples
    --------
    >>> default_resize(84), default_resize(32)
    (96, 32)
    """
    return round(size * 96 / 84) if size >= 64 else size
