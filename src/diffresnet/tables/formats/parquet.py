"""Tables in .parquet files, with their types and their metadata."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet

from ...files.compressed import atomic_stream, open_seekable
from ..reading import check_names, one_line_errors
from .format import ColumnFormat

ROWS = 8192  # rows read at a time
BUFFER = 2**16  # bytes of a column read at a time


class ParquetFormat(ColumnFormat):
    """Apache Parquet."""

    typed = True

    def read_parts(self, path: Path, names: Sequence[str] | None = None) -> Iterator[pa.Table]:
        # ParquetFile, as read_table would read "name=value" in the path as a column.
        with (
            one_line_errors(path, "it is no Parquet file, or is damaged"),
            open_seekable(path) as source,
            pyarrow.parquet.ParquetFile(source, buffer_size=BUFFER) as file,
        ):
            schema = file.schema_arrow
            check_names(schema.names, path)
            wanted = schema.names if names is None else list(names)
            yield schema.empty_table().select(wanted)
            for batch in file.iter_batches(ROWS, columns=wanted):
                part = pa.Table.from_batches([batch]).select(wanted)
                part.validate(full=True)
                yield part

    def write_parts(self, path: Path, parts: Iterator[pa.Table]) -> None:
        first = next(parts)
        with (
            atomic_stream(path) as file,
            # "Compliant" would rename the values inside of lists.
            pyarrow.parquet.ParquetWriter(
                file, first.schema, use_compliant_nested_type=False
            ) as writer,
        ):
            for part in itertools.chain([first], parts):
                writer.write_table(part)


FORMAT = ParquetFormat()
