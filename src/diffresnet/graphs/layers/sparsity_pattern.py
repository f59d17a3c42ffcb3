"""Sparse products whose values are learned, or dropped, and differ from replica to replica."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Self

import numpy as np
import scipy.sparse
import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor, nn

CHUNK = 2**17
"""Numbers gathered at once on a CPU."""


class SparsityPattern(nn.Module):
    """The positions of the entries of a sparse matrix; the values come with every call.

    With entries e = (row, column), batches b (replicas, or replicas times heads):

        spmm(w, x)[b, i]  = sum over e in row i of w[b, e] x[b, column(e)]
        sddmm(y, x)[b, e] = y[b, row(e)] . x[b, column(e)]

    Each is the other's gradient, so that no gradient stores more than its arguments. On a graph,
    rows are nodes and columns their neighbours: `spmm` is a weighted sum over messages.

    Attributes
    ----------
    rows, columns : (e,)
        Of every entry, row by row. They are buffers, as all tensors of a pattern.
    shape : (r, c)
    """

    rows: Int[Tensor, " e"]
    columns: Int[Tensor, " e"]
    _order: Int[Tensor, " e"]
    _starts: Int[Tensor, " r_plus_1"]
    _starts_transposed: Int[Tensor, " c_plus_1"]

    def __init__(self, matrix: scipy.sparse.csr_array, device: torch.device | str = "cpu") -> None:
        super().__init__()
        self.shape: tuple[int, int] = matrix.shape
        r, c = self.shape
        rows = np.repeat(np.arange(r), np.diff(matrix.indptr))
        columns = matrix.indices.astype(np.int64)
        order = np.argsort(columns, kind="stable")
        counts = np.bincount(columns, minlength=c)

        arrays = {
            "rows": rows,
            "columns": columns,
            "_order": order,
            "_starts": matrix.indptr,
            "_starts_transposed": np.concatenate([[0], np.cumsum(counts)]),
        }
        for name, array in arrays.items():
            tensor = torch.from_numpy(array.astype(np.int64)).to(device)
            self.register_buffer(name, tensor, persistent=False)
        self._bags: dict[int, list[Tensor]] = {}

    def __len__(self) -> int:
        return self.rows.numel()

    def spmm(
        self, values: Float[Tensor, "b e"], x: Float[Tensor, "b c h"]
    ) -> Float[Tensor, "b r h"]:
        """Multiply the matrix with these values by x; a gradient to both."""
        product: Tensor = _SpMM.apply(values, x, self)
        return product

    def sddmm(self, y: Float[Tensor, "b r h"], x: Float[Tensor, "b c h"]) -> Float[Tensor, "b e"]:
        """Return y_row . x_column for every entry; a gradient to both."""
        products: Tensor = _SDDMM.apply(y, x, self)
        return products

    def edge_sum(self, y: Float[Tensor, "b r"], x: Float[Tensor, "b c"]) -> Float[Tensor, "b e"]:
        """Return y_row + x_column for every entry, which is (y_row, 1) . (1, x_column)."""
        return self.sddmm(
            torch.stack([y, torch.ones_like(y)], 2), torch.stack([torch.ones_like(x), x], 2)
        )

    def row_sum(self, values: Float[Tensor, "b e"]) -> Float[Tensor, "b r"]:
        """Sum the values in each row."""
        sums = values.new_zeros(len(values), self.shape[0])
        return sums.scatter_add(1, self.rows.expand_as(values), values)

    def row_max(self, x: Float[Tensor, "b c h"]) -> Float[Tensor, "b r h"]:
        """Return the largest value of each feature over the entries of a row; 0 if it has none."""
        b, _, h = x.shape
        indices, starts, *_ = self._batched(b)
        highest = F.embedding_bag(
            indices, x.reshape(-1, h), starts, mode="max", include_last_offset=True
        )
        return highest.view(b, self.shape[0], h)

    def row_softmax(self, scores: Float[Tensor, "b e"]) -> Float[Tensor, "b e"]:
        """Return exp(s) over its sum in the row, with the row's largest score taken off first."""
        weights: Tensor = _RowSoftmax.apply(scores, self)
        return weights

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> Self:
        self._bags = {}
        return super()._apply(fn, recurse)

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
        """Return indices and starts of b diagonal copies, of the matrix and of its transpose."""
        if b not in self._bags:
            (r, c), count = self.shape, len(self)
            copy = torch.arange(b, device=self.rows.device)[:, None]

            def starts(single: Tensor) -> Tensor:
                last = single.new_tensor([b * count])
                return torch.cat([(single[:-1] + copy * count).view(-1), last])

            self._bags = {  # of the last number of batches only
                b: [
                    (self.columns + copy * c).view(-1),
                    starts(self._starts),
                    (self.rows[self._order] + copy * r).view(-1),
                    starts(self._starts_transposed),
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


class _SpMM(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, values: Tensor, x: Tensor, pattern: SparsityPattern) -> Tensor:
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


class _SDDMM(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, y: Tensor, x: Tensor, pattern: SparsityPattern) -> Tensor:
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


class _RowSoftmax(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, scores: Tensor, pattern: SparsityPattern) -> Tensor:
        low = scores.new_full((len(scores), pattern.shape[0]), -torch.inf)
        row_max = low.scatter_reduce(1, pattern.rows.expand_as(scores), scores, "amax")
        exponentials = torch.exp(scores - row_max.index_select(1, pattern.rows))
        weights = exponentials / pattern.row_sum(exponentials).index_select(1, pattern.rows)
        ctx.save_for_backward(weights)
        ctx.pattern = pattern
        return weights

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None]:
        (weights,) = ctx.saved_tensors
        weighted = weights * grad
        sums = ctx.pattern.row_sum(weighted).index_select(1, ctx.pattern.rows)
        return weighted - weights * sums, None
