"""What counts as a label, and what as none, in arrays and in columns of tables."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

import numpy as np
import pyarrow as pa

from .errors import InputError

MISSING = frozenset({"", "nan", "na", "n/a", "#n/a", "<na>", "null"})
"""Texts that stand for a missing value, trimmed and in lower case. "none" may be a class."""

_WHOLE = re.compile(r"[+-]?[0-9]+")


def labelled(labels: np.ndarray) -> np.ndarray:
    """(n,) bool: the rows with a label, given the convention of the kind of array.

    Integers are unlabelled at -1, objects at None.
    """
    if labels.dtype == object:
        return np.array([label is not None for label in labels], dtype=bool)
    return labels != -1


def decoded(names: np.ndarray) -> np.ndarray:
    """Names as texts; bytes are UTF-8, and what is not gets a replacement character."""
    return np.char.decode(names, "utf-8", "replace") if names.dtype.kind == "S" else names


def labels_of_array(values: np.ndarray, where: str) -> np.ndarray:
    """(n,) labels of an .npz file: int64 with -1 unlabelled, or str objects with None.

    Parameters
    ----------
    values : (n,) integers with -1 unlabelled, whole floats with NaN, or text with "" unlabelled
    where : str
        What to call the array in messages.

    Raises
    ------
    InputError
        If the values are of another kind.
    """
    if values.dtype.kind in "biu":
        if values.size and int(values.max()) > np.iinfo(np.int64).max:
            raise InputError(f"{where} hold integers beyond 64 bits; number the classes from 0")
        return values.astype(np.int64)
    if values.dtype.kind == "f":
        values = np.where(np.isnan(values), -1, values)
        if not np.all(np.isfinite(values) & (values == np.rint(values)) & (abs(values) < 2**53)):
            raise InputError(f"{where} hold fractions; a class is a whole number or a text")
        return values.astype(np.int64)
    if values.dtype.kind in "US":
        try:
            texts = np.char.decode(values, "utf-8") if values.dtype.kind == "S" else values
        except UnicodeDecodeError as error:
            raise InputError(f"{where} hold bytes that are not UTF-8 text") from error
        return _objects([None if _is_missing(text) else text for text in texts.tolist()])
    raise InputError(
        f"{where} are of type {values.dtype}; labels are integers (-1 unlabelled) or texts"
    )


def labels_of_column(column: pa.ChunkedArray, where: str) -> np.ndarray:
    """(n,) objects: str or int, None where the row is unlabelled.

    Nulls, NaN, blank texts and the usual marks of a missing value are unlabelled. So is -1 among
    whole numbers, as in .npz files, unless it could be meant as a class. Booleans become "true"
    and "false"; a text stays as it is written.

    Raises
    ------
    InputError
        If the values are fractions or of a type that is no label, or if -1 is ambiguous.
    """
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    kind = column.type
    if pa.types.is_null(kind):
        return _objects([None] * len(column))
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        texts = [None if text is None or _is_missing(text) else text for text in column.to_pylist()]
        names = set(texts) - {None}
        if "-1" in names and all(_WHOLE.fullmatch(str(name)) for name in names):
            numbers = [None if text is None else int(text) for text in texts]
            keep = _without_minus_one(numbers, where)
            texts = [None if keep[i] is None else text for i, text in enumerate(texts)]
        return _objects(texts)
    if pa.types.is_boolean(kind):
        return _objects([None if v is None else str(v).lower() for v in column.to_pylist()])
    if pa.types.is_integer(kind):
        return _objects(_without_minus_one(column.to_pylist(), where))
    if pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return _objects(_without_minus_one([_whole(v, where) for v in column.to_pylist()], where))
    raise InputError(f"{where} is of type {kind}; labels are texts or whole numbers")


def similar_names(labels: np.ndarray) -> list[str]:
    """Notes on classes whose names differ in spaces or case alone, and so may be one."""
    if labels.dtype != object:
        return []
    groups: dict[str, set[str]] = {}
    for name in {label for label in labels.tolist() if isinstance(label, str)}:
        groups.setdefault(" ".join(name.casefold().split()), set()).add(name)
    return [
        f"labels {', '.join(map(repr, sorted(group)))} are taken as {len(group)} classes"
        for _, group in sorted(groups.items())
        if len(group) > 1
    ]


def _without_minus_one(values: list[int | None], where: str) -> list[int | None]:
    counts = Counter(values)
    if -1 not in counts:
        return values
    others = set(counts) - {-1, None}
    if others and (None in counts or others == {1} or min(o for o in others if o is not None) < -1):
        raise InputError(
            f"{where} holds -1, which may be a class or mean unlabelled; leave unlabelled cells "
            f"blank and give the class another name"
        )
    return [None if value == -1 else value for value in values]


def _whole(value: Any, where: str) -> int | None:
    if value is None or value != value:
        return None
    if abs(value) == float("inf") or int(value) != value:
        raise InputError(f"{where} holds {value}; a class is a text or a whole number")
    return int(value)


def _is_missing(text: str) -> bool:
    return text.strip().lower() in MISSING


def _objects(values: list[Any]) -> np.ndarray:
    out = np.empty(len(values), dtype=object)
    out[:] = values
    return out
