"""diffresnet next: the rows whose labels would help most."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from math import isnan
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import click

from ..files.atomic import either
from ..tables.formats import COLUMN_FORMATS
from .command import Outcome, command
from .options import Argument, Option
from .progress import stages
from .table_options import TableOptions

if TYPE_CHECKING:
    from ..labelling.next_rows import NextRows

WIDTH = 60
"""Letters of a row that are shown."""

SMALL = 0.05
"""Points of confidence that are not worth a label."""


@dataclass(frozen=True, kw_only=True)
class NextOptions(TableOptions):
    """Options of `diffresnet next`; those of `next_rows`."""

    file: Annotated[Path, Argument(reads=True, folder=True)]
    n: Annotated[
        int,
        Option(help="How many rows.", short="-n", flag="--rows", type=click.IntRange(1)),
    ] = 10
    out: Annotated[
        Path | None,
        Option(
            help=f"Write these rows alone: {either(COLUMN_FORMATS)}.",
            metavar="FILE",
            writes=True,
        ),
    ] = None


@command("next")
def next_command(options: NextOptions) -> Outcome:
    """Choose the rows of FILE whose labels would help most.

    They are typical of many others, differ from each other, and are those that the labels so far
    leave unsure. No row needs a label yet: a good first choice is worth many labels.
    """
    from ..labelling.next_rows import next_rows

    chosen = options.table_settings()
    found = next_rows(
        options.file,
        options.n,
        options.out,
        **chosen,
        device=options.device,
        seed=options.seed,
        progress=stages(options.quiet),
    )
    labelled, names = len(found.table.labels.rows), found.table.row_names
    written = "" if options.out is None else f", written to {options.out}"
    return Outcome(
        [{"rank": i + 1, **names.record(int(row))} for i, row in enumerate(found.rows)],
        text=_shown(found),
        notes=[*found.notes, *_expected(found)],
        extra={} if isnan(found.gain) else {"expected_gain": found.gain},
        summary=f"{len(found.rows)} of {len(found.table)} rows, {labelled} of which have a label"
        f"{written}",
    )


def _expected(found: NextRows) -> list[str]:
    """Return what the labels are expected to bring, so that one knows when to stop."""
    if isnan(found.gain):
        return []
    if found.gain < SMALL:
        return ["these labels are hardly expected to make other rows surer"]
    return [
        f"these labels are expected to raise the mean confidence by {found.gain:.1f} points, "
        f"about {found.labels_a_point:.0f} for each point"
    ]


def _shown(found: NextRows) -> str:
    """Return a line for each row: its name, and the beginning of what is no number in it."""
    from ..labelling.row_table import take_rows

    table = found.table
    columns = take_rows(table, found.rows)
    features = () if table.chosen is None else table.chosen.columns
    said = (*features, table.label_key, table.row_names.column)
    others = [name for name in columns.column_names if name not in said]
    names = table.row_names.of(found.rows.tolist())
    width = max(map(len, [table.row_names.heading, *names]))
    lines = []
    for i, name in enumerate(names):
        cells = (columns[other][i].as_py() for other in others)
        text = ", ".join(str(cell) for cell in cells if cell is not None)
        lines.append(f"{name:>{width}}  {textwrap.shorten(text, WIDTH)}".rstrip())
    return "\n".join([table.row_names.heading, *lines])
