"""Features times weights where most entries are not zero: a dense product is many times faster."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn

from ..node_data import NodeData, inverse_row_norms
from .dropout import dropout
from .normalized_features import NormalizedFeatures

DENSE_SHARE = 0.25
"""Share of the entries from which on features are multiplied as dense."""


class DenseUnitFeatures(nn.Module):
    """`features(W, p)` is dropout(X, p) W for every replica, with the rows of X of length 1.

    Memory is m n f while training with dropout, n f otherwise.
    """

    rows: Float[Tensor, "n f"]

    def __init__(self, data: NodeData) -> None:
        super().__init__()
        self.width = data.features.shape[1]
        unit = data.features.multiply(inverse_row_norms(data.features)[:, None])
        rows = torch.from_numpy(unit.toarray()).float().to(data.device)
        self.register_buffer("rows", rows, persistent=False)

    def forward(self, weight: Float[Tensor, "m f h"], p: float = 0.0) -> Float[Tensor, "m n h"]:
        if not p:
            return self.rows @ weight
        return dropout(self.rows.expand(len(weight), -1, -1), p) @ weight


def unit_features(data: NodeData) -> DenseUnitFeatures | NormalizedFeatures:
    """Return the features with rows of length 1, as dense or as sparse as they are."""
    n, width = data.features.shape
    if data.features.nnz >= DENSE_SHARE * n * width:
        return DenseUnitFeatures(data)
    return NormalizedFeatures(data, "unit")
