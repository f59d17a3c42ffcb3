"""What rows are called: by a column that tells them apart, or by their numbers from 1."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..errors import InputError
from ..labels import decoded
from .content import Content, listed

_FLOAT_ID = re.compile(r"-?[0-9]+\.0+")


@dataclass(frozen=True)
class RowNames:
    """Name rows by the ids of a column, or by their numbers from 1 where there is none.

    Attributes
    ----------
    column : str or None
    ids : (n,) texts of the column, None where a cell is blank.
    """

    column: str | None = None
    ids: Sequence[str | None] = field(default=(), repr=False)

    @classmethod
    def read(cls, content: Content, column: str | None, path: Path) -> RowNames:
        """Read the column of ids, if one is named.

        Raises
        ------
        InputError
            If there is no such column, or it holds no ids.
        """
        if column is None:
            return cls()
        if column not in content.names:
            raise InputError(
                f"{str(path)!r} has no {content.noun} {column!r} of ids; there are "
                f"{listed(content.names)}",
                "id_column",
            )
        ids = read_ids(content, column)
        if ids is None or len(ids) != content.count_rows():
            raise InputError(
                f"{content.noun} {column!r} of {str(path)!r} holds no ids: they are texts or whole "
                f"numbers, one for each row",
                "id_column",
            )
        return cls(column, ids)

    @property
    def heading(self) -> str:
        """What stands above the names."""
        return "data row" if self.column is None else self.column

    def of(self, rows: Iterable[int]) -> list[str]:
        """Return the names of rows that are numbered from 0."""
        if self.column is None:
            return [str(row + 1) for row in rows]
        return [self.ids[row] or f"row {row + 1}" for row in rows]

    def record(self, row: int) -> dict[str, Any]:
        """Return the number of a row from 1, and its id, as --json has them."""
        return {"row": row + 1} | ({} if self.column is None else {"id": self.ids[row]})


def read_ids(content: Content, name: str) -> list[str | None] | None:
    """Return the ids of a column as texts, None where blank; None if it holds no ids."""
    try:
        values = content.label_values(name, name)
    except InputError:
        return None
    texts = ["" if v is None or v != v else str(v).strip() for v in decoded(values).tolist()]
    if all(_FLOAT_ID.fullmatch(text) for text in texts if text):
        texts = [text.partition(".")[0] for text in texts]  # as data frames with a gap write them
    return [text or None for text in texts]
