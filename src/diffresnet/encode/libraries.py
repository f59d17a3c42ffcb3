"""Libraries of pretrained encoders: optional, loaded late, and their failures in one line."""

from __future__ import annotations

import contextlib
import hashlib
import io
import logging
import sys
import textwrap
import warnings
from collections.abc import Iterator
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import torch
from torch import nn

from ..errors import InputError
from ..files.atomic import reason


def import_library(module: str, extra: str) -> Any:
    """Import an optional library, which `pip install "diffresnet[extra]"` brings.

    Raises
    ------
    InputError
        If it is not installed, or cannot be imported.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what it says of its own dependencies
            return import_module(module)
    except ModuleNotFoundError as error:
        if error.name != module.partition(".")[0]:
            raise _unusable(module, error) from error
        raise InputError(
            f'{module} is not installed: pip install "diffresnet[{extra}]"', "encoder"
        ) from error
    except Exception as error:  # a library may fail in any way as it is imported
        raise _unusable(module, error) from error


@contextlib.contextmanager
def loading(spec: str, name: str) -> Iterator[bool]:
    """Tell in one line why a model cannot be loaded; its library is silent meanwhile.

    Yields whether there is only what was downloaded before.

    Parameters
    ----------
    spec : str
        How the user named it.
    name : str
        Of the model alone: a folder, or something to be downloaded.

    Raises
    ------
    InputError
    """
    logged = logging.root.manager.disable
    logging.disable(logging.WARNING)
    unreachable = ""
    try:
        with warnings.catch_warnings(), _progress(), _hub(name) as hub:
            warnings.simplefilter("ignore")
            unreachable = f", and {hub} cannot be reached" if hub else ""
            yield hub is not None
    except InputError:
        raise
    except Exception as error:  # no network, no such name, a damaged file: each its own class
        why = textwrap.shorten(reason(error), 240, placeholder=" ...")
        raise InputError(f"cannot load {spec!r}{unreachable}: {why}", "encoder") from error
    finally:
        logging.disable(logged)


@contextlib.contextmanager
def _progress() -> Iterator[None]:
    """Let bars of progress through to a terminal only."""
    if sys.stderr.isatty():
        yield
    else:
        with contextlib.redirect_stderr(io.StringIO()):
            yield


@contextlib.contextmanager
def _hub(name: str) -> Iterator[str | None]:
    """Make do with what was downloaded before, if the hub of models cannot be reached.

    Its client would otherwise ask again and again, for a minute and more. Yields the address that
    cannot be reached, or None.
    """
    try:
        from huggingface_hub import constants
        from huggingface_hub.utils import get_session
    except ImportError:  # a library that does without it
        yield None
        return
    before = constants.HF_HUB_OFFLINE
    if not before and not Path(name).exists():
        try:
            get_session().head(constants.ENDPOINT, timeout=10)
        except Exception:  # of the one or the other library for HTTP
            constants.HF_HUB_OFFLINE = True
    try:
        yield constants.ENDPOINT if constants.HF_HUB_OFFLINE and not before else None
    finally:
        constants.HF_HUB_OFFLINE = before


def require_name(kind: str, name: str, example: str) -> str:
    """Return the name of a model, and refuse that there is none.

    Raises
    ------
    InputError
    """
    if not name:
        raise InputError(f"name a model of {kind}, as in '{kind}:{example}'", "encoder")
    return name


def release(distribution: str) -> str:
    """Return the name and version of an installed library."""
    try:
        return f"{distribution} {version(distribution)}"
    except PackageNotFoundError:  # found by its path, without metadata
        return distribution


def weights_hash(module: nn.Module) -> str:
    """Return a hash of all weights: the same name may lead to others another day."""
    digest = hashlib.blake2b(digest_size=16)
    for name, value in module.state_dict().items():
        digest.update(name.encode())
        flat = value.detach().cpu().contiguous().flatten()
        digest.update(flat.view(torch.uint8).numpy())  # as bytes: NumPy has no bfloat16
    return digest.hexdigest()


def _unusable(module: str, error: Exception) -> InputError:
    why = textwrap.shorten(reason(error), 240, placeholder=" ...")
    return InputError(f"{module} is installed, but cannot be imported: {why}", "encoder")
