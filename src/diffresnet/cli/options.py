"""Options that commands share, and the machine-readable result that --json writes."""

from __future__ import annotations

import importlib.metadata
import json
import math
import os
import platform
from collections.abc import Callable, Mapping
from dataclasses import asdict, is_dataclass
from pathlib import Path
from typing import Any, TypeVar

import click
import numpy as np

from ..errors import InputError
from ..files.atomic import atomic_write

Function = TypeVar("Function", bound=Callable[..., Any])

REQUIRED = ("experiment", "settings", "results", "seconds")


def seed_option(function: Function) -> Function:
    """--seed: passed on as `seed`, an int from 0 to 2^32 - 1."""
    return _seed_option(0, "Seed of all random choices.")(function)


def paper_seed_option(function: Function) -> Function:
    """--seed of what repeats the paper, whose own seed is the default."""
    return _seed_option(42, "Seed of all random choices; 42 is the paper's.")(function)


def _seed_option(default: int, words: str) -> Callable[[Function], Function]:
    return click.option(
        "--seed",
        type=click.IntRange(0, 2**32 - 1),
        default=default,
        show_default=True,
        help=words,
    )


def json_option(function: Function) -> Function:
    """--json: passed on as `json_path`, a Path or None."""
    return click.option(
        "--json",
        "json_path",
        type=click.Path(path_type=Path),
        metavar="PATH",
        help="Write settings, results and environment as JSON.",
    )(function)


def device_option(function: Function) -> Function:
    """--device: passed on as `device`, a str."""
    return click.option(
        "--device",
        default="auto",
        show_default=True,
        metavar="NAME",
        help="Where to compute: auto, cpu, cuda, cuda:1, mps.",
    )(function)


def data_option(function: Function) -> Function:
    """--data, or DIFFRESNET_DATA: passed on as `data`, the Path of a folder or None."""
    return click.option(
        "--data",
        type=click.Path(path_type=Path, exists=True, file_okay=False),
        envvar="DIFFRESNET_DATA",
        metavar="DIR",
        help="Folder of the data sets.  [default: DIFFRESNET_DATA]",
    )(function)


def quiet_option(function: Function) -> Function:
    """--quiet: passed on as `quiet`, a bool."""
    return click.option(
        "-q", "--quiet", is_flag=True, help="Say nothing on stderr unless the work fails."
    )(function)


def write_json(path: str | os.PathLike[str] | None, payload: Mapping[str, Any]) -> None:
    """Write the result of a command as JSON, atomically; nothing if `path` is None.

    The keys are written in the order experiment, settings, results, environment, seconds, and then
    what else there is. `environment()` is added where it is missing. Numbers that are not finite
    become null, and arrays become lists.

    Raises
    ------
    InputError
        If the experiment, settings, results or seconds are missing.
    OSError
        If the file cannot be written.
    """
    if path is None:
        return
    missing = [key for key in REQUIRED if key not in payload]
    if missing:
        raise InputError(f"a result needs {', '.join(missing)}")
    device = payload["settings"].get("device") if isinstance(payload["settings"], dict) else None
    whole = {"environment": environment(device), **payload}
    first = ("experiment", "settings", "results", "environment", "seconds")
    ordered = {key: whole[key] for key in first} | whole
    text = json.dumps(_plain(ordered), indent=2, ensure_ascii=False, allow_nan=False)
    with atomic_write(path) as temporary:
        temporary.write_text(text + "\n", encoding="utf-8")


def write_each(*writes: Callable[[], None]) -> None:
    """Write what can be written, though some cannot; then raise the first error.

    Long work that is done is not to be lost for a place that has become full.
    """
    errors = []
    for write in writes:
        try:
            write()
        except (OSError, InputError) as error:
            errors.append(error)
    if errors:
        raise errors[0]


def environment(device: str | None = None) -> dict[str, Any]:
    """What results depend on besides their settings: versions, machine, and device.

    Parameters
    ----------
    device : str, optional
        As given to --device; "auto" and None stand for CUDA if it is there.
    """
    return {
        "python": platform.python_version(),
        "diffresnet": importlib.metadata.version("diffresnet"),
        "torch": importlib.metadata.version("torch"),
        "numpy": np.__version__,
        "platform": platform.platform(),
        "cpu_count": os.cpu_count(),
        "device": _device_name(device),
    }


def _device_name(device: str | None) -> str:
    if device in ("cpu", "mps"):
        return str(device)
    import torch

    if not torch.cuda.is_available():
        return "cpu" if device in (None, "auto") else str(device)
    return torch.cuda.get_device_name(None if device in (None, "auto") else device)


def _plain(value: Any) -> Any:
    """The same in the types that JSON has."""
    if is_dataclass(value) and not isinstance(value, type):
        value = asdict(value)
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_plain(item) for item in value]
    if isinstance(value, np.ndarray | np.generic):
        return _plain(value.tolist())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if value is None or isinstance(value, (str, bool, int, float)):
        return value
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    raise TypeError(f"a result holds a {type(value).__name__}, which JSON cannot")
