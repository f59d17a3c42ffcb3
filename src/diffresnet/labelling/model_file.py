"""A model file: a fitted classifier, and the encoder that made its features, if there is one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import InputError, Note
from ..files.atomic import Pathlike
from ..progress import Progress, silent
from .raw_rows import RawColumns, RawRows, new_encoder, raw_columns

if TYPE_CHECKING:
    from ..classify import DiffusionClassifier
    from ..encode.encoder import Encoder

PREFIX = "encoder_"
"""Of the arrays of an encoder."""


@dataclass(frozen=True)
class SavedModel:
    """What a model file holds.

    Attributes
    ----------
    path : Path
    classifier : DiffusionClassifier
    encoder : facts of the encoder, or None.
    arrays : of the encoder.
    """

    path: Path
    classifier: DiffusionClassifier
    encoder: dict[str, Any] | None = field(default=None, repr=False)
    arrays: dict[str, np.ndarray] = field(default_factory=dict, repr=False)

    @property
    def feature_names(self) -> list[str] | None:
        """Names that it was fitted with, None where there were none."""
        names = getattr(self.classifier, "feature_names_in_", None)
        return None if names is None else list(names)

    @property
    def has_novelty(self) -> bool:
        """Whether it tells rows of none of its classes: files of before that do not."""
        return self.classifier._model.novelty is not None

    def encoder_for(
        self, columns: RawColumns | None, spec: str | None, device: str
    ) -> tuple[RawColumns, Encoder, tuple[Note, ...]] | None:
        """Return what is to be encoded of a new file, and by what; None where nothing is.

        Parameters
        ----------
        columns : as the user names them; by default those that the model was fitted on.
        spec : as the user names the encoder; by default the model's own.

        Raises
        ------
        InputError
            If the model was fitted on columns of numbers, or the encoder cannot be had.
        """
        if self.encoder is None:
            if columns is not None or spec is not None:
                raise InputError(
                    f"the model {str(self.path)!r} was fitted on columns of numbers, and needs no "
                    f"encoder",
                    "encoder" if columns is None else columns.kind,
                )
            return None
        from ..encode import encoder_from_state

        encoder, notes = encoder_from_state(self.encoder, self.arrays, device, spec)
        own = RawColumns(self.encoder["kind"], tuple(self.encoder["columns"]))
        return columns or own, encoder, notes


def save_model(path: Path, classifier: DiffusionClassifier, raw: RawRows | None) -> None:
    """Write a fitted classifier with its encoder, without pickle."""
    from ..classify.persistence import write_model
    from ..encode import encoder_to_state

    header, arrays = classifier.to_arrays()
    if raw is not None:
        facts, own = encoder_to_state(raw.encoder)
        header["encoder"] = {**facts, "columns": list(raw.columns.names), "kind": raw.columns.kind}
        arrays |= {PREFIX + name: array for name, array in own.items()}
    write_model(path, header, arrays)


def load_model(path: Path) -> SavedModel:
    """Read what `save_model` wrote. Nothing in the file is executed.

    Raises
    ------
    InputError
        If it is no such file, or damaged.
    """
    from ..classify import DiffusionClassifier
    from ..classify.persistence import read_model

    def make(header: dict[str, Any], arrays: dict[str, np.ndarray]) -> SavedModel:
        own = {k.removeprefix(PREFIX): v for k, v in arrays.items() if k.startswith(PREFIX)}
        encoder = header.get("encoder")
        if encoder is not None:
            columns, kind = encoder["columns"], encoder["kind"]
            if kind not in ("text", "image") or not all(isinstance(c, str) for c in columns):
                raise ValueError("an encoder of no texts or images")
        return SavedModel(path, DiffusionClassifier.from_arrays(header, arrays), encoder, own)

    return read_model(path, make)


def encoded_rows(
    path: Path,
    text: str | Sequence[str] | None,
    image: str | None,
    encoder: str | None,
    device: str,
    saved: SavedModel | None = None,
    *,
    out: Pathlike | None = None,
    strict: bool = False,
    progress: Progress = silent,
) -> tuple[RawRows | None, tuple[Note, ...]]:
    """Return what is to be encoded, and what a user should know of the encoder.

    What it has done is kept beside the output, if there is one.
    """
    columns = raw_columns(path, text, image)
    notes: tuple[Note, ...] = ()
    if saved is not None:
        found = saved.encoder_for(columns, encoder, device)
        if found is None:
            return None, ()
        columns, made, notes = found
    elif columns is not None:
        made = new_encoder(columns.kind, encoder, device)
    elif encoder is not None:
        raise InputError("an encoder is for a column of texts or images; name it", "text")
    else:
        return None, ()
    cache = None if out is None else Path(f"{out}.embeddings")
    return RawRows(columns, made, saved is not None, strict, cache, progress), notes
