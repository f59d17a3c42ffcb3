"""How long work is told: a context for every stage."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar

Progress = Callable[[str, int | None], AbstractContextManager[Callable[..., None]]]
"""(message, number of steps or None) -> context of a stage, which yields `advance(steps=1)`."""


@contextmanager
def silent(message: str, total: int | None) -> Iterator[Callable[..., None]]:
    """Report no progress."""
    yield lambda steps=1: None


_told: ContextVar[Progress] = ContextVar("progress", default=silent)


@contextmanager
def told_by(progress: Progress) -> Iterator[None]:
    """Report the stages of the work of this thread meanwhile."""
    before = _told.set(progress)
    try:
        yield
    finally:
        _told.reset(before)


def stage(message: str, total: int | None) -> AbstractContextManager[Callable[..., None]]:
    """Enter a stage of work that is deep below where progress is shown; see `told_by`."""
    return _told.get()(message, total)
