"""Which columns of a table are features, and the matrix they make."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ..errors import InputError, Note
from .content import Features, check_finite, listed

MISSING = ("", "nan", "na", "n/a", "#n/a", "<na>", "null", "none")
"""Texts that stand for a missing number, trimmed and in lower case."""
FEWEST_NUMBERED = 20
"""Rows from which a column of consecutive whole numbers is taken to number the rows."""

# What pandas calls the index of a frame that it wrote.
_INDEX_NAME = re.compile(r"|Unnamed: \d+|__index_level_\d+__")
# What Arrow casts to a float.
_NUMBER = r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$|^(?i:[+-]?(inf|infinity|nan))$"


def choose_features(
    table: pa.Table,
    label_column: str | None,
    features: str | Sequence[str] | None = None,
    *,
    texts: bool = False,
    where: str = "the table",
) -> Features:
    """Choose the features of a table of columns.

    By default: the one column of equally long lists of floats (an embedding) if there is one,
    otherwise every numeric column but the label, the index of a data frame, and a column that
    numbers the rows.

    Parameters
    ----------
    features : str or sequence of str, optional
        The name of a column, a comma list of names, or a prefix of names; or a sequence of names.
    texts : bool
        Whether columns of text may hold numbers, as all of a .csv file do.

    Raises
    ------
    InputError
        If a chosen column is absent or not numeric, nothing is numeric, or a cell is missing or
        infinite.
    """
    notes: list[Note] = []
    if features is None:
        parts = _default(table, label_column, texts, notes, where)
    else:
        parts = {}
        for name in _named(table, label_column, features, where):
            part = _numbers(table[name], texts=True)
            if part is None:
                raise InputError(
                    f"column {name!r} of {where} is not numeric ({_why(table[name])}); "
                    f"choose other columns",
                    "features",
                )
            parts[name] = part
    matrix = np.hstack(list(parts.values())) if len(parts) > 1 else next(iter(parts.values()))
    names = tuple(
        name if part.shape[1] == 1 and not _is_list(table[name].type) else f"{name}[{i}]"
        for name, part in parts.items()
        for i in range(part.shape[1])
    )
    check_finite(matrix, names, where)
    return Features(matrix, names, tuple(parts), tuple(notes))


def _named(
    table: pa.Table, label_column: str | None, features: str | Sequence[str], where: str
) -> list[str]:
    present = [name for name in table.column_names if name != label_column]
    if isinstance(features, str) and features not in table.column_names and "," not in features:
        chosen = [name for name in present if name.startswith(features)]
        if not chosen or not features:
            raise InputError(
                f"no column of {where} is called {features!r} or starts so; "
                f"the columns are {listed(present)}",
                "features",
            )
        return chosen
    if isinstance(features, str):
        chosen = [features]
        if features not in table.column_names:
            chosen = [name.strip() for name in features.split(",") if name.strip()]
    else:
        chosen = list(features)
    for name in chosen:
        if name == label_column:
            raise InputError(
                f"column {name!r} of {where} holds the labels; it is no feature", "features"
            )
        if name not in present:
            raise InputError(
                f"{where} has no column {name!r}; the columns are {listed(present)}", "features"
            )
    if not chosen or len(set(chosen)) < len(chosen):
        raise InputError(f"name every column once, not {listed(chosen)}", "features")
    return chosen


def _default(
    table: pa.Table, label_column: str | None, texts: bool, notes: list[Note], where: str
) -> dict[str, np.ndarray]:
    usable = [n for n in table.column_names if n != label_column and not _INDEX_NAME.fullmatch(n)]
    vectors = [name for name in usable if _width(table[name], floats=True)]
    if len(vectors) > 1:
        raise InputError(
            f"columns {listed(vectors)} of {where} all hold vectors; choose one",
            "features",
        )
    parts = {}
    for name in vectors or usable:
        if vectors or not _is_list(table[name].type):
            part = _numbers(table[name], texts)
            if part is not None:
                parts[name] = part
            elif texts and _mostly_numbers(table[name]):
                notes.append(
                    Note(
                        f"column {name!r} is no feature, as {_why(table[name])} among numbers; "
                        f"mend the cell if it is to be one"
                    )
                )
    if not parts:  # perhaps one column of lists of integers
        vectors = [name for name in usable if _width(table[name], floats=False)]
        if len(vectors) != 1:
            hint = f" ({notes[0]})" if notes else ""
            raise InputError(
                f"no column of {where} is numeric besides the label, so there are no features; "
                f"the columns are {listed(table.column_names)}{hint}"
            )
        part = _numbers(table[vectors[0]], texts)
        assert part is not None
        return {vectors[0]: part}
    if not vectors:
        _leave_out_row_numbers(parts, notes)
    return parts


def _leave_out_row_numbers(parts: dict[str, np.ndarray], notes: list[Note]) -> None:
    # One such column drowns all others: its distances are those of the order in the file.
    for name, part in list(parts.items()):
        values = part[:, 0]
        if len(parts) == 1 or len(values) < FEWEST_NUMBERED or not np.isfinite(values).all():
            continue
        if np.all(values == np.rint(values)) and len(np.unique(values)) == len(values):
            if values.max() - values.min() == len(values) - 1:
                del parts[name]
                notes.append(Note(f"column {name!r} numbers the rows and is no feature"))
            else:
                notes.append(
                    Note(
                        f"column {name!r} holds another whole number in every row and is a "
                        f"feature; if it is an identifier, choose the features",
                        "features",
                    )
                )


def _numbers(column: pa.ChunkedArray, texts: bool) -> np.ndarray | None:
    """(n, d) float32 with NaN where a cell is missing; None if the column is not numeric."""
    kind = column.type
    if _is_list(kind):
        width = _width(column, floats=False)
        return _vectors(column, width) if width else None
    if texts and _is_text(kind):
        column = _filled(column)
    elif not _is_number(kind):
        return None
    if column.null_count == len(column):
        return None
    try:
        values = pc.cast(column, pa.float64(), safe=False).to_numpy()
    except pa.ArrowInvalid:
        return None
    return _single(values)[:, None]


def _filled(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Trim a column of texts, with null where a cell stands for a missing number."""
    trimmed = pc.utf8_trim_whitespace(column)
    marks = pa.array(MISSING, column.type)
    return pc.if_else(pc.is_in(pc.utf8_lower(trimmed), marks), None, trimmed)


