"""What a table file holds, whatever its format: columns, or named arrays."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from ..errors import LARGEST, InputError, Note
from ..files.atomic import either
from ..labels import Labels, decoded

if TYPE_CHECKING:
    from .column_roles import ColumnRole

RESULT = ("label", "confidence", "flag")
"""The columns, or arrays, that a labelled table has."""
NOVELTY = "novelty"
"""One more, but of the nodes of a graph: how much a row looks like none of the classes."""
BECAUSE = "because"
"""One more, where it was asked for: the given labels that each label comes from."""
AUDITED = ("row", "given", "suggested", "probability", "suspicious")
"""The columns that audited labels have before those of their file."""
FLAGS = ("given", "predicted", "novel", "unreached", "abstained")
"""What the flag of a row may say of its label."""


@dataclass(frozen=True)
class Features:
    """Features of rows, and where they come from.

    Attributes
    ----------
    matrix : (n, d) float32, finite
    names : of length d
    columns : the columns, or the array, that hold them; a column of lists holds many.
    notes : what a user should know about the choice.
    roles : what each column was taken for, where the columns were not named.
    encoder : what made them of texts or images, "" for numbers of the file.
    """

    matrix: np.ndarray = field(repr=False)
    names: tuple[str, ...] = field(repr=False)
    columns: tuple[str, ...]
    notes: tuple[Note, ...] = ()
    roles: tuple[ColumnRole, ...] = field(default=(), repr=False)
    encoder: str = ""


@dataclass(frozen=True)
class RowResult:
    """What every row of a labelled table gets.

    Attributes
    ----------
    values : (n,) labels, all int or all str, None for no label.
    confidence : (n,)
    flags : (n,) texts
    novelty : (n,) or None where there is none.
    because : (n,) texts or None, where they were asked for.
    """

    values: Sequence[Any]
    confidence: np.ndarray
    flags: np.ndarray
    novelty: np.ndarray | None = None
    because: np.ndarray | None = None

    @classmethod
    def of(
        cls,
        labels: np.ndarray,
        confidence: np.ndarray,
        flags: np.ndarray,
        novelty: np.ndarray | None = None,
        because: np.ndarray | None = None,
    ) -> RowResult:
        """Take labels that are integers, booleans, or objects with None for none."""
        values = [str(v).lower() if isinstance(v, bool) else v for v in labels.tolist()]
        if all(value is None or isinstance(value, int | float) for value in values):
            whole = [None if value is None else int(value) for value in values]
            return cls(whole, confidence, flags, novelty, because)
        names = [None if v is None else str(v) for v in values]
        return cls(names, confidence, flags, novelty, because)

    @property
    def more_names(self) -> tuple[str, ...]:
        """Names of the columns that it has besides `RESULT`."""
        return tuple(
            name
            for name, own in ((NOVELTY, self.novelty), (BECAUSE, self.because))
            if own is not None
        )


class Content(ABC):
    """The content of a table file."""

    noun: str
    """What holds the values of a name: column or array."""

    @property
    @abstractmethod
    def names(self) -> list[str]:
        """Names of the columns, or arrays."""

    @abstractmethod
    def count_rows(self) -> int:
        """Return the number of rows."""

    @abstractmethod
    def label_key(self, label_column: str) -> str | None:
        """Return the name under which the labels are, or None where there are none."""

    @abstractmethod
    def label_values(self, key: str, where: str) -> np.ndarray:
        """Return raw labels (n,), as `encode_labels` takes them."""

    @abstractmethod
    def label_column(self, key: str) -> pa.ChunkedArray | None:
        """Return the column of labels, whose type, and order of categories, an output has too."""

    @abstractmethod
    def without(self, names: Collection[str]) -> Content:
        """Return the content without some of its columns, or arrays."""

    @abstractmethod
    def choose_features(
        self,
        features: str | Sequence[str] | None,
        label_key: str | None,
        where: str,
        labels: Labels | None = None,
        id_column: str | None = None,
    ) -> Features:
        """Choose the features; see `feature_columns.choose_features`."""

    @abstractmethod
    def class_names(self, labels: np.ndarray, where: str) -> tuple[str, ...] | None:
        """Return the names of the classes 0, 1, ... where the content has them."""

    @abstractmethod
    def schema(self, features: Features | None, *, typed: bool) -> pa.Schema:
        """Return names and types of the content as columns, as `parts` gives them."""

    @abstractmethod
    def parts(self, features: Features | None, *, typed: bool) -> Iterator[pa.Table]:
        """Yield the content as columns, some rows at a time, at least one part.

        Typed columns hold features as numbers, not as text.
        """

    @abstractmethod
    def to_arrays(self, features: Features | None) -> dict[str, np.ndarray]:
        """Return the content as named arrays."""

    @abstractmethod
    def taken(self, features: Features | None, *, as_arrays: bool) -> list[str]:
        """Return names that `RESULT`, or the names of features, would replace in an output."""


def earlier_flags(content: Content) -> np.ndarray | None:
    """Return the flags (n,) of a labelled output that is read again; None of any other content.

    A row without a flag, as one that was added, is flagged given where it has a label.

    Raises
    ------
    InputError
        If one flag among others is none of `FLAGS`.
    """
    if not set(RESULT) <= set(content.names):
        return None
    try:
        found = decoded(content.label_values("flag", "the flags")).astype(object)
    except InputError:
        return None
    flags = np.array(["" if v is None or v != v else str(v).strip().lower() for v in found])
    known = np.isin(flags, FLAGS)
    odd = np.flatnonzero(~known & (flags != ""))
    if not known.any() or len(odd) > len(flags) // 2:
        return None
    if len(odd):
        raise InputError(
            f"data row {odd[0] + 1} has the flag {found[odd[0]]!r}; a flag is {either(FLAGS)}, or "
            f"blank"
        )
    return np.where(flags == "", "given", flags)


def earlier_result(content: Content) -> tuple[str, ...]:
    """Return the columns that an earlier output has of us: not those of a user's own."""
    checks = {NOVELTY: _is_novelty, BECAUSE: _is_because}
    more = [name for name, check in checks.items() if _all_cells(content, name, check)]
    return (*RESULT, *more)


