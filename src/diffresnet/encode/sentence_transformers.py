"""Texts, and images where the model takes them, by a model of sentence-transformers."""

from __future__ import annotations

from typing import Any

from ..device import pick_device
from .encoder import Batch, Encoder, Kind
from .libraries import import_library, loading, release, require_name, weights_hash


class SentenceTransformerEncoder(Encoder):
    """Encode by a model of sentence-transformers.

    Parameters
    ----------
    name : str
        A model of the Hugging Face Hub, or a folder that one was saved in.
    device : str
        See `pick_device`.

    Raises
    ------
    InputError
        If the library is not installed, or the model cannot be loaded.
    """

    def __init__(self, name: str, device: str = "auto") -> None:
        name = require_name("sentence-transformers", name, "all-MiniLM-L6-v2")
        self.spec = f"sentence-transformers:{name}"
        library = import_library("sentence_transformers", "text")
        picked = str(pick_device(device))
        with loading(self.spec, name):
            self._model: Any = library.SentenceTransformer(name, device=picked)
            self._weights = weights_hash(self._model)
        takes = getattr(self._model, "modalities", ["text"])  # release 5 does not say
        known: tuple[Kind, ...] = ("text", "image")
        self.kinds: frozenset[Kind] = frozenset(kind for kind in known if kind in takes)

    @property
    def identity(self) -> str:
        return f"{self.spec} {release('sentence-transformers')} {self._weights}"

    def encode(self, batch: Batch) -> Any:
        return self._model.encode(list(batch), show_progress_bar=False)


ENCODER = SentenceTransformerEncoder
