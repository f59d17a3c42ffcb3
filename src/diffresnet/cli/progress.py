"""Progress on stderr; silent where stderr is no terminal."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from typing import Any

import click


@contextlib.contextmanager
def status(message: str, quiet: bool = False) -> Iterator[None]:
    """Show a spinner with a message while the block runs."""
    if quiet or not sys.stderr.isatty():
        yield
        return
    from rich.console import Console  # a tenth of a second, which --help need not pay

    with Console(stderr=True).status(message):
        yield


@contextlib.contextmanager
def progress(
    message: str, total: int | None = None, quiet: bool = False
) -> Iterator[Callable[..., None]]:
    """Show a bar while the block runs.

    Yields a function `advance(steps=1)`, to be called as the work goes on.
    """
    if quiet or not sys.stderr.isatty():
        yield lambda steps=1: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
    from rich.progress import TimeRemainingColumn as Remaining

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), Remaining())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
        task = bars.add_task(message, total=total)
        yield lambda steps=1: bars.advance(task, steps)


def note(message: str, quiet: bool = False) -> None:
    """Print a line on stderr."""
    if not quiet:
        click.echo(message, err=True)


def stages(quiet: bool = False) -> Callable[[str, int | None], Any]:
    """Return what library functions call at each stage: a bar where steps are counted."""

    @contextlib.contextmanager
    def stage(message: str, total: int | None) -> Iterator[Callable[..., None]]:
        if total is None:
            with status(message, quiet):
                yield lambda steps=1: None
        else:
            with progress(message, total, quiet) as advance:
                yield advance

    return stage
