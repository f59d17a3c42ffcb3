"""Tables in .csv files: separated UTF-8 text, read and written without a cell changed."""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from ...errors import InputError
from ...files.compressed import atomic_stream, open_seekable, open_stream
from ..reading import check_names, not_utf8, one_line_errors
from .format import ColumnFormat

BLOCK = 2**20  # bytes read at a time; where a row does not fit, all are
PART = 8 * BLOCK  # bytes of a part
ROWS = 4096  # rows written at a time


class CsvFormat(ColumnFormat):
    """Separated text with one line of header, every column as the text it is.

    Quoted cells may hold separators and line breaks; a byte order mark is skipped.
    """

    typed = False

    def __init__(self, delimiter: str = ",") -> None:
        self.delimiter = delimiter

    def read_parts(self, path: Path, names: Sequence[str] | None = None) -> Iterator[pa.Table]:
        _check_first_line(path, self.delimiter)
        done = 0
        with one_line_errors(path):
            try:
                for part in _read_parts(path, BLOCK, self.delimiter, names):
                    yield part
                    done += len(part)
            except pa.ArrowInvalid as error:
                block = BLOCK
                if "straddling" in str(error):
                    with open_seekable(path) as whole:
                        block = min(whole.size() + 1, 2**31 - 1)
                # In parallel no row is named where the number of cells is wrong; one thread counts.
                for part in _read_parts(path, block, self.delimiter, names, threads=False):
                    if len(part) > done:
                        yield part.slice(done)
                    done = max(0, done - len(part))

    def write_parts(self, path: Path, parts: Iterator[pa.Table]) -> None:
        """Write quotes only where they are needed.

        Nulls become empty cells; lists and structures are written as JSON.
        """
        with atomic_stream(path) as file:
            for number, part in enumerate(parts):
                if number == 0:
                    header = pa.table([[name] for name in part.column_names], part.column_names)
                    file.write(_lines(header, self.delimiter))
                for at in range(0, len(part), ROWS):
                    file.write(_lines(part.slice(at, ROWS), self.delimiter))

    def check_schema(self, schema: pa.Schema) -> None:
        check_text(schema)


FORMAT = CsvFormat()


def check_text(schema: pa.Schema) -> None:
    """Raise `InputError` if a column cannot be written to a .csv file."""
    for field in schema:
        if not pa.types.is_nested(field.type):
            try:
                pc.cast(pa.nulls(0, field.type), pa.large_string())
                fits = not _is_binary(field.type)
            except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
                fits = False
            if not fits:
                raise InputError(
                    f"column {field.name!r} of type {field.type} has no form in a .csv file; "
                    f"write to .parquet"
                )


def _is_binary(kind: pa.DataType) -> bool:
    return (
        pa.types.is_binary(kind)
        or pa.types.is_large_binary(kind)
        or pa.types.is_fixed_size_binary(kind)
    )


def _lines(table: pa.Table, delimiter: str = ",") -> memoryview:
    """Join a few rows to lines, column by column: Python's csv module is ten times slower."""
    cells = [_quoted(_text(column.combine_chunks()), delimiter) for column in table.columns]
    lines = _joined(_joined(*cells, between=delimiter), _scalar("\n"))
    # The texts of an Arrow array lie one after another in one buffer: that is the file.
    return memoryview(lines.buffers()[2])


def _text(cells: pa.Array) -> pa.Array:
    if isinstance(cells, pa.ChunkedArray):
        cells = pa.concat_arrays(cells.chunks)
    if pa.types.is_nested(cells.type):
        texts = [None if v is None else json.dumps(v, default=str) for v in cells.to_pylist()]
        cells = pa.array(texts, pa.large_string())
    return pc.fill_null(pc.cast(cells, pa.large_string()), "")


def _quoted(cells: pa.Array, delimiter: str) -> pa.Array:
    special = pc.match_substring_regex(cells, f'[{delimiter}"\r\n]')
    if not pc.any(special).as_py():
        return cells
    doubled = pc.replace_substring(cells, '"', '""')
    return pc.if_else(special, _joined(_scalar('"'), doubled, _scalar('"')), cells)


def _joined(*parts: pa.Array | pa.Scalar, between: str = "") -> pa.Array:
    return pc.binary_join_element_wise(*parts, _scalar(between))


def _scalar(text: str) -> pa.Scalar:
    return pa.scalar(text, pa.large_string())


def _check_first_line(path: Path, delimiter: str) -> None:
    """Refuse another encoding, Excel's line "sep=", and other separators."""
    with one_line_errors(path), open_stream(path) as file:
        line = file.read(2**20).partition(b"\n")[0]
    if line[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        raise InputError(not_utf8(path))
    text = line.removeprefix(codecs.BOM_UTF8).decode("utf-8", "replace").strip()
    if text.lower().startswith("sep="):
        raise InputError(
            f"the first line of {str(path)!r} is {text!r}, no header; delete that line"
        )
    counts = {mark: text.count(mark) for mark in ",;\t|"}
    most = max(counts, key=lambda mark: counts[mark])
    if counts[most] and not counts[delimiter]:
        names = {",": "commas (.csv)", "\t": "tabs (.tsv)"}
        raise InputError(
            f"the header of {str(path)!r} has {most!r} between names; save it with "
            f"{names[delimiter]} between cells, and with decimal points"
        )


def _read_parts(
    path: Path, block: int, delimiter: str, names: Sequence[str] | None, threads: bool = True
) -> Iterator[pa.Table]:
    """Read all cells as text, once the header has said the names that are to be read so."""
    reading = pyarrow.csv.ReadOptions(block_size=block, use_threads=threads)
    parsing = pyarrow.csv.ParseOptions(delimiter=delimiter, newlines_in_values=True)
    with (
        open_stream(path) as file,
        pyarrow.csv.open_csv(file, read_options=reading, parse_options=parsing) as reader,
    ):
        header = list(reader.schema.names)
    check_names(header, path)
    as_text = pyarrow.csv.ConvertOptions(
        column_types=dict.fromkeys(header, pa.string()),
        strings_can_be_null=False,
        include_columns=names,
    )
    with (
        open_stream(path) as file,
        pyarrow.csv.open_csv(
            file, read_options=reading, parse_options=parsing, convert_options=as_text
        ) as reader,
    ):
        yield reader.schema.empty_table()
        batches: list[pa.RecordBatch] = []
        for batch in reader:
            batches.append(batch)
            if sum(each.nbytes for each in batches) >= PART:
                yield pa.Table.from_batches(batches)
                batches = []
        if batches:
            yield pa.Table.from_batches(batches)
