"""Experiments whose pages are written in code: the former way, see `base` for the present one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from markupsafe import escape

from ..pages.section import Section, sections_html
from ..pages.text import Text
from .base import Report, RunConfig, all_rows, csv_files

Setup = RunConfig


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

    def report(self, setup: RunConfig, advance: Callable[[int], Any] | None = None) -> Report:
        """Do every part, and make a page of its sections."""
        parts = self.run(setup, advance)
        sections = [part.section for part in parts.values()]
        lines = tuple(line for part in parts.values() for line in part.finding.splitlines())
        pictures = [p for s in sections for gallery in s.galleries for p in gallery if p.name]
        return Report(
            self.title,
            all_rows(parts),
            csv_files(self.name, parts),
            {name: dict(part.settings) for name, part in parts.items() if part.settings},
            Text(lines, tuple(map(escape, lines)), sections_html(sections)),
            {picture.name: picture.figure for picture in pictures},
        )


rows_of, tables_of = all_rows, csv_files
