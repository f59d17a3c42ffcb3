"""Labelled tables, written to .npz, .csv and .parquet files with every row and column kept."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ..errors import InputError
from ..files.atomic import Pathlike, check_writable
from ..files.npz import save_npz
from .csv_parquet import check_text, write_csv, write_parquet
from .feature_columns import listed
from .labelled_table import SUFFIXES, FeatureTable

RESULT = ("label", "confidence", "flag")
"""The columns, or arrays, that a labelled table has."""


def check_output(path: Pathlike, table: FeatureTable) -> Path:
    """Refuse an output early: where it cannot be written, or where user data would be lost.

    Raises
    ------
    InputError
        As `check_writable`; or if the table has columns called confidence or flag, or label where
        that does not hold the labels; or if a column has no form in a .csv file.
    """
    path = check_writable(path, SUFFIXES)
    arrays = isinstance(table.carried, dict)
    names = list(table.carried) if arrays else table.carried.column_names
    own = set(RESULT)
    if path.suffix.lower() == ".npz" and not arrays:
        own |= {"features", "feature_names"}
        names = [name for name in names if name not in table.feature_columns]
    if table.label_column == "label":
        own.discard("label")
    taken = [name for name in names if name in own]
    if taken:
        raise InputError(
            f"{str(table.path)!r} already has {listed(taken)}, which the output would replace; "
            f"rename {'it' if len(taken) == 1 else 'them'}"
        )
    if path.suffix.lower() == ".csv" and not arrays:
        check_text(table.carried)
    return path


def write_table(
    path: Pathlike,
    table: FeatureTable,
    labels: np.ndarray,
    confidence: np.ndarray,
    flags: np.ndarray,
) -> None:
    """Write every row and column of a table with its labels, atomically.

    The format is that of the file's name, which need not be that of the table's. A column `label`
    that held the labels is replaced where it stands; label (of the type of the given labels),
    confidence and flag come last otherwise. To columns, a .npz table gives its arrays of one number
    or text a row. To .npz, a table of columns gives `features` (n, d), `feature_names` and its
    other columns as texts; the nodes of a graph give all their columns as texts.

    Parameters
    ----------
    labels : (n,) integers with -1 for none, or objects with None
    confidence : (n,) floats, written with four decimals to .csv
    flags : (n,) texts

    Raises
    ------
    InputError
        As `check_output`.
    OSError
        If the file cannot be written; an old file then stands as it was.
    """
    path = check_output(path, table)
    if not len(table) == len(labels) == len(confidence) == len(flags):
        raise InputError("a label, a confidence and a flag are needed for every row")
    values = _values(labels)
    if path.suffix.lower() == ".npz":
        save_npz(path, _to_arrays(table, values, confidence, flags))
    elif path.suffix.lower() == ".csv":
        decimals = [None if c != c else f"{c:.4f}" for c in confidence.tolist()]
        write_csv(path, _to_columns(table, values, pa.array(decimals, pa.string()), flags))
    else:
        single = pa.array(confidence.astype(np.float32))
        write_parquet(path, _to_columns(table, values, single, flags, typed=True))


def _values(labels: np.ndarray) -> list[Any]:
    """Labels as all int or all str, with None for no label."""
    values = labels.tolist()
    if labels.dtype.kind in "iu":
        return [None if value == -1 else value for value in values]
    if all(value is None or isinstance(value, (int, np.integer)) for value in values):
        return [None if value is None else int(value) for value in values]
    return [None if value is None else str(value) for value in values]


def _to_arrays(
    table: FeatureTable, values: list[Any], confidence: np.ndarray, flags: np.ndarray
) -> dict[str, np.ndarray]:
    if isinstance(table.carried, dict):
        arrays = dict(table.carried)
    else:
        arrays = {}
        if table.feature_names:
            arrays = {"features": table.features, "feature_names": np.array(table.feature_names)}
        for name in table.carried.column_names:
            if name not in table.feature_columns:
                cells = table.carried[name].to_pylist()
                arrays[name] = np.array(["" if cell is None else str(cell) for cell in cells])
    if any(isinstance(value, str) for value in values):
        arrays["label"] = np.array(["" if value is None else value for value in values])
    else:
        arrays["label"] = np.array([-1 if value is None else value for value in values], np.int64)
    arrays["confidence"] = confidence.astype(np.float32)
    arrays["flag"] = np.array(flags, dtype=str)
    return arrays


def _to_columns(
    table: FeatureTable,
    values: list[Any],
    confidence: pa.Array,
    flags: np.ndarray,
    typed: bool = False,
) -> pa.Table:
    label = pa.array(values)
    if isinstance(table.carried, dict):
        columns = _columns_of(table.carried, len(table))
    else:
        columns = table.carried
        if typed and table.path.suffix.lower() == ".csv":
            columns = _with_numbers(columns, table.feature_columns)
    if table.label_column is not None and not isinstance(table.carried, dict):
        try:
            label = label.cast(columns.schema.field(table.label_column).type)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):  # names that the type cannot hold
            label = label.cast(pa.string())
    if not columns.column_names:
        columns = pa.table({"label": label})
    elif "label" in columns.column_names:
        columns = columns.set_column(columns.column_names.index("label"), "label", label)
    else:
        columns = columns.append_column("label", label)
    columns = columns.append_column("confidence", confidence)
    return columns.append_column("flag", pa.array(flags.tolist(), pa.string()))


def _with_numbers(columns: pa.Table, names: Sequence[str]) -> pa.Table:
    """Features that were read as text, as the numbers they are."""
    for name in names:
        numbers = pc.cast(pc.utf8_trim_whitespace(columns[name]), pa.float64())
        columns = columns.set_column(columns.column_names.index(name), name, numbers)
    return columns


def _columns_of(arrays: dict[str, np.ndarray], rows: int) -> pa.Table:
    """The arrays that have one value a row which a column can hold."""
    columns = {}
    for key, array in arrays.items():
        if array.shape != (rows,) or key == "class_names":
            continue
        if array.dtype.kind == "S":
            array = np.char.decode(array, "utf-8", "backslashreplace")
        if array.dtype == np.float16:  # Arrow writes no half floats as text
            array = array.astype(np.float32)
        try:
            native = array.astype(array.dtype.newbyteorder("="))
            columns[key] = pa.array(native.tolist() if array.dtype.kind == "U" else native)
        except (pa.ArrowException, TypeError, ValueError):  # complex numbers, structures
            continue
    return pa.table(columns)
