"""The machine-readable result of a command, as --json writes it."""

from __future__ import annotations

import importlib.metadata
import json
import math
import os
import platform
from collections.abc import Callable, Mapping
from dataclasses import asdict, is_dataclass
from typing import Any

import numpy as np

from ..errors import InputError
from ..files.atomic import atomic_write

REQUIRED = ("experiment", "settings", "results", "seconds")


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
    """Return what results depend on besides settings: versions, machine, and device.

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
    """Convert a value to the types that JSON has."""
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
