"""A table with labels for some rows: read from a file, written with a label for every row."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pyarrow as pa

from ..errors import InputError, Note
from ..files.atomic import Pathlike, check_writable
from ..files.compressed import ending
from ..labels import Labels, Marks, encode_labels, is_blank, label_notes, no_labels
from .columns import Columns
from .content import (
    Content,
    Features,
    RowResult,
    earlier_flags,
    earlier_result,
    listed,
    refuse_replaced,
)
from .formats import ARRAY_FORMATS, check_format, format_of, read_content
from .row_names import RowNames
from .second_file import SecondFile, read_labels


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
        The column, or the array, of the content that holds the labels; None if there is none.
    like : pyarrow column or None
        The given labels, whose type those of an output have.
    chosen : Features or None
        None where features are not read, as of the nodes of a graph.
    class_names : tuple of str or None
        Names of the classes 0, 1, ... of a file of arrays.
    notes : what a user should know about how the file was read.
    row_names : RowNames
    """

    path: Path
    content: Content = field(repr=False)
    labels: Labels = field(repr=False)
    label_key: str | None
    like: pa.ChunkedArray | None = field(default=None, repr=False)
    chosen: Features | None = field(default=None, repr=False)
    class_names: tuple[str, ...] | None = None
    notes: tuple[Note, ...] = ()
    row_names: RowNames = field(default=RowNames(), repr=False)

    @classmethod
    def read(
        cls,
        path: Pathlike,
        *,
        content: Content | None = None,
        label_column: str = "label",
        labels: Pathlike | None = None,
        id_column: str | None = None,
        skip_unknown: bool = False,
        features: str | Sequence[str] | None = None,
        unlabelled: Marks = None,
        labels_required: bool = True,
        known: Labels | None = None,
        fitted_names: Sequence[str] | None = None,
        encode: Callable[[Content, Path, str | None], Features] | None = None,
    ) -> LabelledTable:
        """Read features and labels from a file.

        A .npz file holds `features` (n, d) and `labels` (n,), integers or texts, and perhaps
        `class_names`; a .npy file holds the features alone. A .csv file has a header and is UTF-8;
        its labels are the texts as they stand, so that "007" stays "007". In a .parquet file labels
        keep their type. Which rows are unlabelled, `diffresnet.labels` says. An output of ours
        that is read again has the labels that are flagged given.

        Parameters
        ----------
        content : Content, optional
            What the file holds, where it has been read already.
        label_column : str
            Where the labels are. In a .npz file "label" stands for the array `labels`.
        labels : path, optional
            A second file, which holds the labels; see `second_file.read_labels`.
        id_column : str, optional
            The column that names the rows, and by which rows of the second file belong to them.
        skip_unknown : bool
            Leave out labels of the second file that belong to no row.
        features : str or sequence of str, optional
            Which columns are features, as for `choose_features`; in .npz, the array.
        unlabelled : mark or marks of unlabelled rows, optional
        labels_required : bool
            Whether a file without labels is refused; one without a column that is named always is.
        known : Labels, optional
            Of the rows, where they are known already; the file is then not asked what they are.
        fitted_names : names of the features that a model was fitted on, optional
            Where the file has all of these columns they are the features, unless others are named.
        encode : function of the content, its path and the column of labels, optional
            Makes the features of texts or images; nothing else is then a feature.

        Raises
        ------
        InputError
            If the file is not as said above; the message is one line with what to do.
        """
        path = Path(path)
        try:
            content = read_content(path) if content is None else content
            row_names = RowNames.read(content, id_column, path)
            if known is not None:
                key = content.label_key(label_column)
                like = None if key is None else content.label_column(key)
                table = cls(path, content, known, key, like)
            elif labels is None:
                table = cls.of_labels(path, content, label_column, unlabelled, labels_required)
            else:
                found = read_labels(labels, path, content, label_column, id_column, skip_unknown)
                own = cls.of_labels(path, content, label_column, unlabelled, labels_required=False)
                table = own.with_labels(found, unlabelled)
            content = table.content
            if encode is not None:
                chosen = encode(content, path, table.label_key)
            else:
                if features is None and fitted_names and set(fitted_names) <= set(content.names):
                    features = list(fitted_names)
                chosen = content.choose_features(
                    features, table.label_key, repr(str(path)), table.labels, id_column
                )
        except MemoryError as error:
            raise InputError(f"{str(path)!r} is larger than the memory at hand") from error
        rows = len(chosen.matrix)
        given = no_labels(rows) if len(table.labels) == 0 else table.labels
        if len(given) != rows:
            raise InputError(
                f"the labels {table.label_key!r} of {str(path)!r} must be one for each of the "
                f"{rows} rows of features, but there are {len(given)}",
                "label_column",
            )
        if table.label_key is None and labels is None and label_column != "label":
            raise InputError(
                f"{str(path)!r} has no labels {label_column!r}; leave the name out where no row "
                f"has a label",
                "label_column",
            )
        names = content.class_names(given.classes, repr(str(path)))
        notes = (*chosen.notes, *table.notes)
        return replace(
            table,
            labels=given,
            chosen=chosen,
            class_names=names,
            notes=notes,
            row_names=row_names,
        )

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
            if labels_required and content.names == ["features"]:
                raise InputError(
                    f"{str(path)!r} holds features and no labels; name a second file that has them",
                    "labels",
                )
            if labels_required:
                close = difflib.get_close_matches(
                    label_column.strip().lower(), [name.strip().lower() for name in content.names]
                )
                near = [name for name in content.names if name.strip().lower() in close]
                others = [name for name in content.names if name not in near]
                raise InputError(
                    f"{str(path)!r} has no {content.noun} {label_column!r}; name the one that "
                    f"holds the labels: {listed([*near, *others])}",
                    "label_column",
                )
            content, _ = _without_earlier_result(content, key)
            return cls(path, content, no_labels(0), None)
        where = f"the labels {key!r} of {str(path)!r}"
        values = content.label_values(key, where)
        own, flags = _without_earlier_result(content, key)
        if flags is not None:
            values = _given_in_output(values, content, key, flags == "given")
        content = own
        labels = encode_labels(values, unlabelled, where)
        notes, hint = [], ""
        if flags is not None:
            hint = "; all that it has were predicted, as its column 'flag' says"
            notes.append(
                Note(
                    f"{str(path)!r} is an earlier output: labels flagged given are kept, and "
                    f"{int((~labels.labelled).sum())} rows are labelled again"
                )
            )
        if labels_required and not labels.labelled.any():
            raise InputError(
                f"no row of {str(path)!r} has a label in {key!r}{hint}; at least one labelled row "
                f"of each class is needed",
                "label_column",
            )
        notes += label_notes(labels)
        return cls(path, content, labels, key, content.label_column(key), notes=tuple(notes))

    def with_labels(self, found: SecondFile, unlabelled: Marks = None) -> LabelledTable:
        """Add labels that a second file holds for the rows; where both have one, it stands.

        Raises
        ------
        InputError
            If no row has a label, or the labels can be misread.
        """
        labels, notes = encode_labels(found.values, unlabelled, found.where), list(found.notes)
        own, like = self.labels, found.column
        if own.labelled.any():
            both = own.labelled & labels.labelled
            merged = np.where(labels.labelled, labels.values(), own.values())
            changed = int((merged[both].astype(str) != own.values()[both].astype(str)).sum())
            labels, like = encode_labels(merged, "", "the labels of both files"), self.like
            notes.append(
                Note(
                    f"{str(self.path)!r} has {int(own.labelled.sum())} labels of its own, "
                    f"{changed} of which the second file changes"
                )
            )
        if not labels.labelled.any():
            raise InputError(f"no row has a label in {found.where}", "labels")
        notes = [*self.notes, *notes, *label_notes(labels)]
        return replace(self, labels=labels, like=like, notes=tuple(dict.fromkeys(notes)))

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
        """Whether features have names of their own, as columns of numbers have."""
        encoded = self.chosen is not None and self.chosen.encoder
        return isinstance(self.content, Columns) and not encoded

    def check_output(self, path: Pathlike, more: Sequence[str] = ()) -> Path:
        """Refuse an output early: where it cannot be written, or where user data would be lost.

        Parameters
        ----------
        more : names of the columns that it will have besides `RESULT`.

        Raises
        ------
        InputError
            As `check_writable`; or if the table has columns called confidence or flag, or label
            where that does not hold the labels; or if a column has no form in the format.
        """
        path = check_writable(check_format(path))
        self.check_names(more, as_arrays=ending(path) in ARRAY_FORMATS)
        format_of(path).check(self.content, self.chosen)
        return path

    def check_names(self, more: Sequence[str] = (), *, as_arrays: bool = False) -> None:
        """Raise `InputError` if an output would replace columns, or arrays, of the table."""
        taken = self.content.taken(self.chosen, as_arrays=as_arrays)
        if self.label_key == "label":
            taken = [name for name in taken if name != "label"]
        taken = [*taken, *(name for name in more if name in self.content.names)]
        refuse_replaced(taken, self.path)

    def write(
        self,
        path: Pathlike,
        labels: np.ndarray,
        confidence: np.ndarray,
        flags: np.ndarray,
        novelty: np.ndarray | None = None,
        because: np.ndarray | None = None,
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
        novelty : (n,) floats or None, optional
            One more column, written as the confidence is.
        because : (n,) texts or None, optional
            One more column, of the given labels that each label comes from.

        Raises
        ------
        InputError
            As `check_output`.
        OSError
            If the file cannot be written; an old file then stands as it was.
        """
        result = RowResult.of(labels, confidence, flags, novelty, because)
        path = self.check_output(path, result.more_names)
        if not len(self) == len(labels) == len(confidence) == len(flags):
            raise InputError("a label, a confidence and a flag are needed for every row")
        format_of(path).write(path, self.content, self.chosen, self.like, result)


def _given_in_output(
    values: np.ndarray, content: Content, key: str, given: np.ndarray
) -> np.ndarray:
    """Return labels of an earlier output: those flagged given, as they stand in its `label`.

    In a column of another name the others stay too: they are the user's own.
    """
    values = values.astype(object)
    if key == "label":
        values[~given] = None
        return values
    written = content.label_values("label", "the labels of an earlier output").tolist()
    for row in np.flatnonzero(given):
        if not is_blank(written[row]):
            values[row] = written[row]
    return values


def _without_earlier_result(content: Content, key: str | None) -> tuple[Content, np.ndarray | None]:
    """Return content without the result of an earlier output, and the flags where it is one."""
    flags = earlier_flags(content)
    if flags is not None:
        content = content.without([name for name in earlier_result(content) if name != key])
    return content, flags
