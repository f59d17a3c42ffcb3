"""Texts of several columns as one."""

from __future__ import annotations

from collections.abc import Sequence


def join_columns(columns: Sequence[Sequence[str | None]]) -> list[str]:
    """Join the texts of each row that are not blank, such as a title and a body, by line breaks.

    Examples
    --------
    >>> join_columns([["Refund", None], ["I want my money back", " "]])
    ['Refund\\nI want my money back', '']
    """
    return ["\n".join(t for t in row if t and t.strip()) for row in zip(*columns, strict=True)]
