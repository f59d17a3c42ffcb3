"""A table with labels for some rows: read from a file, written with a label for every row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ..errors import InputError, Note
from ..files.atomic import Pathlike, check_readable, check_writable
from ..labels import Labels, Marks, encode_labels, label_notes, no_labels
from .columns import Columns
from .content import Content, Features, RowResult, listed
from .formats import ARRAY_FORMATS, FORMATS, format_of


@dataclass(frozen=True)
class LabelledTable:
    """A table read from a file, with what is needed to write it again.

    Attributes
    ----------
    path : Path
    content : Content
        Everything in the file.
    labels : Labels
    label_key : str or None
        The column, or the array, that holds the labels; None if there is none.
    chosen : Features or None
        None where features are not read, as of the nodes of a graph.
    class_names : tuple of str or None
        Names of the classes 0, 1, ... of a file of arrays.
    notes : what a user should know about how the file was read.
    """

    path: Path
    content: Content = field(repr=False)
    labels: Labels = field(repr=False)
    label_key: str | None
    chosen: Features | None = field(default=None, repr=False)
    class_names: tuple[str, ...] | None = None
    notes: tuple[Note, ...] = ()

    @classmethod
    def read(
        cls,
        path: Pathlike,
        *,
        label_column: str = "label",
        features: str | Sequence[str] | None = None,
        unlabelled: Marks = None,
        labels_required: bool = True,
        fitted_names: Sequence[str] | None = None,
    ) -> LabelledTable:
        """Read features and labels from a file.

        A .npz file holds `features` (n, d) and `labels` (n,), integers or texts, and perhaps
        `class_names`. A .csv file has a header and is UTF-8; its labels are the texts as they
        stand, so that "007" stays "007". In a .parquet file labels keep their type. Which rows are
        unlabelled, `diffresnet.labels` says.

        Parameters
        ----------
        label_column : str
            Where the labels are. In a .npz file "label" stands for the array `labels`.
        features : str or sequence of str, optional
            Which columns are features, as for `choose_features`; in .npz, the array.
        unlabelled : mark or marks of unlabelled rows, optional
        labels_required : bool
            Whether a file without labels is refused.
        fitted_names : names of the features that a model was fitted on, optional
            Where the file has all of these columns they are the features, unless others are named.

        Raises
        ------
        InputError
            If the file is not as said above; the message is one line with what to do.
        """
        path = check_readable(path, FORMATS)
        try:
            content = format_of(path).read(path)
            table = cls.of_labels(path, content, label_column, unlabelled, labels_required)
            if features is None and fitted_names and set(fitted_names) <= set(content.names):
                features = list(fitted_names)
            chosen = content.choose_features(
                features, table.label_key, repr(str(path)), table.labels
            )
        except MemoryError as error:
            raise InputError(f"{str(path)!r} is larger than the memory at hand") from error
        rows = len(chosen.matrix)
        labels = table.labels if table.label_key is not None else no_labels(rows)
        if len(labels) != rows:
            raise InputError(
                f"the labels {table.label_key!r} of {str(path)!r} must be one for each of the "
                f"{rows} rows of features, but there are {len(labels)}",
                "label_column",
            )
        names = content.class_names(labels.classes, repr(str(path)))
        notes = (*chosen.notes, *table.notes)
        return cls(path, content, labels, table.label_key, chosen, names, notes)

    @classmethod
    def of_labels(
        cls,
        path: Path,
        content: Content,
        label_column: str,
        unlabelled: Marks = None,
        labels_required: bool = True,
    ) -> LabelledTable:
        """Read the labels of content, and no features.

        Raises
        ------
        InputError
            If there are no labels where they are required, or they can be misread.
        """
        key = content.label_key(label_column)
        if key is None:
            if labels_required:
                raise InputError(
                    f"{str(path)!r} has no {content.noun} {label_column!r}; name the one that "
                    f"holds the labels: {listed(content.names)}",
                    "label_column",
                )
            return cls(path, content, no_labels(0), None)
        where = f"the labels {key!r} of {str(path)!r}"
        labels = encode_labels(content.label_values(key, where), unlabelled, where)
        if labels_required and not labels.labelled.any():
            raise InputError(
                f"no row of {str(path)!r} has a label in {key!r}; at least one labelled row of "
                f"each class is needed",
                "label_column",
            )
        return cls(path, content, labels, key, notes=tuple(label_notes(labels)))

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def features(self) -> np.ndarray:
        """(n, d) float32, finite."""
        assert self.chosen is not None
        return self.chosen.matrix

    @property
    def feature_names(self) -> tuple[str, ...]:
        """Names of the features."""
        return () if self.chosen is None else self.chosen.names

    @property
    def has_names(self) -> bool:
        """Whether features have names of their own, as columns have, and not numbers alone."""
        return isinstance(self.content, Columns)

    def check_output(self, path: Pathlike) -> Path:
        """Refuse an output early: where it cannot be written, or where user data would be lost.

        Raises
        ------
        InputError
            As `check_writable`; or if the table has columns called confidence or flag, or label
            where that does not hold the labels; or if a column has no form in the format.
        """
        path = check_writable(path, FORMATS)
        output = format_of(path)
        taken = self.content.taken(self.chosen, as_arrays=path.suffix.lower() in ARRAY_FORMATS)
        if self.label_key == "label":
            taken = [name for name in taken if name != "label"]
        if taken:
            raise InputError(
                f"{str(self.path)!r} already has {listed(taken)}, which the output would replace; "
                f"rename {'it' if len(taken) == 1 else 'them'}"
            )
        output.check(self.content, self.chosen)
        return path

    def write(
        self, path: Pathlike, labels: np.ndarray, confidence: np.ndarray, flags: np.ndarray
    ) -> None:
        """Write every row and column with its label, atomically.

        The format is that of the file's name, which need not be that of the table's. A column
        `label` that held the labels is replaced where it stands; label (of the type of the given
        labels), confidence and flag come last otherwise. To columns, a .npz table gives its arrays
        of one number or text a row. To .npz, a table of columns gives `features` (n, d),
        `feature_names` and its other columns as texts; the nodes of a graph give all as texts.

        Parameters
        ----------
        labels : (n,) integers, or objects with None for none
        confidence : (n,) floats, written with four decimals to .csv
        flags : (n,) texts

        Raises
        ------
        InputError
            As `check_output`.
        OSError
            If the file cannot be written; an old file then stands as it was.
        """
        path = self.check_output(path)
        if not len(self) == len(labels) == len(confidence) == len(flags):
            raise InputError("a label, a confidence and a flag are needed for every row")
        result = RowResult(_values(labels), confidence, flags)
        format_of(path).write(path, self.content, self.chosen, self.label_key, result)


def _values(labels: np.ndarray) -> list[int | str | None]:
    """Labels as all int or all str, with None for no label."""
    values = [str(v).lower() if isinstance(v, bool) else v for v in labels.tolist()]
    if all(value is None or isinstance(value, int | float) for value in values):
        return [None if value is None else int(value) for value in values]
    return [None if value is None else str(value) for value in values]
