"""What a format of tables can do."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import ClassVar

import numpy as np
import pyarrow as pa

from ..columns import Columns
from ..content import BECAUSE, NOVELTY, Content, Features, RowResult, label_column_of, with_result
from ..reading import check_names, with_rows
from ..stream import read_stream


class ReadFormat(ABC):
    """A format of tables that is read, and not written."""

    @abstractmethod
    def read(self, path: Path) -> Content:
        """Read a file.

        Raises
        ------
        InputError
            If it is damaged, or no such file; the message is one line.
        """


class Format(ReadFormat):
    """A format of tables: reads content, and writes it with a label for every row."""

    @abstractmethod
    def write(
        self,
        path: Path,
        content: Content,
        features: Features | None,
        like: pa.ChunkedArray | None,
        result: RowResult,
    ) -> None:
        """Write content with labels, confidences and flags, atomically.

        Parameters
        ----------
        like : the column of given labels, whose type those of the output have where it can.

        Raises
        ------
        InputError
            If a column has no form in this format.
        OSError
            If the file cannot be written; an old file then stands as it was.
        """

    def check(self, content: Content, features: Features | None) -> None:
        """Raise `InputError` if content has no form in this format; by default it has."""
        return


class ColumnFormat(Format):
    """A format of columns, which reads and writes Arrow tables, some rows at a time.

    Attributes
    ----------
    typed : bool
        Whether columns have types; else every cell is text, a confidence with four decimals.
    """

    typed: ClassVar[bool]

    @abstractmethod
    def read_parts(self, path: Path, names: Sequence[str] | None = None) -> Iterator[pa.Table]:
        """Yield the rows of a file in parts, at least one, in order, of one schema.

        Parameters
        ----------
        names : of the columns that are wanted, in their order; None is all.

        Raises
        ------
        InputError
            As `read`; names and the number of rows are checked by the caller.
        """

    @abstractmethod
    def write_parts(self, path: Path, parts: Iterator[pa.Table]) -> None:
        """Write tables one below the other, atomically; there is at least one."""

    def check_schema(self, schema: pa.Schema) -> None:
        """Raise `InputError` if a column has no form in this format; by default all have."""
        return

    def read(self, path: Path) -> Content:
        return read_stream(path, self.read_parts, texts=not self.typed)

    def read_table(self, path: Path) -> pa.Table:
        """Read all columns into memory."""
        return pa.concat_tables(self.read_parts(path))

    def write_table(self, path: Path, table: pa.Table) -> None:
        """Write a table; see `write_parts`."""
        self.check_schema(table.schema)
        self.write_parts(path, iter([table]))

    def write(
        self,
        path: Path,
        content: Content,
        features: Features | None,
        like: pa.ChunkedArray | None,
        result: RowResult,
    ) -> None:
        self.check(content, features)
        parts = content.parts(features, typed=self.typed)
        self.write_parts(path, self._with_result(parts, like, result))

    def _with_result(
        self, parts: Iterator[pa.Table], like: pa.ChunkedArray | None, result: RowResult
    ) -> Iterator[pa.Table]:
        label = label_column_of(result.values, like)
        own = (label, self._numbers(result.confidence), pa.array(list(result.flags), pa.string()))
        more: dict[str, pa.Array] = {}
        if result.novelty is not None:
            more[NOVELTY] = self._numbers(result.novelty)
        if result.because is not None:
            more[BECAUSE] = pa.array(result.because, pa.string())
        start = 0
        for part in parts:
            # Arrays without such a column are a table without columns, of all rows.
            rows = len(part) if part.column_names else len(label)
            label, confidence, flags = (each.slice(start, rows) for each in own)
            others = {name: each.slice(start, rows) for name, each in more.items()}
            yield with_result(part, label, confidence, flags, others)
            start += rows

    def result_table(self, result: RowResult, like: pa.ChunkedArray | None = None) -> pa.Table:
        """Return the columns of a result alone, as they are written."""
        empty = pa.table({})
        return next(self._with_result(iter([empty]), like, result))

    def _numbers(self, values: np.ndarray) -> pa.Array:
        if self.typed:
            return pa.array(values.astype(np.float32))
        decimals = [None if value != value else f"{value:.4f}" for value in values.tolist()]
        return pa.array(decimals, pa.string())

    def check(self, content: Content, features: Features | None) -> None:
        self.check_schema(content.schema(features, typed=self.typed))


def columns_of(table: pa.Table, path: Path, *, texts: bool = False) -> Columns:
    """Return the content of a table in memory, once its names and rows are checked."""
    check_names(table.column_names, path)
    with_rows(len(table), path)
    return Columns(table, texts)
