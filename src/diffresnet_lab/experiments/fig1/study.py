"""The layers of a network, as they are built."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from torch import nn

from diffresnet.nn import DiffResNet, DiffusionLayer


def layer_rows(network: DiffResNet) -> Iterator[dict[str, Any]]:
    """Yield a row for each layer in the order of the data: its shapes and parameters.

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
