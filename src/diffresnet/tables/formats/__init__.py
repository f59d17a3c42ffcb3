"""The formats of tables by the ending of a name: a new one is a file of its own and a line here.

A format is imported when a file of it is read or written.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from ...errors import InputError
from ...files.atomic import Pathlike, check_readable, either

if TYPE_CHECKING:
    from ..columns import Columns
    from .format import Format

COLUMN_FORMATS = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".parquet": "parquet",
    ".arrow": "arrow",
    ".feather": "arrow",
    ".jsonl": "jsonl",
}
"""Ending -> module of this package, whose `FORMAT` is a `ColumnFormat`; lists of edges are such."""

ARRAY_FORMATS = {".npz": "npz"}
"""Ending -> module of this package, whose `FORMAT` is a `Format` of named arrays."""

FORMATS = ARRAY_FORMATS | COLUMN_FORMATS


def format_of(path: Pathlike) -> Format:
    """Return the format that the name of a file asks for.

    Raises
    ------
    InputError
        If there is none of that ending.
    """
    suffix = Path(path).suffix.lower()
    if suffix not in FORMATS:
        raise InputError(f"the name of {str(path)!r} must end in {either(FORMATS)}")
    chosen: Format = import_module(f".{FORMATS[suffix]}", __package__).FORMAT
    return chosen


def read_columns(path: Pathlike) -> Columns:
    """Read a file that holds columns; raises `InputError` as its format does."""
    from ..columns import Columns

    content = format_of(check_readable(path, COLUMN_FORMATS)).read(Path(path))
    assert isinstance(content, Columns)
    return content


__all__ = ["ARRAY_FORMATS", "COLUMN_FORMATS", "FORMATS", "format_of", "read_columns"]