def _mostly_numbers(column: pa.ChunkedArray) -> bool:
    """Whether most of the filled cells of a column of texts are numbers."""
    if not _is_text(column.type):
        return False
    share = pc.mean(_looks_like_number(_filled(column))).as_py()
    return share is not None and share > 0.5


def _why(column: pa.ChunkedArray) -> str:
    """Why a column is not numeric: no cell is filled, the first that is no number, or its type."""
    cells = _filled(column) if _is_text(column.type) else column
    if cells.null_count == len(cells):
        return "all its cells are blank"
    if _is_text(column.type):
        at = pc.index(_looks_like_number(cells), False).as_py()
        if at >= 0:
            return f"data row {at + 1} holds {textwrap.shorten(cells[at].as_py(), 40)!r}"
    return f"type {column.type}"


def _looks_like_number(cells: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.match_substring_regex(cells, _NUMBER)


def _vectors(column: pa.ChunkedArray, width: int) -> np.ndarray:
    out = np.full((len(column), width), np.nan, dtype=np.float32)
    start = 0
    for chunk in column.chunks:
        there = chunk.is_valid().to_numpy(zero_copy_only=False)
        values = chunk.drop_null().flatten().to_numpy(zero_copy_only=False)
        out[start : start + len(chunk)][there] = _single(values).reshape(-1, width)
        start += len(chunk)
    return out


def _width(column: pa.ChunkedArray, floats: bool) -> int:
    """Return the length of the lists of a column, where there is one; otherwise 0."""
    if not _is_list(column.type):
        return 0
    if not (pa.types.is_floating if floats else _is_number)(column.type.value_type):
        return 0
    span = pc.min_max(pc.list_value_length(column)).as_py()
    return span["min"] or 0 if span["min"] == span["max"] else 0


def _single(values: np.ndarray) -> np.ndarray:
    with np.errstate(over="ignore"):  # reported as infinite, with its place
        return values.astype(np.float32)


def _is_number(kind: pa.DataType) -> bool:
    return pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)


def _is_text(kind: pa.DataType) -> bool:
    return pa.types.is_string(kind) or pa.types.is_large_string(kind)


def _is_list(kind: pa.DataType) -> bool:
    kinds = (pa.types.is_list, pa.types.is_large_list, pa.types.is_fixed_size_list)
    return any(is_kind(kind) for is_kind in kinds)
