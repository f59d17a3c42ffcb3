"""Named arrays of a file, with features and labels among them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from ..errors import InputError
from ..labels import Labels, decoded
from .content import RESULT, Content, Features, check_finite, listed


@dataclass(frozen=True)
class Arrays(Content):
    """Arrays by name: `features` (n, d), `labels` (n,), perhaps `class_names`, and any others."""

    arrays: dict[str, np.ndarray] = field(repr=False)

    noun = "array"

    @property
    def names(self) -> list[str]:
        return list(self.arrays)

    def count_rows(self) -> int:
        # Names of classes are none of rows.
        arrays = [
            array for key, array in self.arrays.items() if key != "class_names" and array.ndim
        ]
        return max(map(len, arrays), default=0)

    def label_key(self, label_column: str) -> str | None:
        # "label" stands for the array `labels`, unless our own output is read again.
        if label_column == "label" and ("labels" in self.arrays or "label" not in self.arrays):
            label_column = "labels"
        return label_column if label_column in self.arrays else None

    def label_values(self, key: str, where: str) -> np.ndarray:
        values = self.arrays[key]
        if values.ndim != 1:
            raise InputError(
                f"{where} must be one for each row, but they are of shape {values.shape}",
                "label_column",
            )
        return values

    def label_column(self, key: str) -> pa.ChunkedArray | None:
        return None

    def without(self, names: Collection[str]) -> Arrays:
        return Arrays({key: array for key, array in self.arrays.items() if key not in names})

    def choose_features(
        self,
        features: str | Sequence[str] | None,
        label_key: str | None,
        where: str,
        labels: Labels | None = None,
        id_column: str | None = None,
    ) -> Features:
        key = "features" if features is None else features
        if not isinstance(key, str):
            raise InputError(f"the features of {where} are one array, named by a text", "features")
        if key not in self.arrays:
            raise InputError(
                f"{where} has no array {key!r}; name the one that holds the features: "
                f"{listed(self.arrays)}",
                "features",
            )
        x = self.arrays[key]
        if x.ndim != 2 or x.dtype.kind not in "fiub":
            raise InputError(
                f"array {key!r} of {where} must be an (n, d) array of real numbers, not {x.dtype} "
                f"of shape {x.shape}"
            )
        if 0 in x.shape:
            raise InputError(f"array {key!r} of {where} is empty: its shape is {x.shape}")
        with np.errstate(over="ignore"):  # reported as infinite, with its place
            matrix = np.ascontiguousarray(x, dtype=np.float32)
        names = tuple(f"{key}[{i}]" for i in range(x.shape[1]))
        check_finite(matrix, names, where)
        return Features(matrix, names, (key,))

    def class_names(self, labels: np.ndarray, where: str) -> tuple[str, ...] | None:
        names = self.arrays.get("class_names")
        if names is None or labels.dtype.kind not in "iu":
            return None
        if names.ndim != 1 or names.dtype.kind not in "US":
            raise InputError(f"array 'class_names' of {where} must be a list of texts")
        for label in labels[[0, -1]].tolist() if len(labels) else ():
            if not 0 <= label < len(names):
                raise InputError(
                    f"{where} has a label {label}, but 'class_names' names {len(names)} classes "
                    f"from 0"
                )
        return tuple(decoded(names).tolist())

    def schema(self, features: Features | None, *, typed: bool) -> pa.Schema:
        return self._columns(features).schema

    def parts(self, features: Features | None, *, typed: bool) -> Iterator[pa.Table]:
        yield self._columns(features)

    def _columns(self, features: Features | None) -> pa.Table:
        """Return the arrays of one value a row that a column can hold."""
        columns = {}
        rows = len(self.arrays["labels"] if features is None else features.matrix)
        for key, array in self.arrays.items():
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

    def to_arrays(self, features: Features | None) -> dict[str, np.ndarray]:
        return dict(self.arrays)

    def taken(self, features: Features | None, *, as_arrays: bool) -> list[str]:
        return [name for name in self.arrays if name in RESULT]
