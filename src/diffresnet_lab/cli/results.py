"""The folder of a report, its tables in the terminal, and one thread for small work."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from diffresnet.errors import InputError
from diffresnet.files.atomic import check_writable, real

if TYPE_CHECKING:
    from ..pages import ReportFolder
    from ..pages.table import Table


@contextmanager
def single_thread() -> Iterator[None]:
    """Compute with one thread of torch and of numpy's BLAS; restore the number afterwards."""
    import torch
    from threadpoolctl import threadpool_limits

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with threadpool_limits(1):
            yield
    finally:
        torch.set_num_threads(threads)


def prepare_folder(out: Path, json_path: Path | None) -> ReportFolder:
    """Return the folder of a report, made and writable; refuse a --json in place of a part."""
    from ..pages.folder import ReportFolder

    folder = ReportFolder(out)
    if json_path is not None:
        inside = real(json_path).parent == real(out)
        if inside and json_path.suffix.lower() != ".json":
            raise InputError(
                f"{str(json_path)!r} lies among pages, pictures and tables; end its name in .json",
                "json",
            )
        if not inside:
            check_writable(json_path)
    folder.prepare()
    if json_path is not None:
        check_writable(json_path)
    return folder


def table_text(table: Table) -> str:
    """Render a table of the report for the terminal."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table as Grid

    grid = Grid(title=table.caption, title_justify="left", title_style="bold")
    for index, name in enumerate(table.header):
        grid.add_column(name, justify="right" if index else "left")
    for cells in table.rows:
        texts = (f"[bold]{escape(c.text)}[/]" if c.best else escape(c.text) for c in cells)
        grid.add_row(*(f"{t} {c.detail}".rstrip() for t, c in zip(texts, cells, strict=True)))
    console = Console()
    with console.capture() as capture:
        console.print(grid)
    return capture.get().rstrip("\n")


def print_table(table: Table) -> None:
    """Print a table of the report on stdout."""
    click.echo(table_text(table))
