"""Every experiment that `diffresnet reproduce` and `bench` know; nothing here imports what it runs.

A new experiment is a folder beside this file and a name in `EXPERIMENTS` or `BENCHES`.
"""

from __future__ import annotations

import importlib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from diffresnet.errors import InputError

from .plans import read_toml

if TYPE_CHECKING:
    from .base import Experiment

EXPERIMENTS = (
    *("fig1", "fig2", "fig3", "fig4", "prop1", "theorem1", "theorem2"),
    *("stiffness", "pde", "nonlinear"),
    # A quarter of an hour to an hour on two cores.
    *("fig6", "fig7", "fig8", "fig9", "fig10", "table2", "table3"),
    # Hours on two cores, and so the last of `all`.
    *("fig5", "table1", "nodes_hard"),
)
"""Names in the order in which they are listed, and run by `reproduce all`."""

BENCHES = ("fewlabels",)
"""Comparisons with peers, which `diffresnet bench` runs."""


@cache
def summaries(names: tuple[str, ...] = EXPERIMENTS) -> dict[str, str]:
    """Return what each experiment shows, in one line, by its name."""
    return {name: str(read_toml(plan_file(name))["summary"]) for name in names}


def plan_file(name: str) -> Path:
    """Return the place of an experiment's `plan.toml`."""
    return Path(__file__).parent / name / "plan.toml"


def experiment(name: str) -> Experiment:
    """Import the experiment of that name.

    Raises
    ------
    InputError
        If there is none.
    """
    if name not in (*EXPERIMENTS, *BENCHES):
        raise InputError(f"no experiment {name!r}; there are {', '.join(EXPERIMENTS)}, and all")
    declared: Experiment = importlib.import_module(f"{__package__}.{name}.page").EXPERIMENT
    return declared
