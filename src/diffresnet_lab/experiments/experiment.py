"""What every reproduction is: named parts, each a section of the page and the rows behind it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..pages.section import Section


@dataclass(frozen=True)
class Setup:
    """What the user may choose of an experiment.

    Parameters
    ----------
    quick : bool
        Less of everything, to be done within a minute on two cores.
    seed : int
        Of all random choices; 42 is the paper's.
    data : path, optional
        The folder of data sets. What needs one and has none is left out, and says so.
    shards : path, optional
        A folder for what long experiments have finished, so that they go on after a stop.
    """

    quick: bool = False
    seed: int = 42
    data: Path | None = None
    shards: Path | None = None


@dataclass(frozen=True)
class Part:
    """What one part of an experiment has found.

    Parameters
    ----------
    section : Section
        Its words, tables and pictures. Pictures with a name are written as files too.
    rows : list of dicts
        The numbers, as metrics.json and the CSV hold them.
    finding : str
        A sentence with the number that matters most; where it takes several, one a line.
    settings : mapping
        What it was run with.
    runs : list of dicts
        Every single run behind the rows, where there are several to a row: for anyone who wants to
        compare in another way. A CSV of their own holds them.
    """

    section: Section
    rows: list[dict[str, Any]]
    finding: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    runs: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True)
class Experiment:
    """One figure, table or theorem of the paper.

    Parameters
    ----------
    name : str
        What `diffresnet reproduce` calls it.
    parts : name of a part -> the function that does it.
    """

    name: str
    title: str
    parts: Mapping[str, Callable[[Setup], Part]]

    def run(self, setup: Setup, advance: Callable[[int], Any] | None = None) -> dict[str, Part]:
        """Do every part; `advance(1)` is called after each."""
        found = {}
        for name, part in self.parts.items():
            found[name] = part(setup)
            if advance is not None:
                advance(1)
        return found


def rows_of(parts: Mapping[str, Part]) -> list[dict[str, Any]]:
    """All rows of an experiment; where there are several parts, each row says of which it is."""
    if len(parts) == 1:
        return next(iter(parts.values())).rows
    return [{"part": name, **row} for name, part in parts.items() for row in part.rows]


def tables_of(name: str, parts: Mapping[str, Part]) -> dict[str, list[dict[str, Any]]]:
    """Name of a CSV file -> its rows: one file a part that has rows, and one of its runs."""
    tables = {}
    for part, found in parts.items():
        stem = name if len(parts) == 1 else f"{name}_{part}"
        if found.rows or len(parts) == 1:
            tables[stem] = found.rows
        if found.runs:
            tables[f"{stem}_runs"] = found.runs
    return tables
