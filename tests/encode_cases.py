"""Small encoders and rows for the tests of encoding."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from diffresnet.encode.encoder import Encoder

ALPHABET = "abcdefghijklmnopqrstuvwxyz"


class Letters(Encoder):
    """Counts letters of texts, or the mean colour of images; remembers its batches."""

    spec = "letters"
    kinds = frozenset({"text", "image"})

    def __init__(self, identity: str = "letters 1", fail_at: int | None = None) -> None:
        self._identity, self._fail_at = identity, fail_at
        self.batches: list[list[Any]] = []

    @property
    def identity(self) -> str:
        return self._identity

    @property
    def seen(self) -> int:
        return sum(map(len, self.batches))

    def encode(self, batch: Sequence[Any]) -> Any:
        if self._fail_at == len(self.batches):
            raise KeyboardInterrupt
        self.batches.append(list(batch))
        if isinstance(batch[0], str):
            return np.array([[text.count(letter) for letter in ALPHABET] for text in batch])
        return [np.asarray(image).mean((0, 1)) for image in batch]


def png(path: Path, colour: Any = (10, 20, 30), size: tuple[int, int] = (6, 4), mode="RGB") -> Path:
    """Write a picture of one colour."""
    Image.new(mode, size, colour).save(path)
    return path
