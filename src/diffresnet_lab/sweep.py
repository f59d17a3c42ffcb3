"""Run independent calls: here, in processes, or on a Dask cluster."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial
from typing import Any

import joblib

from diffresnet.cluster import connected
from diffresnet.errors import InputError

CALLS_PER_WORKER = 3
"""Calls that wait or run on a cluster; more would fill the scheduler's memory with arguments."""

_CLIENT: ContextVar[Any] = ContextVar("client", default=None)
"""The Dask client of the innermost `on_cluster`."""

Call = tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any]]
"""What `joblib.delayed(function)(...)` returns."""


def sweep(calls: Iterable[Call], jobs: int | None = None) -> Iterator[Any]:
    """Yield the results of calls, in their order.

    Parameters
    ----------
    calls : from `joblib.delayed(function)(...)`
        Each draws from random generators of its own, so that its result is the same anywhere.
    jobs : int, optional
        Processes at once. Without it joblib's configuration decides; `on_cluster` has its own.

    Raises
    ------
    RuntimeError
        If a call ends worker after worker, or the cluster is lost.

    Examples
    --------
    >>> list(sweep(joblib.delayed(pow)(base, 2) for base in range(4)))
    [0, 1, 4, 9]
    """
    client = _CLIENT.get()
    if client is None:
        yield from joblib.Parallel(n_jobs=jobs, return_as="generator")(calls)
        return
    from concurrent.futures import CancelledError

    from distributed import KilledWorker

    # Not joblib's own Dask backend, which waits for ever for a call that ends all its workers.
    futures: deque[Any] = deque()
    try:
        for function, args, kwargs in calls:
            futures.append(client.submit(partial(function, *args, **kwargs), pure=False))
            if len(futures) > CALLS_PER_WORKER * len(client.nthreads()):
                yield futures.popleft().result()
        while futures:
            yield futures.popleft().result()
    except KilledWorker as error:
        raise RuntimeError(f"a call ended every worker that ran it: {error}") from error
    except CancelledError as error:
        raise RuntimeError("the Dask scheduler is gone") from error


@contextmanager
def on_cluster(address: str | None) -> Iterator[None]:
    """Run the sweeps of a block on the workers of a Dask scheduler; without an address, here.

    A call whose worker ends is run again on another one.

    Parameters
    ----------
    address : such as "tcp://10.0.0.1:8786"

    Raises
    ------
    InputError
        As `connected`, or if a worker has several threads.
    """
    if address is None:
        yield
        return
    with connected(address) as client:
        _require_single_threads(client)
        token = _CLIENT.set(client)
        try:
            yield
        finally:
            _CLIENT.reset(token)


def _require_single_threads(client: Any) -> None:
    for worker, threads in client.nthreads().items():
        if threads > 1:
            # torch's random generator belongs to the process: calls in threads would share it.
            raise InputError(
                f"worker {worker} has {threads} threads; start workers with --nthreads 1", "dask"
            )
