"""Which rows have a label, and of which class: the one law of files, estimators and graphs.

A row is unlabelled where its label is blank, None or NaN, and where it is -1 in labels that are
numbers throughout. Any other mark, such as "NA" or "unknown", is a class unless `unlabelled` names
it; then blank rows and the named marks are unlabelled, and nothing else.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Int

from .errors import InputError, Note

Marks = str | float | Iterable[str | float] | None
"""A mark of unlabelled rows, several of them, or None for the law above."""

SUSPECTED = frozenset(
    {"-", "-1", "?", "#n/a", "<na>", "missing", "n/a", "na", "nan", "nil", "none", "null", "tbd"}
    | {"todo", "undefined", "unknown", "unlabeled", "unlabelled", "unset"}
)
"""Classes that may be meant as marks of unlabelled rows, in lower case."""

_WHOLE = re.compile(r"([+-]?[0-9]+)(\.0*)?")


@dataclass(frozen=True)
class Labels:
    """Labels as class numbers.

    Attributes
    ----------
    classes : (c,) sorted distinct labels: numbers, booleans, or objects of str.
    codes : (n,) int64
        Index into `classes`, -1 for rows without a label.
    idle_marks : marks that were named and stand on no row.
    marks_named : whether marks were named, so that no class is suspected to be one.
    """

    classes: np.ndarray
    codes: Int[np.ndarray, " n"]
    idle_marks: tuple[str, ...] = ()
    marks_named: bool = False

    def __len__(self) -> int:
        return len(self.codes)

    @property
    def labelled(self) -> np.ndarray:
        """(n,) bool: rows that have a label."""
        return self.codes >= 0

    @property
    def rows(self) -> np.ndarray:
        """Rows that have a label."""
        return np.flatnonzero(self.labelled)

    @property
    def counts(self) -> np.ndarray:
        """Labelled rows of each class."""
        return np.bincount(self.codes[self.labelled], minlength=len(self.classes))

    @property
    def names(self) -> tuple[str, ...]:
        """Classes as texts; whole numbers without a decimal point."""
        return tuple(
            str(int(value) if isinstance(value, float) else value)
            for value in self.classes.tolist()
        )

    def values(self) -> np.ndarray:
        """(n,) labels as objects, None where there is none."""
        values = np.full(len(self), None, dtype=object)
        values[self.labelled] = self.classes[self.codes[self.labelled]].tolist()
        return values

    def subset(self, rows: np.ndarray) -> Labels:
        """Return the labels of some rows, with the classes that are left."""
        codes = self.codes[rows]
        present = np.unique(codes[codes >= 0])
        renumbered = np.where(codes >= 0, np.searchsorted(present, codes), -1)
        return Labels(self.classes[present], renumbered)

    def require_classes(self, where: str = "the labels") -> None:
        """Raise `InputError` unless two classes have a label each."""
        if len(self.classes) == 0:
            raise InputError(
                f"no row has a label{'' if where == 'the labels' else f' in {where}'}; at least "
                f"one labelled row of each of two classes is needed",
                "label_column" if where != "the labels" else None,
            )
        if len(self.classes) == 1:
            raise InputError(
                f"{where} are of one class ({self.names[0]!r}); label at least one row of "
                f"another class"
            )


def no_labels(rows: int) -> Labels:
    """Return the labels of rows of which none has one."""
    return Labels(np.empty(0, dtype=object), np.full(rows, -1))


def encode_labels(
    y: Any, unlabelled: Marks = None, where: str = "the labels", *, binary: bool = False
) -> Labels:
    """Encode labels as class numbers, by the law of this module.

    Parameters
    ----------
    y : (n,) array, list, Series or tensor of numbers, booleans, texts, or objects of these.
        Numbers are whole; integers beside missing values stay integers. In texts that are whole
        numbers throughout, "3.0" is "3".
    unlabelled : mark or marks of unlabelled rows, optional
    where : str
        What to call the labels in messages.
    binary : bool
        Take -1 and +1, where there is nothing else, for two classes, with a warning. They are
        refused otherwise.

    Raises
    ------
    InputError
        Where -1 may be a class as well as a mark, numbers are not whole, or types are mixed.

    Examples
    --------
    >>> encode_labels(["cat", "", "NA", "dog"]).codes.tolist()
    [1, -1, 0, 2]
    >>> encode_labels(["cat", "", "NA", "dog"], unlabelled="NA").codes.tolist()
    [0, -1, -1, 1]
    """
    values = _one_dimensional(y, where)
    known = ~_blank(values, where)
    marks = _Marks.of(unlabelled)
    idle: tuple[str, ...] = ()
    if marks is not None:
        marked = marks.match(values[known])
        idle = marks.idle(values[known][marked])
        known[known] = ~marked
    present = values[known]
    kind = _kind(present, where)
    numbers = _whole_numbers(present, kind)
    if marks is None and numbers is not None and (numbers == -1).any():
        if binary and known.all() and set(numbers.tolist()) == {-1, 1}:
            warnings.warn(
                f"{where} are only -1 and +1, so -1 is taken for a class, not for unlabelled rows; "
                f"unlabelled=-1 if it marks those, unlabelled='' if it does not",
                UserWarning,
                stacklevel=3,
            )
        else:
            _refuse_ambiguous(numbers, bool(known.all()), where)
            known[known] = numbers != -1
    present = values[known]
    if kind == "numbers":
        _require_64_bits(present, where)
    if kind == "text":
        texts = [str(value) for value in present.tolist()]
        if numbers is not None:
            texts = [_WHOLE.fullmatch(text.strip())[1] for text in texts]  # type: ignore[index]
        present = np.array(texts, dtype=object if values.dtype.kind == "O" else np.str_)
    elif values.dtype.kind == "O":
        present = np.array(present.tolist(), dtype=bool if kind == "booleans" else None)
    if kind == "numbers":
        _require_whole(present, where)
    classes, codes_present = np.unique(present, return_inverse=True)
    codes = np.full(len(values), -1, dtype=np.int64)
    codes[known] = codes_present
    return Labels(classes, codes, idle, marks is not None)


def marks_beside(classes: np.ndarray, unlabelled: Marks = None) -> Marks:
    """Return the marks by which more labels are to be read, where `classes` are known already.

    Without named marks -1 is one beside classes that are numbers throughout, none of them -1.
    """
    if unlabelled is not None:
        return unlabelled
    numbers = _whole_numbers(classes, _kind(classes, "the classes"))
    return "" if numbers is None or (numbers == -1).any() else -1


def hide_marked(
    codes: Int[np.ndarray, " n"], unlabelled: Marks, names: Sequence[str] | None = None
) -> Int[np.ndarray, " n"]:
    """Return class numbers with -1 also where the class, by its name if it has one, is a mark."""
    marks = _Marks.of(unlabelled)
    if marks is None:
        return codes
    classes = np.unique(codes[codes >= 0])
    called = classes if names is None else np.array([names[c] for c in classes], dtype=object)
    return np.where(np.isin(codes, classes[marks.match(called)]), -1, codes)


def label_notes(labels: Labels) -> list[Note]:
    """Return notes on marks that stand nowhere, classes that may be marks, and alike names."""
    notes = [
        Note(f"no row is marked {mark!r}; marks are compared letter by letter", "unlabelled")
        for mark in labels.idle_marks
    ]
    for name, count in zip(labels.names, labels.counts.tolist(), strict=True):
        if name.strip().lower() in SUSPECTED and not labels.marks_named:
            notes.append(
                Note(
                    f"{name!r} stands on {count} of {len(labels)} rows and is taken as a class; if "
                    f"it marks unlabelled rows, name it",
                    "unlabelled",
                )
            )
    groups: dict[str, set[str]] = {}
    for name in labels.names:
        groups.setdefault(" ".join(name.casefold().split()), set()).add(name)
    notes += [
        Note(f"labels {', '.join(map(repr, sorted(group)))} are taken as {len(group)} classes")
        for _, group in sorted(groups.items())
        if len(group) > 1
    ]
    return notes


def class_numbers(values: np.ndarray, where: str) -> Int[np.ndarray, " n"]:
    """Check labels of a format that numbers its classes from 0, with -1 for no label.

    Raises
    ------
    InputError
        If they are no integers, or below -1.
    """
    if values.ndim != 1 or values.dtype.kind not in "iu":
        raise InputError(
            f"{where} must be integers, one for each, not {values.dtype} of shape {values.shape}; "
            f"number the classes from 0"
        )
    if values.size and (values.min() < -1 or values.max() > np.iinfo(np.int64).max):
        raise InputError(f"{where} must be -1 (unlabelled) or classes from 0 on")
    return values.astype(np.int64)


def decoded(names: np.ndarray) -> np.ndarray:
    """Return names as texts; bytes are UTF-8, and what is not gets a replacement character."""
    return np.char.decode(names, "utf-8", "replace") if names.dtype.kind == "S" else names


def _one_dimensional(y: Any, where: str) -> np.ndarray:
    if hasattr(y, "detach"):
        y = y.detach().cpu()
        y = (y.double() if y.is_floating_point() else y).numpy()
    if len(getattr(y, "columns", ())) == 1:
        _warn_of_column()
        (column,) = y.columns  # the name of one, in a pyarrow table the column itself
        y = column if hasattr(column, "null_count") else y[column]
    if not hasattr(y, "columns"):
        y = _with_gaps(y)
    if isinstance(y, np.ma.MaskedArray):
        masked, y = np.ma.getmaskarray(y), np.asarray(y.data, dtype=object).copy()
        y[masked] = None
    # Of a list NumPy would make one type: text of NaN and -1, and numbers of True.
    values = np.asarray(y, dtype=object if isinstance(y, list | tuple) else None)
    if values.ndim == 2 and values.shape[1] == 1:
        _warn_of_column()
        values = values[:, 0]
    if values.ndim != 1:
        raise InputError(f"labels must be one a row, these are of shape {values.shape}")
    listed = values.tolist() if values.dtype.kind in "OS" else []
    if any(isinstance(value, bytes) for value in listed):
        try:
            values = np.array([_decoded(value) for value in listed], dtype=object)
        except UnicodeDecodeError as error:
            raise InputError(f"{where} hold bytes that are not UTF-8 text") from error
    return values


def _warn_of_column() -> None:
    from sklearn.exceptions import DataConversionWarning  # large, and seldom needed

    warnings.warn(
        "A column-vector y was passed when a 1d array was expected",
        DataConversionWarning,
        stacklevel=5,
    )


def _with_gaps(y: Any) -> Any:
    """Return a column with missing values as objects: as an array its integers become floats."""
    library = type(y).__module__.partition(".")[0]
    if library == "pandas" and type(y.dtype).__module__.startswith("pandas"):
        if y.dtype.name != "category":
            return y.to_numpy(dtype=object)
        categorical = getattr(y, "cat", y)
        categories = categorical.categories.to_numpy(dtype=object)
        # -1, the code of what is missing, is the last place.
        return np.append(categories, np.array([None], dtype=object))[categorical.codes]
    if library == "pyarrow" and y.null_count:
        return y.to_pylist()
    if library == "polars" and y.null_count():
        return y.to_list()
    return y


def _blank(values: np.ndarray, where: str) -> np.ndarray:
    """(n,) bool: None, NaN and blank texts."""
    kind = values.dtype.kind
    if kind == "f":
        return np.isnan(values)
    if kind == "U":
        return np.asarray(np.char.strip(values) == "")
    if kind in "iub":
        return np.zeros(len(values), dtype=bool)
    if kind == "O":
        return np.array([is_blank(value) for value in values.tolist()], dtype=bool)
    raise InputError(
        f"{where} are of type {values.dtype}, which is not supported; use whole numbers or text"
    )


def is_blank(value: Any) -> bool:
    """Return whether a label is none: None, NaN, a missing value of pandas, or a blank text."""
    if isinstance(value, str):
        return not value.strip()
    if value is None:
        return True
    if isinstance(value, float | np.floating):
        return bool(value != value)
    # pandas.NA and NaT compare to neither True nor False.
    return type(value).__name__ in ("NAType", "NaTType")


def _kind(present: np.ndarray, where: str) -> str:
    """Return the one kind of labels that there is: text, booleans or numbers."""
    if present.dtype.kind != "O":
        return {"U": "text", "b": "booleans"}.get(present.dtype.kind, "numbers")
    kinds = {_kind_of(value, where) for value in present.tolist()}
    if len(kinds) > 1:
        if kinds == {"numbers", "text"} and {
            value for value in present.tolist() if not isinstance(value, str)
        } == {-1}:
            raise InputError(
                f"{where} mix text and the number -1; if that marks unlabelled rows, name it",
                "unlabelled",
            )
        raise InputError(f"{where} mix {' and '.join(sorted(kinds))}; make them of one type")
    return kinds.pop() if kinds else "text"


def _kind_of(value: Any, where: str) -> str:
    if isinstance(value, str):
        return "text"
    if isinstance(value, bool | np.bool_):
        return "booleans"
    if isinstance(value, int | float | np.number):
        return "numbers"
    raise InputError(
        f"{where} hold a {type(value).__name__}, which is not supported; use whole numbers or text"
    )


def _whole_numbers(present: np.ndarray, kind: str) -> np.ndarray | None:
    """Return labels as numbers, where all are; texts only where all are whole numbers."""
    if kind == "text":
        matches = [_WHOLE.fullmatch(str(value).strip()) for value in present.tolist()]
        if not all(matches):
            return None
        return np.array([float(match[1]) for match in matches if match])
    return np.array(present.tolist()) if kind == "numbers" else None


def _refuse_ambiguous(numbers: np.ndarray, no_blank: bool, where: str) -> None:
    """Refuse -1 where it may be a class: beside blanks, +1 alone, or lower numbers."""
    others = numbers[numbers != -1]
    if others.size and (not no_blank or set(others.tolist()) == {1} or others.min() < -1):
        raise InputError(
            f"{where} hold -1, which may be a class or mark unlabelled rows; name the mark: -1, "
            f"or an empty text where -1 is a class",
            "unlabelled",
        )


def _decoded(value: Any) -> Any:
    return value.decode("utf-8") if isinstance(value, bytes) else value


@dataclass(frozen=True)
class _Marks:
    """Marks of unlabelled rows, as `_mark` has them."""

    named: frozenset[str | int]

    @classmethod
    def of(cls, unlabelled: Marks) -> _Marks | None:
        """Return the marks that were named; None where nothing was."""
        if unlabelled is None:
            return None
        alone = isinstance(unlabelled, str | int | float | np.generic)
        named = [unlabelled] if alone else list(unlabelled)  # type: ignore[arg-type]
        # Blanks are unlabelled anyway; None is no text "None".
        return cls(frozenset(_mark(mark) for mark in named if not is_blank(mark)))

    def match(self, present: np.ndarray) -> np.ndarray:
        """(k,) bool: which labels are among the marks."""
        return np.array([_mark(value) in self.named for value in present.tolist()], dtype=bool)

    def idle(self, marked: np.ndarray) -> tuple[str, ...]:
        """Return marks that are not among those that were found."""
        return tuple(sorted(map(str, self.named - set(map(_mark, marked.tolist())))))


def _mark(value: Any) -> str | int:
    """Return a label as marks are compared: 3, 3.0, "3" and "3.0" are one, True is "true"."""
    if isinstance(value, bool | np.bool_):
        return str(value).lower()
    text = str(value).strip()
    whole = _WHOLE.fullmatch(text)
    return int(whole[1]) if whole else text


def _require_64_bits(present: np.ndarray, where: str) -> None:
    """Refuse integers beyond int64; in an array of objects before NumPy rounds them to floats."""
    if present.dtype.kind == "O":
        whole = [int(value) for value in present.tolist() if isinstance(value, int | np.integer)]
        least, most = min(whole, default=0), max(whole, default=0)
    elif present.dtype.kind == "u" and present.size:
        least, most = 0, int(present.max())
    else:
        return
    if least < -(2**63) or most >= 2**63:
        raise InputError(f"{where} hold integers beyond 64 bits; number the classes from 0")


def _require_whole(present: np.ndarray, where: str) -> None:
    if present.dtype.kind != "f":
        return
    if np.isinf(present).any():
        raise InputError(f"{where} hold infinity; a class is a whole number or a text")
    fractions = present[present != np.floor(present)]
    if fractions.size:
        raise InputError(
            f"Unknown label type: continuous. {where} hold {fractions[0]}, which is no whole "
            f"number; this is a classifier, and regression is out of its scope"
        )
