"""Sparse products whose values are learned, or dropped, and differ from member to member."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse
import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor

CHUNK = 2**17
"""Numbers gathered at once on a CPU."""


class Pattern:
    """Where a sparse matrix has entries; the values come with every call.

    With entries e = (row, column), batches b (members, or members times heads):

        product(w, x)[b, i] = sum over e in row i of w[b, e] x[b, column(e)]
        dots(y, x)[b, e]    = y[b, row(e)] . x[b, column(e)]

    Each is the other's gradient, so that no gradient stores more than its arguments.

    Attributes
    ----------
    rows, columns : (e,)
        Of every entry, row by row.
    shape : (r, c)
    """

    def __init__(self, matrix: scipy.sparse.csr_array, device: torch.device | str = "cpu") -> None:
        self.shape: tuple[int, int] = matrix.shape
        r, c = self.shape
        rows = np.repeat(np.arange(r), np.diff(matrix.indptr))
        columns = matrix.indices.astype(np.int64)
        order = np.argsort(columns, kind="stable")
        counts = np.bincount(columns, minlength=c)

        def tensor(array: np.ndarray) -> Int[Tensor, " k"]:
            return torch.from_numpy(array.astype(np.int64)).to(device)

        self.rows, self.columns = tensor(rows), tensor(columns)
        self._order = tensor(order)
        self._starts = tensor(matrix.indptr)
        self._starts_down = tensor(np.concatenate([[0], np.cumsum(counts)]))
        self._bags: dict[int, list[Tensor]] = {}

    def __len__(self) -> int:
        return self.rows.numel()

    def product(
        self, values: Float[Tensor, "b e"], x: Float[Tensor, "b c h"]
    ) -> Float[Tensor, "b r h"]:
        """The matrix with these values times x; a gradient to both."""
        product: Tensor = _Product.apply(values, x, self)
        return product

    def dots(self, y: Float[Tensor, "b r h"], x: Float[Tensor, "b c h"]) -> Float[Tensor, "b e"]:
        """y_row . x_column for every entry; a gradient to both."""
        dots: Tensor = _Dots.apply(y, x, self)
        return dots

    def maximum(self, x: Float[Tensor, "b c h"]) -> Float[Tensor, "b r h"]:
        """Largest value of each feature over the entries of a row; 0 where it has none."""
        b, _, h = x.shape
        indices, starts, *_ = self._batched(b)
        highest = F.embedding_bag(
            indices, x.reshape(-1, h), starts, mode="max", include_last_offset=True
        )
        return highest.view(b, self.shape[0], h)

    def softmax(self, scores: Float[Tensor, "b e"]) -> Float[Tensor, "b e"]:
        """exp(s) over its sum in the row, with the row's largest score taken off first."""
        weights: Tensor = _Softmax.apply(scores, self)
        return weights

    def ends(self, y: Float[Tensor, "b r"], x: Float[Tensor, "b c"]) -> Float[Tensor, "b e"]:
        """y_row + x_column for every entry, which is (y_row, 1) . (1, x_column)."""
        return self.dots(
            torch.stack([y, torch.ones_like(y)], 2), torch.stack([torch.ones_like(x), x], 2)
        )

    def row_sums(self, values: Float[Tensor, "b e"]) -> Float[Tensor, "b r"]:
        """Sum of the values in each row."""
        sums = values.new_zeros(len(values), self.shape[0])
        return sums.scatter_add(1, self.rows.expand_as(values), values)

    def _sum(self, values: Tensor, x: Tensor, transposed: bool = False) -> Tensor:
        b, _, h = x.shape
        bags = self._batched(b)
        indices, starts = bags[2:] if transposed else bags[:2]
        if transposed:
            values = values[:, self._order]
        return F.embedding_bag(
            indices,
            x.reshape(-1, h),
            starts,
            mode="sum",
            per_sample_weights=values.reshape(-1),
            include_last_offset=True,
        ).view(b, -1, h)

    def _batched(self, b: int) -> list[Tensor]:
        """Indices and starts of b copies down the diagonal, of the matrix and its transpose."""
        if b not in self._bags:
            (r, c), count = self.shape, len(self)
            copy = torch.arange(b, device=self.rows.device)[:, None]

            def starts(one: Tensor) -> Tensor:
                return torch.cat([(one[:-1] + copy * count).view(-1), one.new_tensor([b * count])])

            self._bags = {  # of the last number of batches only
                b: [
                    (self.columns + copy * c).view(-1),
                    starts(self._starts),
                    (self.rows[self._order] + copy * r).view(-1),
                    starts(self._starts_down),
                ]
            }
        return self._bags[b]

    def _dot(self, y: Tensor, x: Tensor) -> Tensor:
        # Gathered rows of all entries at once would be e x h numbers, in memory that is new to
        # the processor every time: some at a time stay in its cache.
        each = max(CHUNK // (x.shape[0] * x.shape[2]), 1) if x.device.type == "cpu" else len(self)
        dots = [
            y.index_select(1, rows).mul_(x.index_select(1, columns)).sum(-1)
            for rows, columns in zip(self.rows.split(each), self.columns.split(each), strict=True)
        ]
        return torch.cat(dots, 1)


class _Product(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, values: Tensor, x: Tensor, pattern: Pattern) -> Tensor:
        ctx.save_for_backward(values, x)
        ctx.pattern = pattern
        return pattern._sum(values, x)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, Tensor | None, None]:
        values, x = ctx.saved_tensors
        to_values, to_x, _ = ctx.needs_input_grad
        return (
            ctx.pattern._dot(grad, x) if to_values else None,
            ctx.pattern._sum(values, grad, transposed=True) if to_x else None,
            None,
        )


class _Dots(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, y: Tensor, x: Tensor, pattern: Pattern) -> Tensor:
        ctx.save_for_backward(y, x)
        ctx.pattern = pattern
        return pattern._dot(y, x)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, Tensor | None, None]:
        y, x = ctx.saved_tensors
        to_y, to_x, _ = ctx.needs_input_grad
        return (
            ctx.pattern._sum(grad, x) if to_y else None,
            ctx.pattern._sum(grad, y, transposed=True) if to_x else None,
            None,
        )


class _Softmax(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, scores: Tensor, pattern: Pattern) -> Tensor:
        low = scores.new_full((len(scores), pattern.shape[0]), -torch.inf)
        top = low.scatter_reduce(1, pattern.rows.expand_as(scores), scores, "amax")
        grown = torch.exp(scores - top.index_select(1, pattern.rows))
        weights = grown / pattern.row_sums(grown).index_select(1, pattern.rows)
        ctx.save_for_backward(weights)
        ctx.pattern = pattern
        return weights

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None]:
        (weights,) = ctx.saved_tensors
        flowing = weights * grad
        sums = ctx.pattern.row_sums(flowing).index_select(1, ctx.pattern.rows)
        return flowing - weights * sums, None
