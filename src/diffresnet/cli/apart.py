"""Outputs of a command that replace neither each other nor what it reads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import click


def check_apart(outputs: Mapping[str, Path | None], inputs: Iterable[Path | None]) -> None:
    """Refuse an output that is another output or an input, by whatever name or link.

    Parameters
    ----------
    outputs : option -> its file, or None where it was not given.

    Raises
    ------
    click.UsageError
    """
    taken = {path.resolve() for path in inputs if path is not None}
    for option, path in outputs.items():
        if path is None:
            continue
        if path.resolve() in taken:
            raise click.UsageError(f"{option} {path} would replace another file of this command")
        taken.add(path.resolve())
