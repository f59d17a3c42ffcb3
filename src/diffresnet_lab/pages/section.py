"""Sections as objects: the former way to write a page, for what has no text template yet.

A new page is a `text.md.j2` with tables of `table` and figures of `plots`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from markupsafe import Markup, escape
from matplotlib.figure import Figure

from . import table as new
from .page import render_page
from .text import card_html, figure_html, section_html, table_html, unbroken


@dataclass(frozen=True)
class Picture:
    """A figure, and its words.

    Parameters
    ----------
    alt : str
        What it shows, for those who cannot see it.
    caption : str
        Written below it, where it stays readable however small the picture gets.
    name : str
        Under which it is written as a file, without suffix; not written if empty.
    """

    figure: Figure
    alt: str
    caption: str = ""
    name: str = ""


@dataclass(frozen=True)
class Cell:
    """One entry of a table.

    Parameters
    ----------
    value : str
    spread : str
        What follows in smaller type, such as "± 1.2".
    best : bool
        Whether it is printed bold.
    loss : bool
        Whether it is marked as a number that speaks against what the page is about.
    """

    value: str
    spread: str = ""
    best: bool = False
    loss: bool = False


@dataclass(frozen=True)
class Table:
    """A table whose first column names the rows.

    Parameters
    ----------
    header : one more than the cells of a row.
    rows : name and cells of each.
    note : str
        Written below it.
    """

    caption: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, tuple[Cell, ...]], ...]
    note: str = ""


@dataclass(frozen=True)
class Section:
    """A heading and what stands below it: text, pictures, tables, a link.

    Parameters
    ----------
    text : paragraphs, as plain text.
    tables : tables
    galleries : rows of pictures that stand side by side where there is room.
    link : address and words of a link at its end, to a page beside this one.
    """

    title: str
    text: tuple[str, ...] = ()
    tables: tuple[Table, ...] = ()
    galleries: tuple[tuple[Picture, ...], ...] = ()
    link: tuple[str, str] | None = None


def best_cells(values: Sequence[float], cells: Sequence[Cell], digits: int = 1) -> tuple[Cell, ...]:
    """The cells of one column, with the largest value, and what prints alike, marked best."""
    printed = [round(value, digits) for value in values]
    return tuple(
        replace(cell, best=value == max(printed))
        for value, cell in zip(printed, cells, strict=True)
    )


def render(
    sections: Sequence[Section],
    *,
    title: str,
    lead: str | Sequence[str],
    settings: Mapping[str, Any],
    environment: Mapping[str, Any],
    seconds: float,
    command: str = "",
    kept_runs: bool = False,
) -> str:
    """Return a page of sections; see `render_page`."""
    return render_page(
        title=title,
        lead=[lead] if isinstance(lead, str) else list(lead),
        body=sections_html(sections),
        settings=settings,
        environment=environment,
        seconds=seconds,
        command=command,
        kept_runs=kept_runs,
    )


def sections_html(sections: Sequence[Section]) -> Markup:
    """Return sections as the body of a page."""
    html = [
        section_html(index, escape(section.title), _body(section))
        for index, section in enumerate(sections, start=1)
    ]
    return unbroken("".join(html))


def _body(section: Section) -> str:
    parts = [f"<p>{escape(paragraph)}</p>\n" for paragraph in section.text]
    for gallery in section.galleries:
        figures = [figure_html(p.figure, p.alt, escape(p.caption)) for p in gallery]
        parts.append(card_html(figures))
    for table in section.tables:
        parts.append(table_html(converted(table), escape(table.note)))
    if section.link is not None:
        address, words = section.link
        parts.append(f'<p><a href="{escape(address)}">{escape(words)}</a></p>\n')
    return "".join(parts)


def converted(table: Table) -> new.Table:
    """Return a table as one of `pages.table`."""
    rows = tuple(
        (new.Cell(name), *(new.Cell(c.value, c.spread, c.best, c.loss) for c in cells))
        for name, cells in table.rows
    )
    return new.Table(table.header, rows, table.caption, table.note)
