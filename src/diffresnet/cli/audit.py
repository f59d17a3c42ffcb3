"""diffresnet audit: given labels that are likely wrong."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from ..files.atomic import either
from ..tables.formats import COLUMN_FORMATS
from .command import Outcome, command
from .names import plain
from .options import Argument, Option
from .progress import stages
from .table_options import TableOptions

if TYPE_CHECKING:
    from ..labelling.audit import AuditResult

SHOWN = 20
"""Suspicious labels that are printed."""
WIDTH = 24
"""Letters of a name that are shown."""


@dataclass(frozen=True, kw_only=True)
class AuditOptions(TableOptions):
    """Options of `diffresnet audit`; those of `audit_file`."""

    file: Annotated[Path, Argument(reads=True, folder=True)]
    out: Annotated[
        Path | None,
        Option(
            help="Write every labelled row, the likeliest to be wrong first: "
            f"{either(COLUMN_FORMATS)}.",
            metavar="FILE",
            writes=True,
        ),
    ] = None


@command("audit")
def audit(options: AuditOptions) -> Outcome:
    """Find the given labels of FILE that are likely wrong.

    Each label is judged by models that have not seen it. About 2% of the right labels are expected
    to be called suspicious too. Nothing is changed: correct the file, or let label --relabel
    overrule them.
    """
    from ..labelling.audit import audit_file

    found = audit_file(
        options.file,
        options.out,
        **options.table_settings(),
        device=options.device,
        seed=options.seed,
        progress=stages(options.quiet),
    )
    audited, names = found.audit, found.table.row_names
    written = "" if options.out is None else f"; all are written to {options.out}"
    return Outcome(
        [{**row, **names.record(row["row"])} for row in found.suspects()],
        text=_shown(found),
        notes=found.notes,
        summary=f"{int(audited.suspicious.sum())} of {len(audited)} labels are suspicious; "
        f"about {audited.noise:.0%} seem to be wrong{written}",
        extra={"labels": len(audited), "not_judged": len(found.unjudged), "noise": audited.noise},
    )


def _shown(found: AuditResult) -> str:
    """Return a line for each of the most suspicious labels; nothing where there are none."""
    rows = found.suspects()
    if not rows:
        return ""
    names = found.table.row_names
    lines = [(names.heading, "given", "suggested", "wrong")] + [
        (name, str(row["given"]), str(row["suggested"]), f"{row['probability']:.0%}")
        for name, row in zip(names.of(row["row"] for row in rows[:SHOWN]), rows, strict=False)
    ]
    short = [[*map(_short, line[:3]), line[3]] for line in lines]
    widths = [max(len(line[i]) for line in short) for i in range(4)]
    shown = [
        "  ".join(f"{cell:<{width}}" for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in short
    ]
    if len(rows) > SHOWN:
        shown.append(f"... and {len(rows) - SHOWN} more; --out writes all")
    return "\n".join(shown)


def _short(name: str) -> str:
    """Return a name as it is told from others: by its spaces, and by both ends."""
    name = plain(name)
    half = (WIDTH - 3) // 2
    return name if len(name) <= WIDTH else f"{name[: WIDTH - 3 - half]}...{name[-half:]}"
