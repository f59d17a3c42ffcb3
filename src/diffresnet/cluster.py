"""A Dask cluster that the user brings."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from .errors import InputError

PATIENCE = 30
"""Seconds that a scheduler has to answer, and a first worker to join it."""


@contextmanager
def connected(address: str) -> Iterator[Any]:
    """Yield a client of the Dask scheduler at an address, such as "tcp://10.0.0.1:8786".

    Raises
    ------
    InputError
        If distributed is not installed, no scheduler answers, no worker joins it, or a worker has
        another version of diffresnet.
    """
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
    # Tasks take their arguments along, so that none is lost with a worker.
    with client, dask.config.set({"distributed.admin.large-graph-warning-threshold": "1TB"}):
        _check_workers(client, address)
        yield client


def _check_workers(client: Any, address: str) -> None:
    from . import __version__

    try:
        client.wait_for_workers(1, timeout=PATIENCE)
    except TimeoutError as error:
        message = f"no worker has joined the scheduler at {address!r} in {PATIENCE} s"
        raise InputError(message, "dask") from error
    for worker, version in client.run(_version, on_error="return").items():
        if version != __version__:
            raise InputError(f"worker {worker} has diffresnet {version}, not {__version__}", "dask")


def _version() -> str:
    from . import __version__

    return __version__
