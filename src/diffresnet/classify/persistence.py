"""Model files: arrays and a JSON header in one npz, no pickle."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from ..errors import InputError
from ..files.atomic import atomic_write
from ..files.npz import load_npz

FORMAT = "diffresnet classifier 1"

Model = TypeVar("Model")


def write_model(path: Path, header: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> None:
    """Write a model file atomically; arrays of objects, which are texts, as fixed-width text."""
    plain = {
        name: array.astype(np.str_) if array.dtype == object else array
        for name, array in arrays.items()
    }
    text = json.dumps({"format": FORMAT, **header}, default=_plain)
    plain["header"] = np.frombuffer(text.encode(), dtype=np.uint8)
    with atomic_write(path) as target, target.open("wb") as file:
        np.savez(file, **plain)  # type: ignore[arg-type]


def _plain(value: Any) -> Any:
    """Return what JSON has for NumPy's numbers and arrays, sets and devices."""
    if isinstance(value, np.generic | np.ndarray):
        return value.tolist()
    return sorted(value, key=str) if isinstance(value, set | frozenset) else str(value)


def read_model(path: Path, make: Callable[[dict[str, Any], dict[str, np.ndarray]], Model]) -> Model:
    """Read a model file, and make a model of its header and arrays.

    Raises
    ------
    InputError
        If the file is of another version, is damaged, or holds what `make` cannot use.
    """
    arrays = load_npz(path, suffixes=None)
    try:
        header = json.loads(arrays["header"].tobytes())
        if header["format"] != FORMAT:
            raise InputError(f"{path} is a model of another version ({header['format']!r})")
        return make(header, arrays)
    except InputError:
        raise
    except (ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        raise InputError(f"{path} is not a model saved by diffresnet, or is damaged") from error
