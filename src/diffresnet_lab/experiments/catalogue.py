"""Every experiment that `diffresnet reproduce` knows; nothing here imports what it runs.

A new experiment is a folder beside this file and a name in `EXPERIMENTS`.
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

_WITHOUT_PLAN_FILE = {
    "fig6": "A few-shot task by t-SNE, before and after diffusion.",
    "fig7": "Few-shot tasks: accuracy against ntop, the neighbours of the graph.",
    "fig8": "Few-shot tasks: accuracy against the strength of diffusion, 0 to 20.",
    "fig9": "Few-shot tasks: accuracy against the step size, and the stability bound.",
    "fig10": "Few-shot tasks: what diffusion steps cost, plain and by the exact shortcut.",
    "table2": "Few-shot tasks: five methods, with diffusion inside, outside, and not at all.",
    "table3": "Few-shot tasks with every trick and the peers, balanced and unequal queries.",
}
"""Summaries of experiments whose folder has no `plan.toml` yet."""


@cache
def summaries() -> dict[str, str]:
    """Return what each experiment shows, in one line, by its name."""
    lines = {}
    for name in EXPERIMENTS:
        plan = plan_file(name)
        lines[name] = str(read_toml(plan)["summary"]) if plan.exists() else _WITHOUT_PLAN_FILE[name]
    return lines


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
    if name not in EXPERIMENTS:
        raise InputError(f"no experiment {name!r}; there are {', '.join(EXPERIMENTS)}, and all")
    page = f"{__package__}.{name}.page" if plan_file(name).exists() else f"{__package__}.{name}"
    declared: Experiment = importlib.import_module(page).EXPERIMENT
    return declared
