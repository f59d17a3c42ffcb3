"""Every experiment that `diffresnet reproduce` knows, by name."""

from __future__ import annotations

import importlib

from ..errors import InputError
from .experiment import Experiment

EXPERIMENTS = {
    "fig3": "XOR in motion: diffusion turns four discs into four points.",
}
"""Name: what it shows, in one line. The module of that name here holds its `EXPERIMENT`."""


def experiment(name: str) -> Experiment:
    """The experiment of that name.

    Raises
    ------
    InputError
        If there is none.
    """
    if name not in EXPERIMENTS:
        raise InputError(f"no experiment {name!r}; there are {', '.join(EXPERIMENTS)}, and all")
    found = importlib.import_module(f"{__package__}.{name}").EXPERIMENT
    assert isinstance(found, Experiment)
    return found
