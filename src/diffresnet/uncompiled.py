"""Functions that `torch.compile` leaves alone."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TypeVar, cast

import torch

F = TypeVar("F", bound=Callable)


def uncompiled(function: F) -> F:
    """Decorate a function that runs as it is inside a compiled one, with all that it calls.

    Graphs are checked by their numbers, and sparse products run in kernels of their own: traced,
    these break the compiled network in dozens of places, and gain nothing.
    """

    @functools.wraps(function)
    def call(*args, **kwargs):  # type: ignore[no-untyped-def]
        if torch.compiler.is_compiling():
            # Not before: `disable` imports the compiler, longer than the rest of the package.
            return torch.compiler.disable(function)(*args, **kwargs)
        return function(*args, **kwargs)

    return cast(F, call)
