"""Points in bfloat16, whose products say in a fraction of the time which may be near."""

from __future__ import annotations

import os
from functools import cache

import torch
from jaxtyping import Float, Int
from torch import Tensor

from .selection import largest

# oneDNN keeps what it makes for each shape, of 1,024 by default: with a shape for every cluster
# that was 0.5 GiB. It reads this once, at its first product.
os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "64")

# Bounds of the relative error of a bfloat16 number and of a float32 sum, with some to spare.
ROUNDING, SUMMING = 2.0**-8, 2.0**-14
# Columns are filled up to a multiple of this, as the processor's tiles are.
TILE = 32
# Rows whose rounding is measured together.
PART = 2**16


@cache
def has_tiles() -> bool:
    """Return whether the processor multiplies bfloat16 matrices in hardware (AMX)."""
    ask = getattr(torch.cpu, "get_capabilities", None)  # not in the oldest PyTorch
    return ask is not None and bool(ask().get("amx_bf16"))


def is_faster_rounded(x: Tensor) -> bool:
    """Return whether products of these points are faster in bfloat16."""
    single = x.layout == torch.strided and x.dtype == torch.float32
    return single and x.device.type == "cpu" and has_tiles()


class RoundedPoints:
    """Points rounded to bfloat16.

    Half the squared distance of a row to a point, q = |x|^2 / 2 + |y|^2 / 2 - <x, y>, is one
    product, in which three bfloat16 columns hold a norm to 24 bits. Where x is off by e and y by f
    in rounding, q is off by no more than |e| |y| + |x| |f|, besides what sums and the result lose.

    Parameters
    ----------
    x : (n, d) centred.
    square : (n,) their squared norms.
    """

    def __init__(self, x: Float[Tensor, "n d"], square: Float[Tensor, " n"]) -> None:
        self._columns = rounded_points(x, square).T.contiguous()
        self._length = square.max().sqrt()
        parts = [_rounding(part).max() for part in x.split(PART)]  # no second copy of all points
        self._error = torch.stack(parts).max()

    def nearest(
        self, rows: Float[Tensor, "c d"], width: int, own: Int[Tensor, " c"] | None = None
    ) -> tuple[Int[Tensor, "c w"], Float[Tensor, " c"]]:
        """Find candidates for the nearest points of rows.

        Parameters
        ----------
        own : the points that the rows are, where none is its own neighbour.

        Returns
        -------
        candidates : (c, width) points, in no order.
        beyond : (c,) distance that all other points are at least away.
        """
        square = torch.linalg.vecdot(rows, rows)
        scores = as_integers(rounded_rows(rows, square) @ self._columns).bitwise_not_()
        if own is not None:
            scores.scatter_(1, own[:, None], torch.iinfo(torch.int16).min)
        best = largest(scores, width)
        last = scores.gather(1, best).amin(1).bitwise_not_().view(torch.bfloat16).float()
        error = _rounding(rows)
        length = square.sqrt()
        off = error * self._length + (length + error) * self._error
        off += SUMMING * (length + self._length) ** 2
        return best, (2.0 * (last * (1.0 - ROUNDING) - off)).clamp_min(0.0).sqrt()


def rounded_points(x: Float[Tensor, "n d"], square: Float[Tensor, " n"]) -> Tensor:
    """Return bfloat16 points to be compared with `rounded_rows`, both (n, D)."""
    norms = _in_three(square / 2)
    return _filled(x.bfloat16(), norms, torch.ones_like(norms))


def rounded_rows(x: Float[Tensor, "c d"], square: Float[Tensor, " c"]) -> Tensor:
    """Return bfloat16 rows to be compared with `rounded_points`."""
    norms = _in_three(square / 2)
    return _filled(-x.bfloat16(), torch.ones_like(norms), norms)


def as_integers(half_squares: Tensor) -> Int[Tensor, "*c n"]:
    """Return half squared distances as the int16 of their bits in bfloat16: the less, the nearer.

    Numbers that are not negative are ordered as these are, and integers are compared faster. The
    few below 0 by rounding are taken for the nearest.
    """
    return half_squares.bfloat16().view(torch.int16)


def _rounding(x: Float[Tensor, "n d"]) -> Float[Tensor, " n"]:
    """Return how far rows are from themselves in bfloat16."""
    return (x - x.bfloat16().float()).norm(dim=1)


def _in_three(values: Float[Tensor, " n"]) -> Tensor:
    """Return three bfloat16 columns that sum to the values."""
    parts = []
    for _ in range(3):
        parts.append(values.bfloat16())
        values = values - parts[-1].float()
    return torch.stack(parts, dim=1)


def _filled(*columns: Tensor) -> Tensor:
    """Return columns side by side, and zeros up to whole tiles."""
    width = sum(each.shape[1] for each in columns)
    filled = columns[0].new_zeros(len(columns[0]), width + -width % TILE)
    torch.cat(columns, dim=1, out=filled[:, :width])
    return filled
