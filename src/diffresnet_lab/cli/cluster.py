"""The option --dask of commands that sweep."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Annotated

import click

from diffresnet.cli.options import Option, Options


@dataclass(frozen=True, kw_only=True)
class DaskOption(Options):
    """Add --dask."""

    dask: Annotated[
        str | None,
        Option(
            help="Run on the workers of this Dask scheduler, such as tcp://10.0.0.1:8786.",
            metavar="ADDRESS",
        ),
    ] = None

    def cluster(self) -> AbstractContextManager[None]:
        """Return the context in which sweeps run on the cluster, or here where none is given.

        Raises
        ------
        click.UsageError
            If --jobs is given too.
        """
        from ..sweep import on_cluster

        if self.dask is not None and "jobs" in self.given:
            raise click.UsageError("--jobs is for this machine; with --dask every worker has a job")
        return on_cluster(self.dask)
