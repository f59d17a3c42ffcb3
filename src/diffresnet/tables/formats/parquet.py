"""Tables in .parquet files, with their types and their metadata."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet

from ...files.compressed import atomic_stream, open_mapped
from ..reading import one_line_errors
from .format import ColumnFormat


class ParquetFormat(ColumnFormat):
    """Apache Parquet."""

    typed = True

    def read_table(self, path: Path) -> pa.Table:
        # ParquetFile, as read_table would read "name=value" in the path as a column.
        with (
            one_line_errors(path, "it is no Parquet file, or is damaged"),
            open_mapped(path) as source,
            pyarrow.parquet.ParquetFile(source) as file,
        ):
            table = file.read()
            table.validate(full=True)
        return table

    def write_table(self, path: Path, table: pa.Table) -> None:
        with atomic_stream(path) as file:
            # "Compliant" would rename the values inside of lists.
            pyarrow.parquet.write_table(table, file, use_compliant_nested_type=False)


FORMAT = ParquetFormat()
