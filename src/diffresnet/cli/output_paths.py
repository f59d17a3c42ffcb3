"""Outputs of a command, refused early where they would replace what is read or each other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import click

from ..files.atomic import check_writable
from .options import Declared, Options


def check_outputs(options: Options, declarations: Mapping[str, Declared]) -> None:
    """Check every path that the options declare, before any work.

    Raises
    ------
    InputError
        If an output cannot be written.
    click.UsageError
        If an output would replace an input or another output.
    """
    outputs: dict[str, Path | None] = {}
    folders = [*options.made_folders()]
    folders += [
        p for n, each in declarations.items() if each.option.folder for p in _paths(options, n)
    ]
    made = {folder.resolve() for folder in folders if not folder.exists()}
    inputs = {name: _paths(options, name) for name, one in declarations.items() if one.option.reads}
    for name, each in declarations.items():
        if not each.option.writes:
            continue
        for path in _paths(options, name):
            if not each.option.folder and path.resolve().parent not in made:
                check_writable(path, each.option.suffixes)
            replaced = {p.resolve() for p in _paths(options, each.option.replaces)}
            read = [p for paths in inputs.values() for p in paths if p.resolve() not in replaced]
            refuse_overwriting({each.flag: path}, read)
            outputs[each.flag] = path
    refuse_overwriting(outputs, ())


def refuse_overwriting(outputs: Mapping[str, Path | None], inputs: Iterable[Path | None]) -> None:
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


def _paths(options: Options, name: str) -> list[Path]:
    value = getattr(options, name, None)
    values = value if isinstance(value, tuple) else (value,)
    return [path for path in values if isinstance(path, Path)]
