"""Chunks of rows at the same time, a thread each."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

import torch

Part = TypeVar("Part")

# The number of torch's threads is one for all callers: two at once would leave it changed.
_LOCK = threading.Lock()


def map_chunks(
    function: Callable[[slice], Part],
    rows: int,
    chunk: int,
    device: torch.device,
    advance: Callable[[], None] = lambda: None,
) -> list[Part]:
    """Apply a function to slices of `chunk` rows: on a CPU in as many threads as torch has.

    Each chunk is computed by one thread. Threads that share the chunks out among them instead wait
    for each other after every operation: where other programs keep the cores busy, each wait can
    take 20 ms, even for a single row.

    Parameters
    ----------
    advance : called after each chunk, by the caller's thread.
    """
    parts = [slice(start, start + chunk) for start in range(0, rows, chunk)]

    def told(found: Iterable[Part]) -> Iterator[Part]:
        for each in found:
            advance()
            yield each

    # A thread of another call computes alone already.
    if device.type != "cpu" or torch.get_num_threads() == 1:
        return list(told(map(function, parts)))
    workers = min(torch.get_num_threads(), len(parts))
    with _LOCK, _one_thread():
        if workers < 2:
            return list(told(map(function, parts)))
        with ThreadPoolExecutor(workers, initializer=_use_one_thread) as pool:
            return list(told(pool.map(function, parts)))


@contextmanager
def _one_thread() -> Iterator[None]:
    """Let torch compute in one thread meanwhile."""
    before = torch.get_num_threads()
    _use_one_thread()
    try:
        yield
    finally:
        # Also what threads of others start with, which those of the pool have changed.
        torch.set_num_threads(before)


def _use_one_thread() -> None:
    torch.set_num_threads(1)
