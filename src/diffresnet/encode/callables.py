"""Any callable of Python as an encoder."""

from __future__ import annotations

import hashlib
import pkgutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from ..errors import InputError
from ..files.atomic import reason
from .encoder import Batch, Encoder, Kind


class CallableEncoder(Encoder):
    """Encode by what `module:name` names: a function, or an object with a method `encode`.

    It is called with a list of texts, or a list of images (`PIL.Image.Image`, upright, in RGB), and
    returns (b, d) numbers for the b of them: an array, a tensor, or a list of rows.

    Parameters
    ----------
    spec : str
        The name of an importable module, in the working folder too, and of an object in it.

    Raises
    ------
    InputError
        If there is no such object, or it cannot be called.
    """

    kinds: frozenset[Kind] = frozenset({"text", "image"})

    def __init__(self, spec: str) -> None:
        self.spec = spec
        target = load_object(spec)
        method = getattr(target, "encode", None)
        self._function = method if callable(method) else check_callable(target, spec)

    @property
    def identity(self) -> str:
        """The name, and the source of its module: other files that it reads are not known."""
        file = callable_file(self.spec)
        source = b"" if file is None else file.read_bytes()
        return f"{self.spec} {hashlib.blake2b(source, digest_size=16).hexdigest()}"

    def encode(self, batch: Batch) -> Any:
        with torch.no_grad():
            return self._function(list(batch))


def load_object(name: str) -> Any:
    """Import the object that `module:name` names, from the working folder too.

    Raises
    ------
    InputError
        If there is no such module or object, the module cannot be imported, or the object is a
        class.
    """
    folder = str(Path.cwd())
    sys.path.insert(0, folder)
    try:
        target: Any = pkgutil.resolve_name(name)
    except (Exception, SystemExit) as error:  # a module may fail in any way
        raise InputError(
            f"cannot find {name!r}, also in {folder!r}: {reason(error)}", "encoder"
        ) from error
    finally:
        sys.path.remove(folder)
    if isinstance(target, type):
        raise InputError(f"{name!r} is a class; name an object of it, or a function")
    return target


def check_callable(target: Any, name: str) -> Callable[..., Any]:
    """Return an object that can be called.

    Raises
    ------
    InputError
        If it cannot.
    """
    if not callable(target):
        raise InputError(f"{name!r} is a {type(target).__name__}, which cannot be called")
    called: Callable[..., Any] = target
    return called


def callable_file(name: str) -> Path | None:
    """Return the file of the imported module that `module:name` names; None without one."""
    file = getattr(sys.modules.get(name.partition(":")[0]), "__file__", None)
    return None if file is None else Path(file)
