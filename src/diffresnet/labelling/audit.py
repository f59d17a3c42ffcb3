"""Which given labels of a file are likely wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pyarrow as pa

from ..errors import Note
from ..files.atomic import Pathlike
from ..labels import Marks
from ..tables.content import label_column_of
from ..tables.labelled_table import LabelledTable
from .fit import fit_table
from .progress import Progress, silent
from .row_table import read_for_rows, take_rows, write_columns

if TYPE_CHECKING:
    from ..classify.audit import LabelAudit

ROW, GIVEN, SUGGESTED, PROBABILITY, SUSPICIOUS = (
    "row",
    "given",
    "suggested",
    "probability",
    "suspicious",
)
"""Columns that an output has before those of the file."""


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
    def notes(self) -> tuple[Note, ...]:
        """What a user should know, one line each."""
        return self.table.notes

    def columns(self) -> pa.Table:
        """Return all labelled rows: the judgement of each, its number from 1, and its columns."""
        audit, found = self.audit, take_rows(self.table, self.audit.rows)
        own = {
            ROW: pa.array(audit.rows + 1),
            GIVEN: label_column_of(audit.given.tolist()),
            SUGGESTED: label_column_of(audit.suggested.tolist()),
            PROBABILITY: pa.array(audit.probability.round(4)),
            SUSPICIOUS: pa.array(["yes" if bad else "no" for bad in audit.suspicious.tolist()]),
        }
        kept = [name for name in found.column_names if name not in own]
        return pa.table({**own, **{name: found[name] for name in kept}})


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
        whether it is suspicious, and the columns of the file.
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
    with progress(f"auditing {len(table.labels.rows)} labels", None):
        model = fit_table(table, unlabelled, device, seed, relabel=False).model
        assert model is not None
        found = AuditResult(model.audit(), table)
    if out is not None:
        write_columns(out, found.columns())
    return found
