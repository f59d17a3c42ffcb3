"""The formats of tables by the ending of a name: a new one is a file of its own and a line here.

A format is imported when a file of it is read or written. Behind each ending another one may say
that the file is compressed: data.csv.gz.
"""

from __future__ import annotations

from collections.abc import Collection
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from ...errors import InputError
from ...files.atomic import Pathlike, check_readable, either
from ...files.compressed import compression_of, ending

if TYPE_CHECKING:
    from ..columns import Columns
    from ..content import Content
    from .format import Format, ReadFormat

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

FORMATS = ARRAY_FORMATS | COLUMN_FORMATS | {".h5ad": "h5ad"}
"""What is read and written."""

READ_FORMATS = FORMATS | {".npy": "npy"}
"""What is read; folders are too, see `read_content`."""

NOT_COMPRESSED = (".npz", ".npy", ".h5ad")
"""Endings that have no other behind them: such files are compressed inside, or mapped."""


def format_of(path: Pathlike, among: Collection[str] = FORMATS) -> Format:
    """Return the format that the name of a file asks for; raises `InputError` as `check_format`."""
    chosen: Format = _module(path, among).FORMAT
    return chosen


def check_format(path: Pathlike, among: Collection[str] = FORMATS) -> Path:
    """Refuse a file whose name says no format.

    Raises
    ------
    InputError
        If there is none of that ending, or such files have no compression around them.
    """
    suffix = ending(path)
    if suffix not in among or (compression_of(path) and suffix in NOT_COMPRESSED):
        raise InputError(f"the name of {str(path)!r} must end in {either(among)}")
    return Path(path)


def read_content(path: Pathlike) -> Content:
    """Read a table: a file of `READ_FORMATS`, a folder of images, or a saved data set.

    Raises
    ------
    InputError
        If it is none of these, or damaged.
    """
    path = Path(path)
    if path.is_dir():
        module = "image_folder" if is_image_folder(path) else "dataset_folder"
        folder: ReadFormat = import_module(f".{module}", __package__).FORMAT
        return folder.read(path)
    chosen: ReadFormat = _module(path, READ_FORMATS).FORMAT
    return chosen.read(check_readable(path))


def is_image_folder(path: Path) -> bool:
    """Return whether a folder is read as images, and is no saved data set."""
    return not any((path / name).exists() for name in ("state.json", "dataset_dict.json"))


def read_columns(path: Pathlike) -> Columns:
    """Read a file of columns into memory; raises `InputError` as its format does."""
    from .format import ColumnFormat, columns_of

    chosen = format_of(path, COLUMN_FORMATS)
    assert isinstance(chosen, ColumnFormat)
    table = chosen.read_table(check_readable(path))
    return columns_of(table, Path(path), texts=not chosen.typed)


def _module(path: Pathlike, among: Collection[str]) -> ModuleType:
    return import_module(f".{READ_FORMATS[ending(check_format(path, among))]}", __package__)


__all__ = [
    "ARRAY_FORMATS",
    "COLUMN_FORMATS",
    "FORMATS",
    "READ_FORMATS",
    "check_format",
    "format_of",
    "is_image_folder",
    "read_columns",
    "read_content",
]
