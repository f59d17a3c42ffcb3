"""The folder that a command leaves its page and its numbers in."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ..data.atomic import atomic_write, check_writable, reason
from ..errors import InputError


@dataclass(frozen=True)
class ReportFolder:
    """A folder for report.html and metrics.json.

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
