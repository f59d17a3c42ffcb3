"""A table that is read for some of its rows, which are told and written with all their columns."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from jaxtyping import Int

from ..errors import Note
from ..files.atomic import Pathlike, check_writable, refuse_replacing
from ..progress import Progress
from ..tables.content import Content, listed, refuse_replaced
from ..tables.formats import COLUMN_FORMATS, check_format, format_of, read_content
from ..tables.formats.format import ColumnFormat
from ..tables.labelled_table import LabelledTable
from ..tables.row_names import read_ids
from .model_file import encoded_rows
from .raw_rows import refuse_features

ROW = "row"
"""Column of an output that holds the numbers of its rows, from 1."""


def read_for_rows(
    path: Pathlike,
    out: Pathlike | None,
    own: Sequence[str],
    *,
    labels: Pathlike | None,
    features: str | Sequence[str] | None,
    text: str | Sequence[str] | None,
    image: str | None,
    encoder: str | None,
    device: str,
    progress: Progress,
    **options: Any,
) -> LabelledTable:
    """Read a table, its raw rows encoded, once it is sure that `out` can be written.

    Parameters
    ----------
    own : names of the columns that the output has before those of the file, `ROW` among them
        An earlier output is read without them.
    **options : as `LabelledTable.read` takes them.

    Raises
    ------
    InputError
        If the output is no format of columns or would replace an input, or columns of the table;
        or if the table is unfit.
    """
    path = Path(path)
    refuse_replacing({"out": out}, [path, labels])
    if out is not None:
        check_writable(check_format(out, COLUMN_FORMATS))
    content = read_content(path)
    notes: tuple[Note, ...] = ()
    if _is_earlier_output(content, own):
        content = content.without(own)
        notes = (Note(f"{str(path)!r} is an earlier output: {listed(own)} are made anew"),)
    elif out is not None:
        refuse_replaced([name for name in own if name in content.names], path)
    raw, _ = encoded_rows(path, text, image, encoder, device, out=out, progress=progress)
    refuse_features(raw, features)
    encode = None if raw is None else raw.features
    table = LabelledTable.read(
        path, content=content, labels=labels, features=features, encode=encode, **options
    )
    return replace(table, notes=(*notes, *table.notes))


def _is_earlier_output(content: Content, own: Sequence[str]) -> bool:
    """Return whether the first columns are ours: by their names, and as rows are numbered."""
    if content.names[: len(own)] != list(own):
        return False
    rows = read_ids(content, ROW) or []
    return len(set(rows)) == len(rows) and all(row is not None and row.isdecimal() for row in rows)


def own_first(own: Mapping[str, pa.Array], table: LabelledTable, columns: pa.Table) -> pa.Table:
    """Return columns of a table behind our own; raise `InputError` if one would be replaced."""
    refuse_replaced([name for name in own if name in columns.column_names], table.path)
    return pa.table({**own, **{name: columns[name] for name in columns.column_names}})


def write_columns(out: Pathlike, columns: Callable[[bool], pa.Table]) -> None:
    """Write columns, which are typed or not, in the format that the name of the file says."""
    output = format_of(out, COLUMN_FORMATS)
    assert isinstance(output, ColumnFormat)
    output.write_table(Path(out), columns(output.typed))


def take_rows(
    table: LabelledTable, rows: Int[np.ndarray, " k"], *, typed: bool = False
) -> pa.Table:
    """Return rows of a table in the order of their numbers from 0 as they are given.

    Parameters
    ----------
    typed : whether features that stand as text, as in .csv, become numbers.
    """
    order = np.argsort(rows)
    ascending, parts, start = rows[order], [], 0
    for part in table.content.parts(table.chosen, typed=typed):
        inside = ascending[(ascending >= start) & (ascending < start + len(part))]
        parts.append(part.take(pa.array(inside - start)))
        start += len(part)
    found = pa.concat_tables(parts)
    if found.column_names:
        found = found.take(pa.array(np.argsort(order)))
    return found
