"""Products with the sparse matrices of a graph, for every replica, as modules."""

from __future__ import annotations

from collections.abc import Callable
from typing import Self

from jaxtyping import Float, Int
from torch import Tensor, nn

from ...operators.matrix import SparseMatrix
from ..node_data import NodeData
from .dropout import dropout
from .linear import ReplicatedLinear
from .sparsity_pattern import SparsityPattern


class SparseProduct(nn.Module):
    """A z for every replica, with A fixed and sparse: one product of all their columns.

    The arrays of A are buffers, so that they follow `.to(device)` and `.double()`; they are shared
    with the matrix that is given, and are not part of the state dict.
    """

    indptr: Int[Tensor, " n_plus_1"]
    indices: Int[Tensor, " nnz"]
    values: Float[Tensor, " nnz"]

    def __init__(self, matrix: SparseMatrix) -> None:
        super().__init__()
        self.matrix = matrix
        for name in ("indptr", "indices", "values"):
            self.register_buffer(name, getattr(matrix, name), persistent=False)

    def forward(self, z: Float[Tensor, "m c h"]) -> Float[Tensor, "m n h"]:
        m, c, h = z.shape
        wide = self.matrix.differentiable(z.transpose(0, 1).reshape(c, m * h))
        return wide.view(-1, m, h).transpose(0, 1)

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> Self:
        super()._apply(fn, recurse)
        self.matrix = SparseMatrix(self.indptr, self.indices, self.values, self.matrix.columns)
        return self


class SparseFeatures(nn.Module):
    """The features of the nodes, kept sparse: `features(W, p)` is dropout(X, p) W.

    Each replica drops entries of its own. 98% of a bag of words is zero, so that a dropped X costs
    what its entries cost.
    """

    def __init__(self, data: NodeData) -> None:
        super().__init__()
        self.width = data.features.shape[1]
        self.product = SparseProduct(data.feature_matrix)
        self.pattern = SparsityPattern(data.features, data.device)

    def forward(self, weight: Float[Tensor, "m f h"], p: float = 0.0) -> Float[Tensor, "m n h"]:
        if not p:
            product: Tensor = self.product(weight)
            return product
        kept = dropout(self.product.values.expand(len(weight), -1), p)
        return self.pattern.spmm(kept, weight)


class SparseLinear(nn.Module):
    """The first layer of a network: dropout(X, p) W + b for sparse features X."""

    def __init__(self, data: NodeData, linear: ReplicatedLinear) -> None:
        super().__init__()
        self.features = SparseFeatures(data)
        self.weight, self.bias = linear.weight, linear.bias

    def forward(
        self, p: float = 0.0, rows: Int[Tensor, " k"] | None = None
    ) -> Float[Tensor, "m k h"]:
        """Return the output of some nodes, or of all."""
        product: Tensor = self.features(self.weight, p)
        return (product if rows is None else product[:, rows]) + self.bias[:, None]
