"""Trained backbones among the product's encoders, as `backbone:FOLDER`."""

from __future__ import annotations

from typing import Any

import numpy as np

from diffresnet.device import pick_device
from diffresnet.encode.encoder import Batch, Encoder, Kind
from diffresnet.encode.libraries import require_name, weights_hash

from ..data.images.resizing import resize_and_crop
from .checkpoint import load_backbone
from .embedding import embed_images


class BackboneEncoder(Encoder):
    """Encode images by a backbone of `diffresnet train-backbone`.

    Parameters
    ----------
    name : str
        The folder of its training, or its file.
    device : str
        See `pick_device`.

    Raises
    ------
    InputError
        If there is none, or it is damaged.
    """

    kinds: frozenset[Kind] = frozenset({"image"})

    def __init__(self, name: str, device: str = "auto") -> None:
        self.spec = f"backbone:{require_name('backbone', name, 'FOLDER')}"
        self._device = pick_device(device)
        self._model, self._card = load_backbone(name)
        self._weights = weights_hash(self._model)

    @property
    def identity(self) -> str:
        return f"{self.spec} {self._weights}"

    def encode(self, batch: Batch) -> Any:
        mode = "L" if self._card.channels == 1 else "RGB"
        pixels = []
        for image in batch:
            assert not isinstance(image, str)
            array = np.array(image.convert(mode)).reshape(1, image.height, image.width, -1)
            pixels.append(resize_and_crop(array, self._card.resize))
        return embed_images(np.concatenate(pixels), self._model, device=self._device)
