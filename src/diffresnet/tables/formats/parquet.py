"""Tables in .parquet files, with their types and their metadata."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet

from ...files.atomic import atomic_write
from ..columns import Columns
from ..content import Content, Features, RowResult, label_column_of, with_result
from .arrow import check_names, one_line_errors, with_rows
from .format import Format


class ParquetFormat(Format):
    """Apache Parquet."""

    def read(self, path: Path) -> Content:
        # ParquetFile, as read_table would read "name=value" in the path as a column.
        with (
            one_line_errors(path, "it is no Parquet file, or is damaged"),
            pyarrow.parquet.ParquetFile(path) as file,
        ):
            check_names(file.schema_arrow.names, path)
            table = file.read()
            table.validate(full=True)
        return Columns(with_rows(table, path))

    def write(
        self,
        path: Path,
        content: Content,
        features: Features | None,
        label_key: str | None,
        result: RowResult,
    ) -> None:
        columns = content.to_columns(features, typed=True)
        label = label_column_of(result.values, content.label_type(label_key))
        single = pa.array(result.confidence.astype(np.float32))
        with atomic_write(path) as temporary:
            # "Compliant" would rename the values inside of lists.
            pyarrow.parquet.write_table(
                with_result(columns, label, single, result.flags),
                temporary,
                use_compliant_nested_type=False,
            )
