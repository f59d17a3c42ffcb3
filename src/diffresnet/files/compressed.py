"""Files that are compressed, as the end of their name says: data.csv.gz."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa

from .atomic import Pathlike, atomic_write

COMPRESSIONS = {".gz": "gzip", ".bz2": "bz2", ".zst": "zstd"}
"""Ending -> what Arrow calls the compression."""


def ending(path: Pathlike) -> str:
    """Return the ending that says the format, in lower case: ".csv" of "data.csv.gz"."""
    path = Path(path)
    if path.suffix.lower() in COMPRESSIONS:
        path = path.with_suffix("")
    return path.suffix.lower()


def compression_of(path: Pathlike) -> str | None:
    """Return the compression that the name of a file says, if any."""
    return COMPRESSIONS.get(Path(path).suffix.lower())


def open_stream(path: Pathlike) -> pa.NativeFile:
    """Open a file for reading from its start, decompressed."""
    return pa.input_stream(str(path), compression=compression_of(path))


def open_seekable(path: Pathlike, *, mapped: bool = False) -> pa.NativeFile:
    """Open a file for reading at any place; a compressed one is held in memory.

    Parameters
    ----------
    mapped : bool
        Whether what is read may be the file itself, without a copy.
    """
    if compression_of(path) is None:
        return pa.memory_map(str(path)) if mapped else pa.OSFile(str(path))
    with open_stream(path) as stream:
        return pa.BufferReader(stream.read())


@contextmanager
def atomic_stream(path: Pathlike) -> Iterator[pa.NativeFile]:
    """Open a file for writing, compressed as its name says; see `atomic_write`."""
    with (
        atomic_write(path) as temporary,
        pa.output_stream(str(temporary), compression=compression_of(path)) as stream,
    ):
        yield stream
