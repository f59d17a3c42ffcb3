"""A file of columns that is read some rows at a time, and read again for what is not held."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pyarrow as pa

from ..errors import InputError
from .column_numbers import Numbers, read_part
from .columns import Columns
from .reading import check_names, with_rows

ReadParts = Callable[[Path, Sequence[str] | None], Iterator[pa.Table]]
"""(path, names of columns or None for all) -> its rows in parts, at least one."""


class ColumnFile:
    """A file of columns, as it was when it was first read.

    Attributes
    ----------
    schema : of all columns.
    rows : how many.
    """

    def __init__(self, path: Path, read: ReadParts) -> None:
        self.path = path
        self.schema = pa.schema([])
        self.rows = 0
        self._read = read
        self._state = _state(path)

    def parts(self, names: Sequence[str] | None = None) -> Iterator[pa.Table]:
        """Read columns, some rows at a time.

        Raises
        ------
        InputError
            If they cannot be read, or the file has changed since the first time.
        """
        if _state(self.path) != self._state:
            raise InputError(f"{str(self.path)!r} was changed while it was read; start again")
        yield from self._read(self.path, names)


def read_stream(path: Path, read: ReadParts, texts: bool) -> Columns:
    """Read a file of columns, and hold those that are numbers as float32.

    Memory is that of the numbers, of the columns that are none, and of one part of the file.

    Raises
    ------
    InputError
        If the file cannot be read, has no rows, or two columns of one name.
    """
    file = ColumnFile(path, read)
    gathered: dict[str, list[Numbers]] = {}
    held: dict[str, list[pa.ChunkedArray]] = {}
    late: set[str] = set()  # columns that turned out to be no numbers after some rows
    for part in file.parts():
        if not file.schema.names:
            file.schema = part.schema
            check_names(part.column_names, path)
        if len(part) == 0:
            continue
        for name in part.column_names:
            if name in held:
                held[name].append(part[name])
                continue
            if name in late:
                continue
            numbers = read_part(part[name], texts)
            if numbers is not None and (file.rows == 0 or numbers.fits(gathered[name][0])):
                gathered.setdefault(name, []).append(numbers)
            elif file.rows == 0:
                held[name] = [part[name]]
            else:
                late.add(name)
                del gathered[name]
        file.rows += len(part)
    with_rows(file.rows, path)
    pa.default_memory_pool().release_unused()
    known = {name: Numbers.joined(parts) for name, parts in gathered.items()}
    blank = {name for name, each in known.items() if _is_blank(each)}
    known = {name: each for name, each in known.items() if name not in blank}
    if late or blank:
        again = [name for name in file.schema.names if name in late | blank]
        for part in file.parts(again):
            for name in again:
                held.setdefault(name, []).append(part[name])
    names = [name for name in file.schema.names if name in held]
    columns = [pa.chunked_array([c for each in held[name] for c in each.chunks]) for name in names]
    return Columns(pa.table(columns, names), texts, file=file, known=known)


def _is_blank(numbers: Numbers) -> bool:
    """Return whether all cells are missing, so that the column is perhaps none of numbers."""
    return not numbers.is_vector and not (numbers.values == numbers.values).any()


def _state(path: Path) -> tuple[int, int]:
    found = path.stat()
    return found.st_mtime_ns, found.st_size
