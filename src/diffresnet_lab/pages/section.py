"""What a page is made of: sections of text, pictures and tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from matplotlib.figure import Figure


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
