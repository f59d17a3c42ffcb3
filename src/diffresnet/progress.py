"""How long work is told: a context for every stage."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

Progress = Callable[[str, int | None], AbstractContextManager[Callable[..., None]]]
"""(message, number of steps or None) -> context of a stage, which yields `advance(steps=1)`."""


@contextmanager
def silent(message: str, total: int | None) -> Iterator[Callable[..., None]]:
    """Report no progress."""
    yield lambda steps=1: None
