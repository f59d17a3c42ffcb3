"""Outputs of a command that replace neither each other nor what it reads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import click


def check_apart(outputs: Mapping[str, Path | None], inputs: Iterable[Path | None]) -> None:
    """Refuse an output that is another output or an input, by whatever name or link.

    Parameters
    ----------
    outputs : option -> its file or folder, or None where it was not given.
    inputs : files, and folders of which all is read, so that nothing may be written in them.

    Raises
    ------
    click.UsageError
    """
    read = [path for path in inputs if path is not None]
    taken = {path.resolve() for path in read}
    folders = [path for path in read if path.is_dir()]
    for option, path in outputs.items():
        if path is None:
            continue
        target = path.resolve()
        for folder in folders:
            if target.is_relative_to(folder.resolve()):
                raise click.UsageError(
                    f"{option} {path} lies in {folder}, which this command reads; name another "
                    f"place"
                )
        if target in taken:
            raise click.UsageError(f"{option} {path} would replace another file of this command")
        taken.add(target)
