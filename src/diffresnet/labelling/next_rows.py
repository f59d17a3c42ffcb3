"""Which rows of a file to label next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from ..errors import InputError, Note
from ..files.atomic import Pathlike
from ..labels import Marks, label_notes
from ..progress import Progress, silent, told_by
from ..tables.labelled_table import LabelledTable
from .fit import fit_table, new_classifier
from .row_table import ROW, own_first, read_for_rows, take_rows, write_columns

RANK = "rank"
OWN = (RANK, ROW)
"""Columns that an output has before those of the file."""


@dataclass(frozen=True)
class NextRows:
    """Rows to label next.

    Attributes
    ----------
    rows : (n,) row numbers from 0, the most useful first.
    table : LabelledTable
        The file that they are of.
    gain : float
        By how many points their labels are expected to raise the mean confidence; NaN where no
        two classes have a label yet.
    """

    rows: np.ndarray
    table: LabelledTable = field(repr=False)
    gain: float = float("nan")

    @property
    def notes(self) -> tuple[Note, ...]:
        """What a user should know, one line each."""
        return self.table.notes

    @property
    def labels_a_point(self) -> float:
        """About how many more labels a point of confidence takes; inf where none is expected."""
        return len(self.rows) / self.gain if self.gain > 0 else float("inf")

    def columns(self, typed: bool = False) -> pa.Table:
        """Return these rows alone: their rank, their number from 1, and their columns.

        Features that stand as text, as in .csv, become numbers where they are typed.
        """
        ranks = {RANK: pa.array(np.arange(1, len(self.rows) + 1)), ROW: pa.array(self.rows + 1)}
        return own_first(ranks, self.table, take_rows(self.table, self.rows, typed=typed))


def next_rows(
    path: Pathlike,
    n: int = 10,
    out: Pathlike | None = None,
    *,
    label_column: str = "label",
    labels: Pathlike | None = None,
    id_column: str | None = None,
    features: str | Sequence[str] | None = None,
    text: str | Sequence[str] | None = None,
    image: str | None = None,
    encoder: str | None = None,
    unlabelled: Marks = None,
    device: str = "auto",
    seed: int = 0,
    progress: Progress = silent,
) -> NextRows:
    """Choose the rows of a file whose labels would help most.

    No label is needed. Where two classes have one, the rows that they leave unsure come first.

    Parameters
    ----------
    path, label_column, labels, id_column, features, text, image, encoder, unlabelled, device, seed
        As of `label_file`.
    n : int
    out : path, optional
        Where to write these rows alone, with their rank and their row number from 1.
    progress : Progress

    Raises
    ------
    InputError
        A ValueError with one line that says what is wrong and what to do. Nothing is written then.

    Examples
    --------
    >>> next_rows("texts.csv", 20, text="review").rows  # doctest: +SKIP
    """
    table = read_for_rows(
        path,
        out,
        OWN,
        label_column=label_column,
        labels=labels,
        id_column=id_column,
        features=features,
        text=text,
        image=image,
        encoder=encoder,
        unlabelled=unlabelled,
        device=device,
        progress=progress,
        labels_required=False,
    )
    if table.labels.labelled.all():
        raise _none_is_left(table)
    with progress(f"choosing from {len(table)} rows", None), told_by(progress):
        if len(table.labels.classes) > 1:
            model = fit_table(table, unlabelled, device, seed, relabel=False).model
            assert model is not None
            rows, gain = model.suggest_with_gain(n)
        else:
            model = new_classifier(table, unlabelled, device, seed)
            rows, gain = model.suggest_with_gain(n, table.features, table.labels.values())
    found = NextRows(rows, table, 100 * gain)
    if out is not None:
        write_columns(out, found.columns)
    return found


def _none_is_left(table: LabelledTable) -> InputError:
    """Return the error that every row has a label, and what marks rows that perhaps have none."""
    marks = [note for note in label_notes(table.labels) if note.parameter == "unlabelled"]
    text = "; ".join(note.message for note in marks)
    return InputError(
        f"every row of {str(table.path)!r} has a label, so that none can be suggested"
        f"{'; ' if marks else ''}{text}",
        marks[0].parameter if marks else None,
    )
