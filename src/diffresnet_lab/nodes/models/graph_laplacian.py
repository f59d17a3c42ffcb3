"""The Laplacian of a graph as part of a module."""

from __future__ import annotations

from collections.abc import Callable
from typing import Self

import torch
from torch import Tensor, nn

from diffresnet.operators import SparseLaplacian


class GraphLaplacian(nn.Module):
    """Holder of a `SparseLaplacian` that follows `.to(device)` and `.double()` of its module.

    A Laplacian moves as a whole; an empty buffer stands for its tensors, and tells where to.
    """

    def __init__(self, operator: SparseLaplacian) -> None:
        super().__init__()
        self.operator = operator
        place = torch.empty(0, dtype=operator.dtype, device=operator.device)
        self.register_buffer("place", place, persistent=False)

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> Self:
        super()._apply(fn, recurse)
        place = self.get_buffer("place")
        self.operator = self.operator.to(place.device, place.dtype)
        return self
