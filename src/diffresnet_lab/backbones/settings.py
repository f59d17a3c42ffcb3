"""How a backbone is trained: the paper's settings."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

from diffresnet.errors import InputError

from .networks import BACKBONES


@dataclass(frozen=True)
class Augmentation:
    """What is done to a training image, anew in every epoch.

    Attributes
    ----------
    crop : float or None
        Smallest share of the area that a random crop keeps; it is resized to the image size. None
        is no crop.
    jitter : float
        Brightness, contrast and, in colour, saturation change by factors in [1 - jitter,
        1 + jitter].
    flip : bool
        Mirror every second image, left to right.
    degrees, shift, scale : float
        A random rotation up to these degrees, shift up to this share of the size, and scaling by
        factors in [1 - scale, 1 + scale].
    right_angles : bool
        Turn by a random multiple of 90 degrees; each of the four is a class of its own.
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
    def copies(self) -> int:
        """Classes that each class becomes."""
        return 4 if self.right_angles else 1


_DRAWING = Augmentation(crop=None, jitter=0.0, flip=False, degrees=10.0, shift=0.1, scale=0.1)

AUGMENTATIONS = {
    "photo": Augmentation(),
    "drawing": _DRAWING,
    "drawing-turned": replace(_DRAWING, right_angles=True),
    "none": Augmentation(crop=None, jitter=0.0, flip=False),
}
"""photo: the paper's. drawing: for characters, which mirrored are others.

drawing-turned: Omniglot's protocol since Santoro et al. (ICML 2016), where a character that is
turned by 90 degrees is another one.
"""


@dataclass(frozen=True)
class Validation:
    """Few-shot tasks on the validation classes, by the nearest prototype of raw features.

    Attributes
    ----------
    start : float
        Share of the epochs after which each epoch is looked at.
    """

    ways: int = 5
    shots: int = 1
    queries: int = 15
    tasks: int = 1000
    start: float = 0.75


@dataclass(frozen=True)
class TrainingSettings:
    """SGD on the classes of the training set, as in the paper.

    Attributes
    ----------
    size : int
        Pixels of what the network sees.
    resize : int
        Pixels of what is cropped: the stored image. At test the centre of it is cut out.
    epochs : int
        T; 100 for miniImageNet and tieredImageNet, 400 for CUB.
    batch : int
        Images of a step, on all devices together.
    drops : shares of the epochs after which the learning rate is divided by 10.
    """

    backbone: str = "resnet18"
    size: int = 84
    resize: int = 96
    augmentation: Augmentation = field(default_factory=Augmentation)
    epochs: int = 100
    batch: int = 256
    learning_rate: float = 0.1
    momentum: float = 0.9
    weight_decay: float = 5e-4
    label_smoothing: float = 0.1
    drops: tuple[float, ...] = (0.5, 0.75)
    validation: Validation = field(default_factory=Validation)
    seed: int = 0

    def __post_init__(self) -> None:
        if self.backbone not in BACKBONES:
            raise InputError(f"no backbone {self.backbone!r}; there are {', '.join(BACKBONES)}")
        if self.resize < self.size:
            raise InputError(f"cannot crop {self.size} pixels from {self.resize}")
        if min(self.size, self.epochs) < 1 or self.batch < 2:
            raise InputError("size and epochs are at least 1, a batch has at least 2 images")
        if not 0.0 < self.learning_rate < math.inf:
            raise InputError(f"the learning rate is a positive number, not {self.learning_rate}")

    def learning_rate_in(self, epoch: int) -> float:
        """The learning rate of an epoch, counted from 1.

        Examples
        --------
        >>> settings = TrainingSettings(epochs=100)
        >>> [round(settings.learning_rate_in(epoch), 4) for epoch in (50, 51, 76)]
        [0.1, 0.01, 0.001]
        """
        passed = sum(epoch > math.floor(share * self.epochs) for share in self.drops)
        return self.learning_rate * 0.1**passed

    def validates_in(self, epoch: int) -> bool:
        """Whether an epoch is looked at: those of the last quarter, and always the last."""
        return epoch > math.floor(self.validation.start * self.epochs) or epoch == self.epochs


def resize_for(size: int) -> int:
    """The usual stored size: 96 for crops of 84 and larger in proportion; small images as they are.

    Examples
    --------
    >>> resize_for(84), resize_for(32)
    (96, 32)
    """
    return round(size * 96 / 84) if size >= 64 else size
