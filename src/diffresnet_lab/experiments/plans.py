"""Sizes of runs: the sections of an experiment's `plan.toml`, read into its dataclass."""

from __future__ import annotations

import tomllib
import types
import typing
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal, TypeVar

from diffresnet.errors import InputError

PlanType = TypeVar("PlanType")

FULL = "full"


@cache
def read_toml(path: Path) -> Mapping[str, Any]:
    """Return the contents of a TOML file, which is read once.

    Raises
    ------
    InputError
        If it is no TOML.
    """
    try:
        with path.open("rb") as file:
            return tomllib.load(file)
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{path}: {error}") from error


def read_plan(path: Path, kind: type[PlanType], section: str = FULL) -> PlanType:
    """Return one section of a plan file as an object of its dataclass.

    A section other than [full] holds only what differs from it, also inside dataclasses. Lists
    become tuples, tables become dataclasses or dicts, as the annotations say.

    Parameters
    ----------
    kind : frozen dataclass

    Raises
    ------
    InputError
        If there is no such section, a field is unknown or missing, or a value has another type.
    """
    sections = read_toml(path)
    if section not in sections:
        raise InputError(f"{path}: there is no section [{section}]")
    values = _merged(kind, sections.get(FULL, {}), sections[section])
    return typing.cast(PlanType, _read(kind, values, f"{path}: [{section}]"))


def _merged(kind: Any, base: Any, changes: Any) -> Any:
    """Return a table with changes; inside dataclasses too, where dicts are replaced."""
    if not (is_dataclass(kind) and isinstance(base, dict) and isinstance(changes, dict)):
        return changes
    hints = typing.get_type_hints(kind)
    return base | {key: _merged(hints.get(key), base.get(key), changes[key]) for key in changes}


def _read(kind: Any, value: Any, place: str) -> Any:
    if is_dataclass(kind):
        return _dataclass(kind, value, place)
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin in (types.UnionType, typing.Union):
        kind = next(part for part in arguments if part is not types.NoneType)
        return _read(kind, value, place)
    if origin is tuple and isinstance(value, list):
        each = arguments[:1] * len(value) if arguments[1:] == (...,) else arguments
        if len(each) != len(value):
            raise InputError(f"{place}: {len(each)} values are needed, not {len(value)}")
        return tuple(
            _read(part, item, f"{place}[{index}]")
            for index, (part, item) in enumerate(zip(each, value, strict=True))
        )
    if origin in (dict, Mapping) and isinstance(value, dict):
        return {key: _read(arguments[1], item, f"{place}.{key}") for key, item in value.items()}
    if origin is Literal and value in arguments:
        return value
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if isinstance(kind, type) and origin is None and type(value) is kind:
        return value
    name = getattr(kind, "__name__", None) if origin is None else str(kind)
    raise InputError(f"{place} must be {name or kind}, not {value!r}")


def _dataclass(kind: Any, value: Any, place: str) -> Any:
    if not isinstance(value, dict):
        raise InputError(f"{place} must be a table, not {value!r}")
    hints, known = typing.get_type_hints(kind), {each.name: each for each in fields(kind)}
    if unknown := value.keys() - known.keys():
        raise InputError(f"{place}: unknown {', '.join(sorted(unknown))}")
    missing = [
        name
        for name, each in known.items()
        if name not in value and each.default is MISSING and each.default_factory is MISSING
    ]
    if missing:
        raise InputError(f"{place}: missing {', '.join(missing)}")
    return kind(
        **{name: _read(hints[name], item, f"{place} {name}") for name, item in value.items()}
    )
