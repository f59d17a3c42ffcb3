"""What an encoder can do."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np

if TYPE_CHECKING:
    from PIL.Image import Image

Kind = Literal["text", "image"]

Batch = Sequence[str] | Sequence["Image"]
"""Texts, none of them blank; or images, upright and in RGB, of any sizes."""


class Encoder(ABC):
    """A map from texts or images to vectors.

    Attributes
    ----------
    spec : str
        How a user names it; see `encoder_of`.
    kinds : frozenset of "text", "image"
        What it encodes.
    reusable : bool
        Whether its vectors are worth keeping for another run: they are costly, and depend on one
        row and on `identity` only.
    """

    spec: str
    kinds: frozenset[Kind]
    reusable: ClassVar[bool] = True

    @property
    @abstractmethod
    def identity(self) -> str:
        """What the vectors depend on besides the row: names, versions, weights."""

    def fit(self, rows: Sequence[Any]) -> None:
        """Learn from all rows, unlabelled ones too; what is pretrained learns nothing.

        Raises
        ------
        InputError
            If there is nothing to learn from.
        """
        return

    @abstractmethod
    def encode(self, batch: Batch) -> Any:
        """Encode a batch of b rows as (b, d) numbers, an array or a tensor.

        `encode_rows` makes the batches and checks what comes back.
        """

    def state(self) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        """Return what was learned: facts for JSON, and arrays; see `encoder_to_state`."""
        return {}, {}

    def restore(self, facts: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> None:
        """Take what `state` returned in the place of fitting; damage is any ValueError."""
        return
