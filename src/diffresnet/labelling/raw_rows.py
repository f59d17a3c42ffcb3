"""Texts and images of a table as its features."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
import pyarrow as pa

from ..errors import InputError, Note
from ..progress import Progress, silent
from ..tables.column_roles import HOLDS_LABELS, ColumnRole
from ..tables.columns import Columns
from ..tables.content import Content, Features, listed
from ..tables.formats import is_image_folder
from ..tables.formats.image_folder import FILE_COLUMN, image_files

if TYPE_CHECKING:
    from ..encode.encoder import Encoder

DEFAULT = {"text": "tfidf"}
"""Encoders that need no download."""


@dataclass(frozen=True)
class RawColumns:
    """The columns of a table that an encoder turns into features.

    Attributes
    ----------
    kind : "text" or "image"
    names : of columns of texts, which are joined row by row; or of one column of paths of images,
        relative to the folder of the file.
    """

    kind: Literal["text", "image"]
    names: tuple[str, ...]


@dataclass(frozen=True)
class RawRows:
    """What makes features of texts or images.

    Attributes
    ----------
    columns : RawColumns
    encoder : Encoder
    is_fitted : bool
        Whether the encoder comes from a model file, and learns nothing more.
    strict : bool
        Whether a blank text or an unreadable image is an error.
    cache : folder that keeps what has been encoded, or None.
    progress : Progress
    """

    columns: RawColumns
    encoder: Encoder
    is_fitted: bool = False
    strict: bool = False
    cache: Path | None = None
    progress: Progress = silent

    def features(self, content: Content, path: Path, label_key: str | None) -> Features:
        """Encode the rows of a table.

        Raises
        ------
        InputError
            If a column is not there or of another kind, or the encoder cannot do it.
        """
        from ..encode.rows import encode_rows

        kind, rows = self.columns.kind, self._rows(content, path)
        if not self.is_fitted:
            with self.progress(f"reading {len(rows)} {kind}s", None):
                self.encoder.fit(rows)
        with self.progress(f"encoding {len(rows)} {kind}s", len(rows)) as advance:
            encoded = encode_rows(
                self.encoder, rows, cache=self.cache, strict=self.strict, advance=advance
            )
        return self._features(content, label_key, encoded.matrix, encoded.notes)

    def unencoded(self, content: Content, path: Path, label_key: str | None) -> Features:
        """Return features of no columns, of a table that is still to be encoded.

        Raises
        ------
        InputError
            If a column is not there or of another kind, or the encoder takes no such rows.
        """
        none = np.empty((len(self._rows(content, path)), 0), dtype=np.float32)
        return self._features(content, label_key, none)

    def _rows(self, content: Content, path: Path) -> list[str] | list[Path]:
        """Read what is to be encoded."""
        from ..encode.texts import join_columns

        kind, columns = self.columns.kind, self.columns.names
        for name in columns:
            if name not in content.names:
                raise InputError(
                    f"{str(path)!r} has no {content.noun} {name!r}; it has {listed(content.names)}",
                    kind,
                )
        read = [_texts(content, name, path, kind) for name in columns]
        if kind not in self.encoder.kinds:
            raise InputError(f"{self.encoder.spec!r} encodes no {kind}s", "encoder")
        if kind == "text":
            return join_columns(read)
        folder = path if path.is_dir() else path.parent
        return [folder / (name or "") for name in read[0]]

    def _features(
        self,
        content: Content,
        label_key: str | None,
        matrix: np.ndarray,
        notes: tuple[Note, ...] = (),
    ) -> Features:
        columns, width = self.columns.names, matrix.shape[1]
        reason = f"is encoded by {self.encoder.spec}" + (f" as {width} numbers" if width else "")
        roles = tuple(
            ColumnRole(name, name in columns, reason)
            if name in columns
            else ColumnRole(name, False, HOLDS_LABELS if name == label_key else "is not named")
            for name in content.names
        )
        names = tuple(f"{'+'.join(columns)}[{i}]" for i in range(width))
        return Features(matrix, names, (), notes, roles, self.encoder.spec)


def raw_columns(
    path: Path, text: str | Sequence[str] | None, image: str | None
) -> RawColumns | None:
    """Return which columns are to be encoded; None where features are columns of numbers.

    Raises
    ------
    InputError
        If texts and images are both named.
    """
    if text is not None and image is not None:
        raise InputError("texts and images are not encoded together; name one of them", "image")
    if text is not None:
        return RawColumns("text", (text,) if isinstance(text, str) else tuple(text))
    if image is None and path.is_dir() and is_image_folder(path):
        image_files(path)  # says where there are none, before an encoder is asked for
        image = FILE_COLUMN
    return None if image is None else RawColumns("image", (image,))


def new_encoder(kind: Literal["text", "image"], spec: str | None, device: str) -> Encoder:
    """Make the encoder that is named, or the default one; raises `InputError` if there is none."""
    from ..encode import encoder_of

    spec = spec or DEFAULT.get(kind)
    if spec is None:
        raise InputError(
            "images need an encoder, such as timm:MODEL or open_clip:MODEL, or MODULE:NAME of "
            "Python",
            "encoder",
        )
    return encoder_of(spec, device)


def refuse_features(raw: RawRows | None, features: str | Sequence[str] | None) -> None:
    """Raise `InputError` if columns of numbers are named beside what is encoded."""
    if raw is not None and features is not None:
        raise InputError("texts and images are features by themselves", "features")


def _texts(content: Content, name: str, path: Path, kind: str) -> list[str | None]:
    """Return a column of texts, None where a cell is blank."""
    if isinstance(content, Columns):
        column = content.column(name)
        if pa.types.is_dictionary(column.type):
            column = column.cast(column.type.value_type)
        if not (pa.types.is_string(column.type) or pa.types.is_large_string(column.type)):
            raise InputError(
                f"column {name!r} of {str(path)!r} is of type {column.type}, and holds no texts",
                kind,
            )
        found: list[str | None] = column.to_pylist()
        return found
    values = content.label_values(name, f"the texts {name!r} of {str(path)!r}")
    if values.dtype.kind not in "USO":
        raise InputError(f"array {name!r} of {str(path)!r} holds no texts", kind)
    return [value.decode() if isinstance(value, bytes) else value for value in values.tolist()]
