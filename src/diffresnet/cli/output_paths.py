"""Outputs of a command, refused early where they would replace what is read or each other."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ..files.atomic import check_readable, check_writable, real, refuse_replacing
from .options import Declared, Options


def check_outputs(options: Options, declarations: Mapping[str, Declared]) -> None:
    """Check every path that the options declare, before any work.

    Raises
    ------
    InputError
        If an output cannot be written, or would replace an input or another output.
    """
    outputs: dict[str, Path | None] = {}
    folders = [*options.made_folders()]
    folders += [
        p
        for n, each in declarations.items()
        if each.option.folder and each.option.writes
        for p in _paths(options, n)
    ]
    made = {real(folder) for folder in folders if not folder.exists()}
    inputs = {name: _paths(options, name) for name, one in declarations.items() if one.option.reads}
    for name in inputs:
        path = getattr(options, name)
        if isinstance(path, Path) and path.is_dir() and not declarations[name].option.folder:
            check_readable(path)  # says that a folder is no file
    for name, each in declarations.items():
        if not each.option.writes:
            continue
        for path in _paths(options, name):
            if not each.option.folder and real(path).parent not in made:
                check_writable(path, each.option.suffixes)
            replaced = {real(p) for p in _paths(options, each.option.replaces)}
            read = [p for paths in inputs.values() for p in paths if real(p) not in replaced]
            refuse_replacing({name: path}, read)
            outputs[name] = path
    refuse_replacing(outputs, ())


def _paths(options: Options, name: str) -> list[Path]:
    value = getattr(options, name, None)
    values = value if isinstance(value, tuple) else (value,)
    return [path for path in values if isinstance(path, Path)]
