"""Which given labels of a file are likely wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from ..errors import Note
from ..files.atomic import Pathlike
from ..labels import Marks
from ..progress import Progress, silent, told_by
from ..tables.content import AUDITED, label_column_of, named_classes
from ..tables.labelled_table import LabelledTable
from .fit import fit_table
from .row_table import own_first, read_for_rows, take_rows, write_columns

if TYPE_CHECKING:
    from ..classify.audit import LabelAudit

ROW, GIVEN, SUGGESTED, PROBABILITY, SUSPICIOUS = AUDITED


@dataclass(frozen=True)
class AuditResult:
    """Given labels of a file, the likeliest to be wrong first.

    Attributes
    ----------
    audit : LabelAudit
        Its row numbers are from 0.
    table : LabelledTable
    """

    audit: LabelAudit
    table: LabelledTable = field(repr=False)

    @property
    def unjudged(self) -> np.ndarray:
        """Labelled rows whose features are zeros alone, of which no other label says anything."""
        return np.setdiff1d(self.table.labels.rows, self.audit.rows)

    @property
    def notes(self) -> tuple[Note, ...]:
        """What a user should know, one line each."""
        count = len(self.unjudged)
        if not count:
            return self.table.notes
        labels = "1 label is" if count == 1 else f"{count} labels are"
        return (
            *self.table.notes,
            Note(f"{labels} of rows whose features are zeros alone, and not judged"),
        )

    def suspects(self) -> list[dict[str, Any]]:
        """Return `LabelAudit.to_rows()`, with classes by their names where the file has them."""
        names = self.table.class_names
        return [
            {**row, **{key: named_classes([row[key]], names)[0] for key in (GIVEN, SUGGESTED)}}
            for row in self.audit.to_rows()
        ]

    def columns(self, typed: bool = False) -> pa.Table:
        """Return all labelled rows: the judgement of each, its number from 1, and its columns.

        Those that cannot be judged come last: no other class is suggested, and the probability is
        blank. Features that stand as text, as in .csv, become numbers where they are typed.
        """
        audit, last = self.audit, self.unjudged
        blank, names = [None] * len(last), self.table.class_names
        rows = np.concatenate([audit.rows, last])
        given = [*audit.given.tolist(), *self.table.labels.values()[last]]
        suggested = [*audit.suggested.tolist(), *blank]
        suspicious = ["yes" if bad else "no" for bad in audit.suspicious.tolist()]
        own = {
            ROW: pa.array(rows + 1),
            GIVEN: label_column_of(named_classes(given, names)),
            SUGGESTED: label_column_of(named_classes(suggested, names)),
            PROBABILITY: pa.array([*audit.probability.round(4).tolist(), *blank], pa.float64()),
            SUSPICIOUS: pa.array([*suspicious, *("no" for _ in last)], pa.string()),
        }
        return own_first(own, self.table, take_rows(self.table, rows, typed=typed))


def audit_file(
    path: Pathlike,
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
) -> AuditResult:
    """Find the given labels of a file that are likely wrong.

    Parameters
    ----------
    path, label_column, labels, id_column, features, text, image, encoder, unlabelled, device, seed
        As of `label_file`.
    out : path, optional
        Where to write all labelled rows, the likeliest to be wrong first: their row number from 1,
        the given and the likeliest other label, the probability that the given one is wrong,
        whether it is suspicious, and the columns of the file. Rows of zeros, and blank texts, are
        not judged: they come last, without a probability.
    progress : Progress

    Raises
    ------
    InputError
        A ValueError with one line that says what is wrong and what to do, as where no label can be
        held out. Nothing is written then.

    Examples
    --------
    >>> audit_file("texts.csv", text="review").audit.suspects  # doctest: +SKIP
    """
    table = read_for_rows(
        path,
        out,
        AUDITED,
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
    )
    with progress(f"auditing {len(table.labels.rows)} labels", None), told_by(progress):
        model = fit_table(table, unlabelled, device, seed, relabel=False).model
        assert model is not None
        found = AuditResult(model.audit(), table)
    if out is not None:
        write_columns(out, found.columns)
    return found
