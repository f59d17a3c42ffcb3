"""What a command is at, on stderr, and only where a person looks at it."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator

import click


@contextlib.contextmanager
def status(message: str, quiet: bool = False) -> Iterator[None]:
    """A spinner with a message while the block runs; silent if stderr is no terminal."""
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
    """A bar while the block runs; silent if stderr is no terminal.

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
    """A line on stderr."""
    if not quiet:
        click.echo(message, err=True)
