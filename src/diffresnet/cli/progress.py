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
    with stages(quiet)(message, None):
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
    bars, advance = _bar(message, total)
    with bars:
        yield advance


def note(message: str, quiet: bool = False) -> None:
    """Print a line on stderr."""
    if not quiet:
        click.echo(message, err=True)


def stages(quiet: bool = False) -> Callable[[str, int | None], Any]:
    """Return what library functions call at each stage: a bar where steps are counted.

    A stage within another is shown in its place: a terminal has room for one.
    """
    shown: list[Any] = []

    @contextlib.contextmanager
    def stage(message: str, total: int | None) -> Iterator[Callable[..., None]]:
        if quiet or not sys.stderr.isatty():
            yield lambda steps=1: None
            return
        display, advance = _spinner(message) if total is None else _bar(message, total)
        if shown:
            shown[-1].stop()
        shown.append(display)
        display.start()
        try:
            yield advance
        finally:
            shown.pop().stop()
            if shown:
                shown[-1].start()

    return stage


# rich takes a tenth of a second, which --help need not pay.
def _spinner(message: str) -> tuple[Any, Callable[..., None]]:
    from rich.console import Console

    return Console(stderr=True).status(message), lambda steps=1: None


def _bar(message: str, total: int | None) -> tuple[Any, Callable[..., None]]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
    from rich.progress import TimeRemainingColumn as Remaining

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), Remaining())
    bars = Progress(*columns, console=Console(stderr=True), transient=True)
    task = bars.add_task(message, total=total)
    return bars, lambda steps=1: bars.advance(task, steps)
