"""Fig. 1: the network, drawn, and its layers as they are built."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from torch import nn

from diffresnet.nn import DiffResNet, DiffusionLayer

from ..pages.figures import network_diagram
from ..pages.section import Cell, Picture, Section, Table
from .experiment import Experiment, Part, Setup


def layer_rows(network: DiffResNet) -> Iterator[dict[str, Any]]:
    """A row a layer, in the order that the points pass through them: its shapes and parameters.

    Examples
    --------
    >>> [row["parameters"] for row in layer_rows(DiffResNet(2, 2))]
    [6, 0, 6, 0, 6]
    """
    for name, layer in network.named_modules():
        if isinstance(layer, (nn.Linear, nn.ReLU, DiffusionLayer)):
            shapes = {key: tuple(value.shape) for key, value in layer.named_parameters()}
            yield {
                "layer": name,
                "kind": type(layer).__name__,
                "weight": _shape(shapes.get("weight", ())),
                "bias": _shape(shapes.get("bias", ())),
                "parameters": sum(p.numel() for p in layer.parameters()),
            }


def _shape(sizes: tuple[int, ...]) -> str:
    return " × ".join(str(size) for size in sizes)


def _part(setup: Setup) -> Part:
    network = DiffResNet(in_features=2, classes=2)
    rows = list(layer_rows(network))
    total = sum(p.numel() for p in network.parameters())
    picture = Picture(
        network_diagram(),
        alt="Diagram: points x enter a block of two parts. Convection: fc1, ReLU and fc2 in a row, "
        "to whose result x itself is added; x ← x + W₂ ReLU(W₁ x + b₁) + b₂, every point by "
        "itself. Diffusion, r times: x ← x − γ L x, along the graph. Blocks follow one another; "
        "then a linear classifier gives scores.",
        caption="The network. n points of d features pass through blocks of convection and "
        "diffusion; c scores a point come out. γ is the length of a diffusion step and r their "
        "number; L = D − W with the weights W of the graph and their row sums D.",
        name="fig1",
    )
    table = Table(
        caption="DiffResNet(in_features=2, classes=2), the network of the synthetic sets",
        header=("Layer", "Kind", "Weight", "Bias", "Parameters"),
        rows=(
            *(
                (
                    row["layer"],
                    tuple(Cell(str(row[key])) for key in ("kind", "weight", "bias", "parameters")),
                )
                for row in rows
            ),
            ("all", (Cell(""), Cell(""), Cell(""), Cell(str(total)))),
        ),
        note="The diffusion has nothing to train.",
    )
    section = Section(
        title="Diff-ResNet (Fig. 1 of the paper)",
        text=(
            "A residual block moves every point by itself, as a step of dx/dt = f(x, θ(t)). "
            "Diffusion then moves all points along a graph that links like to like, by r steps of "
            "dx/dt = −L x. Doing one after the other is Lie–Trotter splitting of the equation "
            "that has both. A linear layer reads the classes off where the points have come to.",
        ),
        tables=(table,),
        galleries=((picture,),),
    )
    return Part(
        section,
        [*rows, {"layer": "all", "parameters": total}],
        f"DiffResNet(2, 2) has {total} parameters, all in its linear layers.",
    )


EXPERIMENT = Experiment("fig1", "The network (Fig. 1)", {"network": _part})
