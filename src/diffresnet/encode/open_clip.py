"""Images and texts by a model of OpenCLIP, both in one space."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from ..device import pick_device
from ..errors import InputError
from .encoder import Batch, Encoder, Kind
from .libraries import import_library, loading, release, require_name, weights_hash


class OpenClipEncoder(Encoder):
    """Encode by a model of OpenCLIP, as unit vectors.

    Parameters
    ----------
    name : str
        A model and the tag of its weights, as in "ViT-B-32/laion2b_s34b_b79k"; or
        "hf-hub:ORGANISATION/MODEL"; or a folder with open_clip_config.json and weights.
    device : str
        See `pick_device`.

    Raises
    ------
    InputError
        If the library is not installed, or the model cannot be loaded.
    """

    kinds: frozenset[Kind] = frozenset({"text", "image"})

    def __init__(self, name: str, device: str = "auto") -> None:
        name = require_name("open_clip", name, "ViT-B-32/laion2b_s34b_b79k")
        self.spec = f"open_clip:{name}"
        source, tag = _source(name)
        library = import_library("open_clip", "open-clip")
        self._device = pick_device(device)
        with loading(self.spec, name):
            model, self._prepare = library.create_model_from_pretrained(
                source, pretrained=tag, device=str(self._device)
            )
            self._model: Any = model.eval()
            self._tokenize: Any = library.get_tokenizer(source)
            self._weights = weights_hash(self._model)

    @property
    def identity(self) -> str:
        return f"{self.spec} {release('open_clip_torch')} {self._weights}"

    def encode(self, batch: Batch) -> Any:
        with torch.inference_mode():
            if isinstance(batch[0], str):
                tokens = self._tokenize(list(batch)).to(self._device)
                return self._model.encode_text(tokens, normalize=True)
            pixels = torch.stack([self._prepare(image) for image in batch]).to(self._device)
            return self._model.encode_image(pixels, normalize=True)


def _source(name: str) -> tuple[str, str | None]:
    """Split a name into what OpenCLIP calls the model, and the tag of its weights."""
    if Path(name).is_dir():
        return f"local-dir:{name}", None
    if name.startswith("hf-hub:"):
        return name, None
    model, _, tag = name.partition("/")
    if not tag:
        raise InputError(
            f"name the weights of {name!r} too, as in 'open_clip:{name}/laion2b_s34b_b79k'; "
            f"open_clip.list_pretrained() has their tags",
            "encoder",
        )
    return model, tag


ENCODER = OpenClipEncoder
