"""Extreme distances between two sets of points: screened by inner products, settled by differences.

A product of matrices gives all squared distances |x|^2 + |y|^2 - 2 x.y at once, with an error that
is bounded; only pairs that this error leaves in doubt are measured by their differences, which
lose nothing where points lie close together.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from jaxtyping import Bool, Float
from torch import Tensor


class Pair(NamedTuple):
    """Distance of two points, with their rows."""

    distance: float
    row: int
    column: int


def distances(x: Float[Tensor, "n d"], y: Float[Tensor, "m d"]) -> Float[Tensor, "n m"]:
    """Return |x_i - y_j|, by differences."""
    return torch.cdist(x, y, compute_mode="donot_use_mm_for_euclid_dist")


def farthest(x: Float[Tensor, "n d"], y: Float[Tensor, "m d"], above: float) -> float:
    """Return the largest |x_i - y_j|, or `above` where none is larger."""
    squares, error = _screen(x, y)
    top = float(squares.max())
    if top + error <= above**2:
        return above
    open_ = squares >= top - 2.0 * error
    return max(above, float(distances(x[open_.any(1)], y[open_.any(0)]).max()))


def nearest(
    x: Float[Tensor, "n d"],
    y: Float[Tensor, "m d"],
    below: float,
    counted: Bool[Tensor, "n m"],
) -> Pair | None:
    """Return the smallest |x_i - y_j| among counted pairs, or None if none is below.

    Parameters
    ----------
    counted : (n, m)
        Mask of the pairs that count.
    """
    squares, error = _screen(x, y)
    squares.masked_fill_(~counted, torch.inf)
    least = float(squares.min())
    if least == float("inf") or least - error >= below**2:
        return None
    open_ = squares <= least + 2.0 * error
    rows, columns = open_.any(1).nonzero()[:, 0], open_.any(0).nonzero()[:, 0]
    exact = distances(x[rows], y[columns])
    exact.masked_fill_(~counted[rows][:, columns], torch.inf)
    index = int(exact.argmin())
    row, column = divmod(index, len(columns))
    distance = float(exact[row, column])
    return Pair(distance, int(rows[row]), int(columns[column])) if distance < below else None


def _screen(x: Float[Tensor, "n d"], y: Float[Tensor, "m d"]) -> tuple[Float[Tensor, "n m"], float]:
    """Return squared distances by one product of matrices, and a bound of their error.

    A sum of d products, in any order, is off by at most d u sum |x_k y_k| with u half of eps, so
    that each square is off by less than (d + 4) u (|x| + |y|)^2; the bound is twice as wide.
    """
    # Near the origin the error is smallest; moving there is an error of its own, of one part in u.
    centre = (x.mean(0) + y.mean(0)) / 2.0
    x, y = x - centre, y - centre
    square, other = x.square().sum(1), y.square().sum(1)
    squares = torch.addmm(other[None, :], x, y.T, alpha=-2.0).add_(square[:, None])
    reach = float(square.max().sqrt() + other.max().sqrt())
    return squares, (x.shape[1] + 8) * _unit(x.dtype) * reach**2


def _unit(dtype: torch.dtype) -> float:
    # A caller may have allowed products in tf32 or bf16, of 11 and 8 bits.
    if dtype == torch.float32 and torch.get_float32_matmul_precision() != "highest":
        return 2.0**-7
    return torch.finfo(dtype).eps
