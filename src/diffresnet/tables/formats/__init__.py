"""The formats of tables by the ending of a name: a new one is a file of its own and a line here."""

from __future__ import annotations

from pathlib import Path

from ...errors import InputError
from ...files.atomic import Pathlike, check_readable
from ..columns import Columns
from .csv import CsvFormat
from .format import Format
from .npz import NpzFormat
from .parquet import ParquetFormat

FORMATS: dict[str, Format] = {
    ".npz": NpzFormat(),
    ".csv": CsvFormat(),
    ".parquet": ParquetFormat(),
}
SUFFIXES = tuple(FORMATS)
COLUMN_SUFFIXES = tuple(suffix for suffix, each in FORMATS.items() if each.columnar)
"""Endings of the formats that hold columns, as lists of edges do."""


def format_of(path: Pathlike) -> Format:
    """Return the format that the name of a file asks for.

    Raises
    ------
    InputError
        If there is none of that ending.
    """
    suffix = Path(path).suffix.lower()
    if suffix not in FORMATS:
        *others, last = SUFFIXES
        raise InputError(f"the name of {str(path)!r} must end in {', '.join(others)} or {last}")
    return FORMATS[suffix]


def read_columns(path: Pathlike) -> Columns:
    """Read a file that holds columns; raises `InputError` as its format does."""
    content = format_of(check_readable(path, COLUMN_SUFFIXES)).read(Path(path))
    assert isinstance(content, Columns)
    return content


__all__ = ["COLUMN_SUFFIXES", "FORMATS", "SUFFIXES", "Format", "format_of", "read_columns"]
