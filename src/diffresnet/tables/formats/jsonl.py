"""Tables in .jsonl files: an object of JSON a line, numbers, texts and lists of numbers."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from ...errors import InputError
from ...files.compressed import atomic_stream, open_stream
from ..reading import not_utf8, one_line_errors
from .format import ColumnFormat

ROWS = 4096  # rows read or written at a time


class JsonLinesFormat(ColumnFormat):
    """JSON lines, as language models and data hubs exchange: one object a line."""

    typed = True

    def read_parts(self, path: Path, names: Sequence[str] | None = None) -> Iterator[pa.Table]:
        """Yield all rows at once: the type of a column may be seen only in the last."""
        with one_line_errors(path):
            parts = [_table(rows) for rows in _chunks(path)]
            table = pa.concat_tables(parts, promote_options="permissive") if parts else pa.table({})
            yield table if names is None else table.select(list(names))

    def write_parts(self, path: Path, parts: Iterator[pa.Table]) -> None:
        with atomic_stream(path) as file:
            for part in parts:
                for start in range(0, len(part), ROWS):
                    for row in part.slice(start, ROWS).to_pylist():
                        text = json.dumps(_plain(row), ensure_ascii=False, default=str)
                        file.write(f"{text}\n".encode())


def _chunks(path: Path) -> Iterator[list[dict[str, Any]]]:
    rows: list[dict[str, Any]] = []
    with io.TextIOWrapper(open_stream(path), encoding="utf-8-sig") as file:
        try:
            for number, line in enumerate(file, 1):
                if not line.strip():
                    continue
                rows.append(_row(line, number, path))
                if len(rows) == ROWS:
                    yield rows
                    rows = []
        except UnicodeDecodeError as error:
            raise InputError(not_utf8(path)) from error
    if rows:
        yield rows


def _table(rows: list[dict[str, Any]]) -> pa.Table:
    names = dict.fromkeys(name for row in rows for name in row)
    return pa.table({name: [row.get(name) for row in rows] for name in names})


def _row(line: str, number: int, path: Path) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise InputError(f"line {number} of {str(path)!r} is no JSON ({error})") from error
    if not isinstance(row, dict):
        raise InputError(
            f'line {number} of {str(path)!r} is no object; a row is {{"name": value, ...}}'
        )
    return row


def _plain(value: Any) -> Any:
    """Return a value that JSON has: NaN and infinity are null, in lists and objects too."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, float) and (value != value or abs(value) == float("inf")):
        return None
    return value


FORMAT = JsonLinesFormat()
