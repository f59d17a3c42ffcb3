"""Run independent calls: here, in processes, or on a Dask cluster."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial
from typing import Any

import joblib

import diffresnet
from diffresnet.errors import InputError

PATIENCE = 30
"""Seconds that a scheduler has to answer, and a first worker to join it."""

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
        If distributed is not installed, no scheduler answers, no worker joins it, or a worker has
        several threads or another version of diffresnet.
    """
    if address is None:
        yield
        return
    try:
        import dask
        import distributed
    except ImportError as error:
        raise InputError(
            "a cluster needs distributed: pip install 'diffresnet[cluster]'", "dask"
        ) from error
    try:
        client = distributed.Client(address, timeout=PATIENCE, set_as_default=False)
    except (OSError, ValueError) as error:
        raise InputError(f"no Dask scheduler answers at {address!r}", "dask") from error
    # A call takes its arguments along, so that no worker is needed for the data of another one.
    with client, dask.config.set({"distributed.admin.large-graph-warning-threshold": "1TB"}):
        _check_workers(client, address)
        token = _CLIENT.set(client)
        try:
            yield
        finally:
            _CLIENT.reset(token)


def _version() -> str:
    return diffresnet.__version__


def _check_workers(client: Any, address: str) -> None:
    try:
        client.wait_for_workers(1, timeout=PATIENCE)
    except TimeoutError as error:
        message = f"no worker has joined the scheduler at {address!r} in {PATIENCE} s"
        raise InputError(message, "dask") from error
    for worker, threads in client.nthreads().items():
        if threads > 1:
            # torch's random generator belongs to the process: calls in threads would share it.
            raise InputError(
                f"worker {worker} has {threads} threads; start workers with --nthreads 1", "dask"
            )
    for worker, version in client.run(_version, on_error="return").items():
        if version != diffresnet.__version__:
            raise InputError(
                f"worker {worker} has diffresnet {version}, not {diffresnet.__version__}", "dask"
            )
