"""Images by a pretrained network of timm, without its last layer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from ..device import pick_device
from .encoder import Batch, Encoder, Kind
from .libraries import import_library, loading, release, require_name, weights_hash


class TimmEncoder(Encoder):
    """Encode by a network of timm: its pooled features, with its own way of preparing images.

    Parameters
    ----------
    name : str
        A model of timm, "hf-hub:ORGANISATION/MODEL", or a folder with config.json and weights.
    device : str
        See `pick_device`.

    Raises
    ------
    InputError
        If the library is not installed, or the model cannot be loaded.
    """

    kinds: frozenset[Kind] = frozenset({"image"})

    def __init__(self, name: str, device: str = "auto") -> None:
        name = require_name("timm", name, "vit_small_patch14_dinov2.lvd142m")
        self.spec = f"timm:{name}"
        library = import_library("timm", "image")
        self._device = pick_device(device)
        source = f"local-dir:{name}" if Path(name).is_dir() else name
        with loading(self.spec, name):
            model = library.create_model(source, pretrained=True, num_classes=0)
            self._model: Any = model.to(self._device).eval()
            config = library.data.resolve_model_data_config(self._model)
            self._prepare: Any = library.data.create_transform(**config, is_training=False)
            self._weights = weights_hash(self._model)

    @property
    def identity(self) -> str:
        return f"{self.spec} {release('timm')} {self._weights}"

    def encode(self, batch: Batch) -> Any:
        pixels = torch.stack([self._prepare(image) for image in batch])
        with torch.inference_mode():
            return self._model(pixels.to(self._device))


ENCODER = TimmEncoder
