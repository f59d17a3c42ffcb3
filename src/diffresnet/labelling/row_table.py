"""A table that is read for some of its rows, which are told and written with all their columns."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from jaxtyping import Int

from ..files.atomic import Pathlike, check_writable, refuse_replacing
from ..tables.formats import COLUMN_FORMATS, check_format, format_of
from ..tables.formats.format import ColumnFormat
from ..tables.labelled_table import LabelledTable
from .model_file import encoded_rows
from .progress import Progress
from .raw_rows import refuse_features


def read_for_rows(
    path: Pathlike,
    out: Pathlike | None,
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
    **options : as `LabelledTable.read` takes them.

    Raises
    ------
    InputError
        If the output is no format of columns or would replace an input, or the table is unfit.
    """
    path = Path(path)
    refuse_replacing({"out": out}, [path, labels])
    if out is not None:
        check_writable(check_format(out, COLUMN_FORMATS))
    raw, _ = encoded_rows(path, text, image, encoder, device, out=out, progress=progress)
    refuse_features(raw, features)
    encode = None if raw is None else raw.features
    return LabelledTable.read(path, labels=labels, features=features, encode=encode, **options)


def write_columns(out: Pathlike, columns: pa.Table) -> None:
    """Write columns in the format that the name of the file says."""
    output = format_of(out, COLUMN_FORMATS)
    assert isinstance(output, ColumnFormat)
    output.write_table(Path(out), columns)


def take_rows(table: LabelledTable, rows: Int[np.ndarray, " k"]) -> pa.Table:
    """Return rows of a table in the order of their numbers from 0 as they are given."""
    order = np.argsort(rows)
    ascending, parts, start = rows[order], [], 0
    for part in table.content.parts(None, typed=False):
        inside = ascending[(ascending >= start) & (ascending < start + len(part))]
        parts.append(part.take(pa.array(inside - start)))
        start += len(part)
    found = pa.concat_tables(parts)
    if found.column_names:
        found = found.take(pa.array(np.argsort(order)))
    return found
