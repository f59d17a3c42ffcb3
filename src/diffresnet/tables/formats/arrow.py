"""Tables in Arrow's IPC files (.arrow, .feather), with their types and their metadata."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.feather
import pyarrow.ipc

from ...files.compressed import atomic_stream, open_mapped
from ..reading import one_line_errors
from .format import ColumnFormat


class ArrowFormat(ColumnFormat):
    """Arrow's file format, which Feather is; a stream of it is read too."""

    typed = True

    def read_table(self, path: Path) -> pa.Table:
        with (
            one_line_errors(path, "it is no Arrow file, or is damaged"),
            open_mapped(path) as file,
        ):
            try:
                table = pyarrow.ipc.open_file(file).read_all()
            except pa.ArrowInvalid:
                file.seek(0)
                table = pyarrow.ipc.open_stream(file).read_all()
            table.validate(full=True)
        return table

    def write_table(self, path: Path, table: pa.Table) -> None:
        with atomic_stream(path) as file:
            pyarrow.feather.write_feather(table, file, compression="lz4")


FORMAT = ArrowFormat()
