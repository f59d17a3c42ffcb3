"""Columns of a file, some of them features and one perhaps labels."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ..errors import InputError
from ..labels import Labels
from .column_numbers import Numbers, read_numbers
from .content import RESULT, Content, Features
from .feature_columns import choose_features


class Rereadable(Protocol):
    """A file of columns that can be read again, some rows at a time."""

    schema: pa.Schema
    rows: int

    def parts(self, names: Sequence[str]) -> Iterator[pa.Table]:
        """Read columns again."""


@dataclass(frozen=True)
class Columns(Content):
    """A table of columns.

    Columns of a file that are numbers are held as float32 and no longer as they stand in it; where
    that is needed, they are read again.

    Attributes
    ----------
    held : pyarrow.Table
        Columns as they stand in the file.
    texts : bool
        Whether every column is text, numbers too, as in a .csv file.
    source : Path or None
        The file, where its format holds more than columns, which an output keeps.
    file : where the columns that are not held come from; None where all are held.
    known : name -> its numbers, as far as they have been read.
    left_out : names of columns that are not taken over to an output.
    """

    held: pa.Table = field(repr=False)
    texts: bool = False
    source: Path | None = None
    file: Rereadable | None = None
    known: dict[str, Numbers] = field(default_factory=dict, repr=False)
    left_out: frozenset[str] = frozenset()

    noun = "column"

    @property
    def names(self) -> list[str]:
        return [name for name in self._schema.names if name not in self.left_out]

    @property
    def _schema(self) -> pa.Schema:
        return self.held.schema if self.file is None else self.file.schema

    @property
    def table(self) -> pa.Table:
        """All columns, in memory."""
        return pa.concat_tables(self.parts(None, typed=False))

    def column(self, name: str) -> pa.ChunkedArray:
        """Return a column as it stands in the file."""
        if name in self.held.column_names:
            return self.held[name]
        return self._again([name])[name]

    def numbers(self, name: str, texts: bool = False) -> Numbers | None:
        """Return a column as numbers, None if it is not numeric; see `read_numbers`."""
        if name in self.known:
            return self.known[name]
        return read_numbers(self.column(name), self.texts or texts)

    def forget_numbers(self) -> None:
        """Free the memory of `known`."""
        self.known.clear()

    def _again(self, names: Sequence[str]) -> pa.Table:
        assert self.file is not None
        return pa.concat_tables(self.file.parts(names))

    def count_rows(self) -> int:
        return len(self.held) if self.file is None else self.file.rows

    def label_key(self, label_column: str) -> str | None:
        return label_column if label_column in self.names else None

    def label_values(self, key: str, where: str) -> np.ndarray:
        return column_values(self.column(key), where)

    def label_column(self, key: str) -> pa.ChunkedArray | None:
        return self.column(key)

    def without(self, names: Collection[str]) -> Columns:
        return replace(self, left_out=self.left_out | set(names))

    def choose_features(
        self,
        features: str | Sequence[str] | None,
        label_key: str | None,
        where: str,
        labels: Labels | None = None,
        id_column: str | None = None,
    ) -> Features:
        return choose_features(
            self, label_key, features, where=where, labels=labels, id_column=id_column
        )

    def class_names(self, labels: np.ndarray, where: str) -> tuple[str, ...] | None:
        return None

    def schema(self, features: Features | None, *, typed: bool) -> pa.Schema:
        empty = self._schema.empty_table().select(self.names)
        return self._typed(empty, features, typed).schema

    def parts(self, features: Features | None, *, typed: bool) -> Iterator[pa.Table]:
        names = self.names
        whole = self.held.select(names) if self.file is None else None
        for part in (whole,) if self.file is None else self.file.parts(names):
            yield self._typed(part, features, typed)

    def _typed(self, part: pa.Table, features: Features | None, typed: bool) -> pa.Table:
        """Return features that stand as text as numbers, for a format that has types."""
        if typed and self.texts and features is not None:
            for name in features.columns:
                numbers = pc.cast(pc.utf8_trim_whitespace(part[name]), pa.float64())
                part = part.set_column(part.column_names.index(name), name, numbers)
        return part

    def to_arrays(self, features: Features | None) -> dict[str, np.ndarray]:
        """Return `features` (n, d), `feature_names`, and the other columns as texts."""
        arrays, names = {}, self.names
        if features is not None:
            arrays = {"features": features.matrix, "feature_names": np.array(features.names)}
            names = [name for name in names if name not in features.columns]
        read = [name for name in names if name not in self.held.column_names]
        again = self._again(read) if read else None
        for name in names:
            column = again[name] if again is not None and name in read else self.held[name]
            cells = column.to_pylist()
            arrays[name] = np.array(["" if cell is None else str(cell) for cell in cells])
        return arrays

    def taken(self, features: Features | None, *, as_arrays: bool) -> list[str]:
        names, replaced = self.names, set(RESULT)
        if as_arrays and features is not None:
            replaced |= {"features", "feature_names"}
            names = [name for name in names if name not in features.columns]
        return [name for name in names if name in replaced]


def column_values(column: pa.ChunkedArray, where: str) -> np.ndarray:
    """Return a column of labels as objects: str, int, or None where a cell is null.

    Booleans become "true" and "false". A float that is NaN stays so.

    Raises
    ------
    InputError
        If the type of the column is no type of labels.
    """
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    kind = column.type
    values = column.to_pylist() if not pa.types.is_null(kind) else [None] * len(column)
    if pa.types.is_boolean(kind):
        values = [None if value is None else str(value).lower() for value in values]
    elif pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        values = [_whole(value) for value in values]
    elif not any(
        is_kind(kind)
        for is_kind in (
            pa.types.is_null,
            pa.types.is_string,
            pa.types.is_large_string,
            pa.types.is_integer,
        )
    ):
        raise InputError(
            f"{where} are of type {kind}; labels are texts or whole numbers", "label_column"
        )
    out = np.empty(len(values), dtype=object)
    out[:] = values
    return out


def _whole(value: object) -> object:
    """Return a whole number as an int; None, NaN and fractions as they are."""
    if value is None or value != value or abs(value) == float("inf"):  # type: ignore[arg-type]
        return None if value is None else float(value)  # type: ignore[arg-type]
    number = float(value)  # type: ignore[arg-type]
    return int(value) if number.is_integer() else number  # type: ignore[call-overload]
