"""Tables of features with labels for some rows, read from .npz, .csv and .parquet files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from ..errors import InputError
from ..files.atomic import Pathlike, check_readable
from ..files.npz import load_npz
from ..labels import decoded, labelled, labels_of_array, labels_of_column
from .csv_parquet import read_csv, read_parquet
from .feature_columns import check_finite, choose_features, listed

SUFFIXES = (".npz", ".csv", ".parquet")


@dataclass(frozen=True)
class FeatureTable:
    """A table read from a file, with what is needed to write it again.

    Attributes
    ----------
    path : Path
    features : (n, d) float32, finite
    labels : (n,)
        int64 with -1 unlabelled from integers in .npz; otherwise objects, str or int, with None.
    feature_names : tuple of str, of length d
    feature_columns : tuple of str
        The columns, or the array, that hold the features.
    label_column : str or None
        The column, or the array, that holds the labels; None if there is none.
    carried : pyarrow.Table or dict of arrays
        Everything in the file.
    class_names : tuple of str, optional
        Names of the classes 0, 1, ... of a .npz file.
    notes : tuple of str
        What a user should know about how the file was read, one line each.
    """

    path: Path
    features: np.ndarray = field(repr=False)
    labels: np.ndarray = field(repr=False)
    feature_names: tuple[str, ...] = field(repr=False)
    feature_columns: tuple[str, ...] = field(repr=False)
    label_column: str | None
    carried: Any = field(repr=False)
    class_names: tuple[str, ...] | None = None
    notes: tuple[str, ...] = ()

    @property
    def labelled(self) -> np.ndarray:
        """(n,) bool: the rows with a label."""
        return labelled(self.labels)

    def __len__(self) -> int:
        return len(self.features)


def read_table(
    path: Pathlike,
    *,
    label_column: str = "label",
    features: str | Sequence[str] | None = None,
    labels_required: bool = True,
) -> FeatureTable:
    """Read features and labels from a .npz, .csv or .parquet file.

    A .npz file holds `features` (n, d) and `labels` (n,), integers with -1 unlabelled or texts with
    "" unlabelled; and perhaps `class_names`. A .csv file has a header and is UTF-8; its labels are
    the texts as they stand, so that "007" stays "007". In a .parquet file labels keep their type.
    Blank cells, nulls, NaN and the marks NA and null are unlabelled rows.

    Parameters
    ----------
    label_column : str
        Where the labels are. In a .npz file "label" stands for the array `labels`.
    features : str or sequence of str, optional
        Which columns are features, as for `choose_features`; the name of the array in a .npz file.
    labels_required : bool
        Whether a file without labels is refused.

    Raises
    ------
    InputError
        If the file is not as said above; the message is one line with what to do.
    """
    path = check_readable(path, SUFFIXES)
    try:
        if path.suffix.lower() == ".npz":
            table = _from_arrays(path, label_column, features, labels_required)
        else:
            table = _from_columns(path, label_column, features, labels_required)
    except MemoryError as error:
        raise InputError(f"{str(path)!r} is larger than the memory at hand") from error
    if labels_required:
        check_labelled(table)
    return table


def check_labelled(table: FeatureTable) -> None:
    """Raise `InputError` if no row has a label."""
    if not table.labelled.any():
        raise InputError(
            f"no row of {str(table.path)!r} has a label in {table.label_column!r}; at least one "
            f"labelled row of each class is needed"
        )


def _from_columns(
    path: Path, label_column: str, features: str | Sequence[str] | None, labels_required: bool
) -> FeatureTable:
    texts = path.suffix.lower() == ".csv"
    columns = read_csv(path) if texts else read_parquet(path)
    present = label_column in columns.column_names
    if labels_required and not present:
        raise InputError(
            f"{str(path)!r} has no column {label_column!r}; name the one that holds the labels "
            f"with --label-column: {listed(columns.column_names)}"
        )
    where = f"label column {label_column!r} of {str(path)!r}"
    labels = labels_of_column(
        columns[label_column] if present else pa.chunked_array([pa.nulls(len(columns))]), where
    )
    chosen = choose_features(
        columns, label_column if present else None, features, texts=texts, where=repr(str(path))
    )
    return FeatureTable(
        path=path,
        features=chosen.matrix,
        labels=labels,
        feature_names=chosen.names,
        feature_columns=chosen.columns,
        label_column=label_column if present else None,
        carried=columns,
        notes=chosen.notes,
    )


def _from_arrays(
    path: Path, label_column: str, features: str | Sequence[str] | None, labels_required: bool
) -> FeatureTable:
    name = str(path)
    arrays = load_npz(path)
    label_key = label_column
    if label_column == "label" and ("labels" in arrays or "label" not in arrays):
        label_key = "labels"
    feature_key = "features" if features is None else features
    if not isinstance(feature_key, str):
        raise InputError("the features of a .npz file are one array, named by a text")
    if feature_key not in arrays:
        raise InputError(
            f"{name!r} has no array {feature_key!r}; it holds {listed(arrays)}, and --features "
            f"names another"
        )
    x = arrays[feature_key]
    if x.ndim != 2 or x.dtype.kind not in "fiub":
        raise InputError(
            f"array {feature_key!r} of {name!r} must be an (n, d) array of real numbers, not "
            f"{x.dtype} of shape {x.shape}"
        )
    if 0 in x.shape:
        raise InputError(f"array {feature_key!r} of {name!r} is empty: its shape is {x.shape}")
    if label_key not in arrays and labels_required:
        raise InputError(
            f"{name!r} has no array {label_key!r}; it holds {listed(arrays)}, and --label-column "
            f"names another"
        )
    labels = np.full(len(x), -1, dtype=np.int64)
    if label_key in arrays:
        if arrays[label_key].shape != (len(x),):
            raise InputError(
                f"array {label_key!r} of {name!r} must hold a label for each of the {len(x)} rows "
                f"(-1 for none), but its shape is {arrays[label_key].shape}"
            )
        labels = labels_of_array(arrays[label_key], f"the labels {label_key!r} of {name!r}")
    with np.errstate(over="ignore"):  # reported as infinite, with its place
        matrix = np.ascontiguousarray(x, dtype=np.float32)
    names = tuple(f"{feature_key}[{i}]" for i in range(x.shape[1]))
    check_finite(matrix, names, repr(name))
    return FeatureTable(
        path=path,
        features=matrix,
        labels=labels,
        feature_names=names,
        feature_columns=(feature_key,),
        label_column=label_key if label_key in arrays else None,
        carried=arrays,
        class_names=_class_names(arrays, labels, name),
    )


def _class_names(
    arrays: dict[str, np.ndarray], labels: np.ndarray, name: str
) -> tuple[str, ...] | None:
    names = arrays.get("class_names")
    if names is None or labels.dtype == object:
        return None
    if names.ndim != 1 or names.dtype.kind not in "US":
        raise InputError(f"array 'class_names' of {name!r} must be a list of texts")
    for label in (labels.min(), labels.max()):
        if not -1 <= label < len(names):
            raise InputError(
                f"{name!r} has a label {label}, but 'class_names' names {len(names)} classes from 0"
            )
    return tuple(decoded(names).tolist())
