"""Texts or images by a model of fastembed, which runs on onnxruntime."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..device import pick_device
from ..errors import InputError
from .encoder import Batch, Encoder, Kind
from .libraries import import_library, loading, release, require_name


class FastEmbedEncoder(Encoder):
    """Encode by a model of fastembed.

    Parameters
    ----------
    name : str
        One of fastembed's list of models for texts, or for images.
    device : str
        See `pick_device`; a GPU needs the package fastembed-gpu.

    Raises
    ------
    InputError
        If the library is not installed, does not know the model, or cannot load it.
    """

    def __init__(self, name: str, device: str = "auto") -> None:
        name = require_name("fastembed", name, "BAAI/bge-small-en-v1.5")
        self.spec = f"fastembed:{name}"
        library = import_library("fastembed", "fastembed")
        makers: dict[Kind, Any] = {
            "text": library.TextEmbedding,
            "image": library.ImageEmbedding,
        }
        kind = next((kind for kind, maker in makers.items() if _knows(maker, name)), None)
        if kind is None:
            raise InputError(
                f"fastembed has no model {name!r}; TextEmbedding.list_supported_models() and "
                f"ImageEmbedding.list_supported_models() name them",
                "encoder",
            )
        settings: dict[str, Any] = {}
        if device != "auto" and pick_device(device).type == "cuda":
            settings["cuda"] = True
        import_library("loguru", "fastembed").logger.disable("fastembed")  # it raises them too
        with loading(self.spec, name) as local:
            self._model: Any = makers[kind](name, local_files_only=local, **settings)
        self.kinds: frozenset[Kind] = frozenset({kind})

    @property
    def identity(self) -> str:
        return f"{self.spec} {release('fastembed')}"

    def encode(self, batch: Batch) -> Any:
        return np.stack(list(self._model.embed(list(batch))))


def _knows(maker: Any, name: str) -> bool:
    return any(name.lower() == model["model"].lower() for model in maker.list_supported_models())


ENCODER = FastEmbedEncoder
