"""Columns of a file, some of them features and one perhaps labels."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ..errors import InputError
from ..labels import Labels
from .content import RESULT, Content, Features
from .feature_columns import choose_features


@dataclass(frozen=True)
class Columns(Content):
    """A table of columns.

    Attributes
    ----------
    table : pyarrow.Table
    texts : bool
        Whether every column is text, numbers too, as in a .csv file.
    source : Path or None
        The file, where its format holds more than columns, which an output keeps.
    """

    table: pa.Table = field(repr=False)
    texts: bool = False
    source: Path | None = None

    noun = "column"

    @property
    def names(self) -> list[str]:
        return list(self.table.column_names)

    def count_rows(self) -> int:
        return len(self.table)

    def label_key(self, label_column: str) -> str | None:
        return label_column if label_column in self.table.column_names else None

    def label_values(self, key: str, where: str) -> np.ndarray:
        return column_values(self.table[key], where)

    def label_column(self, key: str) -> pa.ChunkedArray | None:
        return self.table[key]

    def without(self, names: Collection[str]) -> Columns:
        return replace(self, table=self.table.drop_columns(list(names)))

    def choose_features(
        self,
        features: str | Sequence[str] | None,
        label_key: str | None,
        where: str,
        labels: Labels | None = None,
    ) -> Features:
        return choose_features(
            self.table, label_key, features, texts=self.texts, where=where, labels=labels
        )

    def class_names(self, labels: np.ndarray, where: str) -> tuple[str, ...] | None:
        return None

    def to_columns(self, features: Features | None, *, typed: bool) -> pa.Table:
        columns = self.table
        if typed and self.texts and features is not None:
            for name in features.columns:
                numbers = pc.cast(pc.utf8_trim_whitespace(columns[name]), pa.float64())
                columns = columns.set_column(columns.column_names.index(name), name, numbers)
        return columns

    def to_arrays(self, features: Features | None) -> dict[str, np.ndarray]:
        """Return `features` (n, d), `feature_names`, and the other columns as texts."""
        arrays = {}
        if features is not None:
            arrays = {"features": features.matrix, "feature_names": np.array(features.names)}
        for name in self.table.column_names:
            if features is None or name not in features.columns:
                cells = self.table[name].to_pylist()
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
