"""The folder that a command leaves its page and its numbers in."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from diffresnet.errors import InputError
from diffresnet.files.atomic import atomic_write, check_writable, reason

from .style import png, svg


@dataclass(frozen=True)
class ReportFolder:
    """A folder for report.html and metrics.json, and for pictures and tables as files.

    Examples
    --------
    >>> ReportFolder(Path("demo")).page.name
    'report.html'
    """

    path: Path

    @property
    def page(self) -> Path:
        return self.path / "report.html"

    @property
    def metrics(self) -> Path:
        return self.path / "metrics.json"

    def prepare(self) -> None:
        """Make the folder, and refuse early what could not be written when the work is done.

        Raises
        ------
        InputError
            If there is a file in its place, or it cannot be made or written to.
        """
        if self.path.exists() and not self.path.is_dir():
            raise InputError(f"cannot write to {str(self.path)!r}: it is a file; name a folder")
        try:
            self.path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(
                f"cannot make the folder {str(self.path)!r}: {reason(error)}"
            ) from error
        for file in (self.page, self.metrics):
            check_writable(file)

    def write_page(self, html: str) -> None:
        """Write report.html, whole or not at all."""
        with atomic_write(self.page) as temporary:
            temporary.write_text(html, encoding="utf-8")

    def write_figures(self, figures: Mapping[str, Figure]) -> None:
        """Write figures as NAME.png and NAME.svg."""
        for name, figure in figures.items():
            for suffix, draw in ((".png", png), (".svg", svg)):
                with atomic_write(self.path / (name + suffix)) as temporary:
                    temporary.write_bytes(draw(figure))

    def write_table(self, name: str, rows: Sequence[Mapping[str, Any]]) -> None:
        """Write rows as NAME.csv; a row may lack some columns, which stay empty in it."""
        columns = list(dict.fromkeys(key for row in rows for key in row))
        with (
            atomic_write(self.path / f"{name}.csv") as temporary,
            temporary.open("w", newline="", encoding="utf-8") as file,
        ):
            writer = csv.DictWriter(file, columns)
            writer.writeheader()
            writer.writerows(rows)
