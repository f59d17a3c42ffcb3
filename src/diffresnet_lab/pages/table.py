"""Tables from rows of numbers: a column is declared once, and each row gives it a cell."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from .numbers import NONE, Format, error_text, number, verdict

Row = Mapping[Any, Any]
Getter = str | Callable[[Row], Any]
"""A key of the row, or a function of it. A row that lacks the key has no value."""
Best = Literal["", "largest", "smallest"]

_CELLS = ("cells",)


@dataclass(frozen=True)
class Cell:
    """One entry of a table.

    Parameters
    ----------
    text : str
    detail : str
        What follows in smaller type, such as "± 1.2".
    best : bool
        Whether it is printed bold.
    unfavourable : bool
        Whether it is marked as a number that speaks against what the page is about.
    """

    text: str
    detail: str = ""
    best: bool = False
    unfavourable: bool = False


@dataclass(frozen=True)
class Table:
    """Cells row by row; the first cell of a row names it.

    Parameters
    ----------
    note : str
        Written below it. Caption and note may be given in the text of the page instead.
    """

    header: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    caption: str = ""
    note: str = ""


@dataclass(frozen=True)
class Column:
    """A column: the value that it reads in a row, and its format and marks.

    Parameters
    ----------
    header : str
    value : key or function of the row
    format : format of the number, see `numbers.number`
    error : key or function, optional
        Printed after the value as "± error", with as many digits.
    detail : key or function, optional
        Any other text in small type.
    best : {"", "largest", "smallest"} or function of the row
        Mark the best value of the column, and what prints alike; or the rows of the function.
    unfavourable : function of the row, optional
        Whether to mark the cell as a number that speaks against what the page is about.
    verdict : bool, key or function
        Call a difference ahead, level or behind in small type, and mark what is behind. True
        judges by `error`: apart where the interval leaves out zero.

    Examples
    --------
    >>> gain = Column("gain", "gain", "+.1f", error="ci95", verdict=True)
    >>> table([{"gain": -1.5, "ci95": 0.4}], [Column("", lambda row: "a"), gain]).rows[0][1]
    Cell(text='−1.5', detail='± 0.4 behind', best=False, unfavourable=True)
    """

    header: str
    value: Getter
    format: Format = ""
    error: Getter | None = None
    detail: Getter | None = None
    best: Best | Callable[[Row], bool] = ""
    unfavourable: Callable[[Row], bool] | None = None
    verdict: bool | Getter = False
    key: Hashable = None

    def across(self, headers: Mapping[Any, str] | Iterable[Any]) -> tuple[Column, ...]:
        """Return this column once for each of the values that `pivot` put side by side.

        Parameters
        ----------
        headers : value -> header, or values that are headers themselves.
        """
        named = headers if isinstance(headers, Mapping) else {each: str(each) for each in headers}
        return tuple(replace(self, header=name, key=(each,)) for each, name in named.items())

    def row(self, row: Row) -> Row | None:
        """Return the row that the value is read from: of a pivoted one, that of the column."""
        return row if self.key is None else row[_CELLS].get(self.key)

    def read(self, row: Row) -> Any:
        """Return the value, or None where there is none."""
        source = self.row(row)
        return None if source is None else _get(source, self.value)

    def cell(self, row: Row) -> Cell:
        """Return the cell of a row, before it is compared with those of other rows."""
        source = self.row(row)
        if source is None:
            return Cell(NONE)
        value = _get(source, self.value)
        details = []
        error = None if self.error is None else _get(source, self.error)
        if value is not None and self.error is not None:
            details.append(error_text(error, self.format or ".1f"))
        if self.detail is not None:
            details.append(str(_get(source, self.detail) or ""))
        unfavourable = bool(self.unfavourable and self.unfavourable(source))
        if self.verdict and value is not None:
            judged = verdict(value, error) if self.verdict is True else _get(source, self.verdict)
            details.append(str(judged))
            unfavourable |= judged == "behind"
        best = bool(callable(self.best) and self.best(source))
        detail = " ".join(filter(None, details))
        return Cell(number(value, self.format), detail, best, unfavourable)


def table(
    rows: Sequence[Row],
    columns: Sequence[Column],
    *,
    caption: str = "",
    note: str = "",
    best_in_row: Best = "",
) -> Table:
    """Return the table of some rows.

    Parameters
    ----------
    columns : the first one names the rows.
    best_in_row : {"", "largest", "smallest"}
        Mark the best number of each row, the first column aside.
    """
    cells = [[column.cell(row) for column in columns] for row in rows]
    for index, column in enumerate(columns):
        if column.best and not callable(column.best):
            marked = _marked([line[index] for line in cells], map(column.read, rows), column.best)
            for line, cell in zip(cells, marked, strict=True):
                line[index] = cell
    if best_in_row:
        for line, row in zip(cells, rows, strict=True):
            values = (column.read(row) for column in columns[1:])
            line[1:] = _marked(line[1:], values, best_in_row)
    header = tuple(column.header for column in columns)
    return Table(header, tuple(map(tuple, cells)), caption, note)


def pivot(rows: Iterable[Row], down: Getter, across: Getter) -> list[dict[Any, Any]]:
    """Return a row for each value of `down`, in which `Column.across` finds those of `across`.

    A pivoted row has the keys of the first row that it is made of.

    Examples
    --------
    >>> rows = [{"m": "a", "n": 1, "x": 3}, {"m": "a", "n": 5, "x": 7}, {"m": "b", "n": 1, "x": 4}]
    >>> shown = table(pivot(rows, "m", "n"), [Column("", "m"), *Column("", "x").across((1, 5))])
    >>> [[cell.text for cell in line] for line in shown.rows]
    [['a', '3', '7'], ['b', '4', '–']]
    """
    groups: dict[Any, dict[Any, Any]] = {}
    for row in rows:
        group = groups.setdefault(_get(row, down), {**row, _CELLS: {}})
        group[_CELLS][(_get(row, across),)] = row
    return list(groups.values())


def _get(row: Row, getter: Any) -> Any:
    return getter(row) if callable(getter) else row.get(getter)


def _marked(cells: Sequence[Cell], values: Iterable[Any], best: Best) -> list[Cell]:
    """Mark the cells that print as the best number does."""
    numbers = [None if isinstance(v, str | None) or math.isnan(v) else float(v) for v in values]
    if not any(value is not None for value in numbers):
        return list(cells)
    pick = max if best == "largest" else min
    top = pick(value for value in numbers if value is not None)
    text = cells[numbers.index(top)].text
    return [
        replace(cell, best=value is not None and cell.text == text)
        for cell, value in zip(cells, numbers, strict=True)
    ]
