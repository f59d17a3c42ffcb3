"""What commands that write a report share: the folder, tables in the terminal, threads."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from diffresnet.files.atomic import check_writable

if TYPE_CHECKING:
    from ..pages import ReportFolder, Table


@contextmanager
def single_thread() -> Iterator[None]:
    """One thread for torch and for the BLAS of numpy, and the former number afterwards."""
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
    """The folder of a report, writable, and a --json path that does not replace the report."""
    from ..pages.folder import ReportFolder

    folder = ReportFolder(out)
    if json_path is not None:
        if json_path.resolve() == folder.page.resolve():
            raise click.UsageError(f"--json {json_path} would replace the report")
        if json_path.resolve().parent != out.resolve():
            check_writable(json_path)
    folder.prepare()
    if json_path is not None:
        check_writable(json_path)
    return folder


def table_text(table: Table) -> str:
    """Render a table of the report for the terminal."""
    from rich.console import Console
    from rich.table import Table as Grid

    grid = Grid(title=table.caption, title_justify="left", title_style="bold")
    for index, name in enumerate(table.header):
        grid.add_column(name, justify="right" if index else "left")
    for name, cells in table.rows:
        grid.add_row(
            name,
            *(
                f"[bold]{cell.value}[/] {cell.spread}"
                if cell.best
                else f"{cell.value} {cell.spread}"
                for cell in cells
            ),
        )
    console = Console()
    with console.capture() as capture:
        console.print(grid)
    return capture.get().rstrip("\n")


def print_table(table: Table) -> None:
    """Print a table of the report on stdout."""
    click.echo(table_text(table))
