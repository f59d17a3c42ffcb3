"""What a format of tables can do."""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path
from typing import ClassVar

import numpy as np
import pyarrow as pa

from ..columns import Columns
from ..content import Content, Features, RowResult, label_column_of, with_result
from ..reading import check_names, with_rows


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
    """A format of columns, which reads and writes Arrow tables.

    Attributes
    ----------
    typed : bool
        Whether columns have types; else every cell is text, a confidence with four decimals.
    """

    typed: ClassVar[bool]

    @abstractmethod
    def read_table(self, path: Path) -> pa.Table:
        """Read a file, as `read` does; names and rows are checked by the caller."""

    @abstractmethod
    def write_table(self, path: Path, table: pa.Table) -> None:
        """Write a table, and refuse it, as `write` does."""

    def check_table(self, table: pa.Table) -> None:
        """Raise `InputError` if a column has no form in this format; by default all have."""
        return

    def read(self, path: Path) -> Content:
        return columns_of(self.read_table(path), path, texts=not self.typed)

    def write(
        self,
        path: Path,
        content: Content,
        features: Features | None,
        like: pa.ChunkedArray | None,
        result: RowResult,
    ) -> None:
        columns = content.to_columns(features, typed=self.typed)
        label = label_column_of(result.values, like)
        if self.typed:
            confidence = pa.array(result.confidence.astype(np.float32))
        else:
            decimals = [None if c != c else f"{c:.4f}" for c in result.confidence.tolist()]
            confidence = pa.array(decimals, pa.string())
        self.write_table(path, with_result(columns, label, confidence, result.flags))

    def check(self, content: Content, features: Features | None) -> None:
        self.check_table(content.to_columns(features, typed=self.typed))


def columns_of(
    table: pa.Table, path: Path, *, texts: bool = False, source: Path | None = None
) -> Columns:
    """Return the content of a table that was read, once its names and rows are checked."""
    check_names(table.column_names, path)
    return Columns(with_rows(table, path), texts, source)
