"""Tables in Arrow's IPC files (.arrow, .feather), with their types and their metadata."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.ipc

from ...files.compressed import atomic_stream, open_seekable
from ..reading import check_names, one_line_errors
from .format import ColumnFormat

ROWS = 65536  # rows written at a time


class ArrowFormat(ColumnFormat):
    """Arrow's file format, which Feather is; a stream of it is read too."""

    typed = True

    def read_parts(self, path: Path, names: Sequence[str] | None = None) -> Iterator[pa.Table]:
        with (
            one_line_errors(path, "it is no Arrow file, or is damaged"),
            open_seekable(path, mapped=True) as file,
        ):
            schema, batches = _open(file)
            check_names(schema.names, path)
            wanted = schema.names if names is None else list(names)
            yield schema.empty_table().select(wanted)
            for batch in batches:
                part = pa.Table.from_batches([batch]).select(wanted)
                part.validate(full=True)
                yield part

    def write_parts(self, path: Path, parts: Iterator[pa.Table]) -> None:
        first = next(parts)
        if any(pa.types.is_dictionary(field.type) for field in first.schema):
            # The categories of all rows are one list in this format.
            first, parts = pa.concat_tables([first, *parts]).unify_dictionaries(), iter(())
        options = pyarrow.ipc.IpcWriteOptions(compression="lz4")
        with (
            atomic_stream(path) as file,
            pyarrow.ipc.new_file(file, first.schema, options=options) as writer,
        ):
            for part in itertools.chain([first], parts):
                writer.write_table(part, max_chunksize=ROWS)


def _open(file: pa.NativeFile) -> tuple[pa.Schema, Iterator[pa.RecordBatch]]:
    """Open an Arrow file, or a stream of it."""
    try:
        reader = pyarrow.ipc.open_file(file)
        return reader.schema, (reader.get_batch(i) for i in range(reader.num_record_batches))
    except pa.ArrowInvalid:
        file.seek(0)
        stream = pyarrow.ipc.open_stream(file)
        return stream.schema, iter(stream)


FORMAT = ArrowFormat()
