"""Which rows have a label, and of which class."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.exceptions import DataConversionWarning

from ..errors import InputError


@dataclass(frozen=True)
class Labels:
    """Labels as class numbers.

    Attributes
    ----------
    classes : (c,) sorted distinct labels, as they were given.
    codes : (n,) int64
        Index into `classes`, -1 for rows without a label.
    """

    classes: np.ndarray
    codes: np.ndarray

    @property
    def rows(self) -> np.ndarray:
        """Rows that have a label."""
        return np.flatnonzero(self.codes >= 0)

    @property
    def counts(self) -> np.ndarray:
        """Labelled rows of each class."""
        return np.bincount(self.codes[self.codes >= 0], minlength=len(self.classes))


def encode_labels(y: Any) -> Labels:
    """Read labels in any of the usual forms.

    Integers and numbers: -1 or NaN is unlabelled. Text: the empty string is. Objects: None, NaN,
    the empty string and -1 are.

    Raises
    ------
    InputError
        Without two labelled classes; where numbers and text are mixed; where numbers are not
        whole.

    Warns
    -----
    UserWarning
        Where the labels are only -1 and +1: with -1 unlabelled one class would be left, so they
        are taken for two classes.
    """
    if hasattr(y, "detach"):
        y = y.detach().cpu().numpy()
    values = np.asarray(y)
    if values.ndim == 2 and values.shape[1] == 1:
        warnings.warn(
            "A column-vector y was passed when a 1d array was expected",
            DataConversionWarning,
            stacklevel=3,
        )
        values = values[:, 0]
    if values.ndim != 1:
        raise InputError(f"labels must be one a row, these are of shape {values.shape}")
    missing = _missing(values)
    if values.dtype.kind in "if" and set(values[~missing]) == {1}:
        missing = _plus_and_minus_one(values)
    known = values[~missing]
    if known.size == 0:
        raise InputError("no row has a label; label at least one row of each of two classes")
    known = _plain(known)
    classes, codes_known = np.unique(known, return_inverse=True)
    if len(classes) == 1:
        raise InputError(
            f"all labels are of one class ({classes[0]!r}); label at least one row of another class"
        )
    codes = np.full(len(values), -1, dtype=np.int64)
    codes[~missing] = codes_known
    return Labels(classes, codes)


def _plus_and_minus_one(values: np.ndarray) -> np.ndarray:
    """What is missing among labels that are only -1 and +1 (or NaN)."""
    if not (values == -1).any():
        return np.isnan(values)
    warnings.warn(
        "the labels are only -1 and +1, so -1 is taken for a class, not for unlabelled rows; "
        "name the classes 0 and 1 if most rows are unlabelled",
        UserWarning,
        stacklevel=4,
    )
    return np.isnan(values) if values.dtype.kind == "f" else np.zeros(len(values), bool)


def _missing(values: np.ndarray) -> np.ndarray:
    kind = values.dtype.kind
    if kind == "f":
        if np.isinf(values).any():
            raise InputError("Input y contains infinity; labels must be classes")
        return np.isnan(values) | (values == -1)
    if kind == "i":
        return values == -1
    if kind in "US":
        return np.char.strip(values) == ("" if kind == "U" else b"")
    if kind in "ub":
        return np.zeros(len(values), bool)
    if kind == "O":
        return np.array([_is_missing(v) for v in values], dtype=bool)
    raise InputError(f"labels of type {values.dtype} are not supported; use integers or text")


def _is_missing(value: Any) -> bool:
    if value is None:
        return True
    if isinstance(value, str):
        return not value.strip()
    if isinstance(value, bool | np.bool_):
        return False
    if isinstance(value, int | float | np.number):
        return bool(value != value or value == -1)
    # pandas.NA and NaT compare to neither True nor False.
    return type(value).__name__ in ("NAType", "NaTType")


def _plain(known: np.ndarray) -> np.ndarray:
    """Known labels as one plain type: text, booleans or whole numbers."""
    if known.dtype.kind == "O":
        kinds = {_kind(v) for v in known}
        if len(kinds) > 1:
            raise InputError(
                f"the labels mix {' and '.join(sorted(kinds))}; make them all of one type"
            )
        kind = kinds.pop()
        if kind == "text":
            return known  # stays of objects, as scikit-learn does
        known = np.array(known.tolist())
    if known.dtype.kind == "f":
        if (known != np.floor(known)).any():
            raise InputError(
                "Unknown label type: continuous. The labels are not whole numbers; "
                "this is a classifier, and regression is out of its scope"
            )
        return known
    return known


def _kind(value: Any) -> str:
    if isinstance(value, str):
        return "text"
    if isinstance(value, bool | np.bool_):
        return "booleans"
    if isinstance(value, int | float | np.number):
        return "numbers"
    raise InputError(
        f"a label of type {type(value).__name__} is not supported; use numbers or text"
    )
