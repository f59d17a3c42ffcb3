"""The convection step: one residual block (eq. 5 and 6)."""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor, nn


class ResidualBlock(nn.Module):
    """x <- x + W2 ReLU(W1 x + b1) + b2, every point by itself.

    Parameters
    ----------
    width : int
        Number of features d.
    hidden : int, optional
        Width of the hidden layer; d if not given, as in the paper.
    """

    def __init__(self, width: int, hidden: int | None = None) -> None:
        super().__init__()
        self.fc1 = nn.Linear(width, hidden or width)
        self.relu = nn.ReLU()
        self.fc2 = nn.Linear(hidden or width, width)

    def forward(self, x: Float[Tensor, "*n d"]) -> Float[Tensor, "*n d"]:
        return x + self.fc2(self.relu(self.fc1(x)))
