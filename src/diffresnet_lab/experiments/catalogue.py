"""Every experiment that `diffresnet reproduce` knows, by name."""

from __future__ import annotations

import importlib

from diffresnet.errors import InputError

from .experiment import Experiment

EXPERIMENTS = {
    "fig1": "The network, drawn: convection, diffusion, a linear layer; its 18 parameters.",
    "fig2": "The structured data assumption, drawn: subsets, diameter D, distance L.",
    "fig3": "XOR in motion: diffusion turns four discs into four points.",
    "fig4": "Circle, moon, spiral: a network of 18 parameters, with diffusion and without.",
    "prop1": "L/D along diffusions: rates against eigenvalues, and the window of ntop and sigma.",
    "theorem1": "Sets between parallel planes made linearly separable, by weights written down.",
    "theorem2": "How large L/D must be for a separating direction, and the whole chain on digits.",
    "stiffness": "How long a diffusion step may be, and Chebyshev against both Eulers.",
    "pde": "A field instead of points: the convection-diffusion PDE, and what its noise is for.",
    "nonlinear": "Flows that weigh edges anew by their length: outliers and bridges.",
    # A quarter of an hour to an hour on two cores.
    "fig6": "A few-shot task by t-SNE, before and after diffusion.",
    "fig7": "Few-shot tasks: accuracy against ntop, the neighbours of the graph.",
    "fig8": "Few-shot tasks: accuracy against the strength of diffusion, 0 to 20.",
    "fig9": "Few-shot tasks: accuracy against the step size, and the stability bound.",
    "fig10": "Few-shot tasks: what diffusion steps cost, plain and by the exact shortcut.",
    "table2": "Few-shot tasks: five methods, with diffusion inside, outside, and not at all.",
    "table3": "Few-shot tasks with every trick and the peers, balanced and unequal queries.",
    # Hours on two cores, and so the last of `all`.
    "fig5": "Depth 2 to 32: GCN and Diff-ResNet, accuracy and how far features collapse.",
    "table1": "Citation graphs: Diff-ResNet and every baseline under one protocol.",
    "nodes_hard": "Nodes with 1 to 5 labels a class, under damage, and of two more graphs.",
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
