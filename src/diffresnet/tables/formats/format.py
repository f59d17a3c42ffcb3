"""What a format of tables can do."""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path
from typing import ClassVar

from ..content import Content, Features, RowResult


class Format(ABC):
    """A format of tables: reads content, and writes it with a label for every row."""

    columnar: ClassVar[bool] = True
    """Whether it holds columns, or named arrays."""

    @abstractmethod
    def read(self, path: Path) -> Content:
        """Read a file.

        Raises
        ------
        InputError
            If it is damaged, or no such file; the message is one line.
        """

    @abstractmethod
    def write(
        self,
        path: Path,
        content: Content,
        features: Features | None,
        label_key: str | None,
        result: RowResult,
    ) -> None:
        """Write content with labels, confidences and flags, atomically.

        Raises
        ------
        InputError
            If a column has no form in this format.
        OSError
            If the file cannot be written; an old file then stands as it was.
        """

    def check(self, content: Content, features: Features | None) -> None:
        """Raise `InputError` if content has no form in this format; by default it has."""
        return