def _all_cells(content: Content, name: str, check: Callable[[str], bool]) -> bool:
    """Return whether there is such a column, and every cell of it is blank or passes."""
    if name not in content.names:
        return False
    try:
        found = decoded(content.label_values(name, "an earlier output")).tolist()
    except InputError:
        return False
    return all(v is None or v != v or not str(v) or check(str(v)) for v in found)


def _is_novelty(cell: str) -> bool:
    try:
        return 0.0 <= float(cell) <= 1.0
    except ValueError:
        return False


def _is_because(cell: str) -> bool:
    return cell.endswith("%")


def refuse_replaced(taken: Sequence[str], path: Path) -> None:
    """Raise `InputError` if an output would replace columns, or arrays, of a table."""
    if taken:
        raise InputError(
            f"{str(path)!r} already has {listed(taken)}, which the output would replace; rename "
            f"{'it' if len(taken) == 1 else 'them'}"
        )


def named_classes(labels: Iterable[Any], class_names: Sequence[str] | None) -> list[Any]:
    """Return labels, by the names of the classes 0, 1, ... where there are names."""
    names = dict(enumerate(class_names or ()))
    return [names.get(label, label) for label in labels]


def label_column_of(values: Sequence[Any], like: pa.ChunkedArray | None = None) -> pa.Array:
    """Return labels as a column, of the type of the given labels where that can hold them.

    Categories keep their order; new ones come after them.
    """
    if like is None:
        return pa.array(values)
    if pa.types.is_boolean(like.type):
        values = [None if value is None else value == "true" for value in values]
    for kind in (like.type, pa.int64()):
        try:
            if pa.types.is_dictionary(kind):
                return _categories(values, like)
            return pa.array(values, kind)
        except (pa.ArrowException, TypeError, ValueError, OverflowError):
            continue  # names that the type cannot hold
    return pa.array([None if value is None else str(value) for value in values], pa.string())


def _categories(values: Sequence[Any], like: pa.ChunkedArray) -> pa.Array:
    chunks = like.unify_dictionaries().chunks
    known = chunks[0].dictionary.to_pylist() if chunks else []
    new = dict.fromkeys(v for v in values if v is not None and v not in set(known))
    place = {value: index for index, value in enumerate([*known, *new])}
    indices = pa.array([place.get(value) for value in values], like.type.index_type)
    dictionary = pa.array(list(place), like.type.value_type)
    return pa.DictionaryArray.from_arrays(
        indices, dictionary, ordered=like.type.ordered and not new
    )


def with_result(
    columns: pa.Table,
    label: pa.Array,
    confidence: pa.Array,
    flags: pa.Array,
    more: Mapping[str, pa.Array],
) -> pa.Table:
    """Return columns with label, confidence, flag and more; `label` is replaced in place."""
    if not columns.column_names:
        columns = pa.table({"label": label})
    elif "label" in columns.column_names:
        columns = columns.set_column(columns.column_names.index("label"), "label", label)
    else:
        columns = columns.append_column("label", label)
    columns = columns.append_column("confidence", confidence)
    columns = columns.append_column("flag", flags)
    for name, column in more.items():
        columns = columns.append_column(name, column)
    return columns


def listed(names: Iterable[str], most: int = 12) -> str:
    """Return names as a message has them, shortened when they are many."""
    names = list(names)
    more = f", ... ({len(names)} in all)" if len(names) > most else ""
    return ", ".join(map(repr, names[:most])) + more


def check_finite(matrix: np.ndarray, names: Sequence[str], where: str) -> None:
    """Raise `InputError` that says where the first missing or infinite cell of (n, d) is."""
    counts = np.zeros(matrix.shape[1], dtype=np.int64)
    first = np.full(matrix.shape[1], -1)
    for start in range(0, len(matrix), CHUNK):
        bad = ~(np.abs(matrix[start : start + CHUNK]) <= LARGEST)
        if bad.any():
            counts += bad.sum(axis=0)
            first = np.where((first < 0) & bad.any(axis=0), start + bad.argmax(axis=0), first)
    columns = np.flatnonzero(counts)
    if len(columns):
        at = columns[0]
        others = f" (and so have {len(columns) - 1} more columns)" if len(columns) > 1 else ""
        cells = "cell that is" if counts[at] == 1 else "cells that are"
        raise InputError(
            f"column {names[at]!r} of {where} has {counts[at]} {cells} missing, infinite or beyond "
            f"{LARGEST:.0e}, the first in data row {first[at] + 1}{others}; fill or drop them, or "
            f"choose other features",
            "features",
        )


CHUNK = 65536
"""Rows that are checked at once."""
