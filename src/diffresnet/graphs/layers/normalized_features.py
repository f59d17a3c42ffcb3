"""Features with normalized rows times weights: what is dense of them is never formed."""

from __future__ import annotations

from typing import Literal

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from ..node_data import NodeData, inverse_row_norms
from .sparse_features import SparseFeatures

RowScaling = Literal["centred", "unit", "raw"]
"""Normalization of the rows of the features before they are multiplied."""


class NormalizedFeatures(nn.Module):
    """`features(W, p)` is X' W for every replica, with X' normalized from dropout(X, p) by rows.

    For "unit" a row x_i becomes u_i = x_i / |x_i|. For "centred" it becomes v_i / |v_i|,
    v_i = u_i - u, with u the mean of all u_j: what all nodes have in common says nothing of their
    class, and where it is much, as with hundreds of words a node, weights would have to be large
    to tell classes apart. X' is then dense but u is one row, so that X' W = (x_i W / |x_i| - u W) /
    |v_i| costs what the entries of X cost. Zero rows stay zero. Lengths and u are those of X, not
    of dropout(X, p).
    """

    scale: Float[Tensor, "n 1"]
    mean: Float[Tensor, "1 f"] | None
    mean_scale: Float[Tensor, "n 1"] | None

    def __init__(self, data: NodeData, scaling: RowScaling) -> None:
        super().__init__()
        self.features = SparseFeatures(data)
        self.width = self.features.width
        scale = np.ones(len(data)) if scaling == "raw" else inverse_row_norms(data.features)
        mean = mean_scale = None
        if scaling == "centred":
            unit = data.features.multiply(scale[:, None]).tocsr().astype(np.float64)
            mean = np.asarray(unit.mean(axis=0)).ravel()
            squares = np.asarray(unit.multiply(unit).sum(axis=1)).ravel()
            left = squares - 2.0 * (unit @ mean) + mean @ mean
            # a row that is the mean itself is left with rounding alone
            nonzero = (squares > 0) & (left > 1e-9)
            mean_scale = np.where(nonzero, 1.0 / np.sqrt(left.clip(1e-9)), 0.0)
            scale = scale * mean_scale

        def buffer(name: str, array: np.ndarray | None, axis: int) -> None:
            tensor = None
            if array is not None:
                tensor = torch.from_numpy(array).float().to(data.device).unsqueeze(axis)
            self.register_buffer(name, tensor, persistent=False)

        buffer("scale", scale, 1)
        buffer("mean", mean, 0)
        buffer("mean_scale", mean_scale, 1)

    def forward(self, weight: Float[Tensor, "m f h"], p: float = 0.0) -> Float[Tensor, "m n h"]:
        product: Tensor = self.scale * self.features(weight, p)
        if self.mean is None or self.mean_scale is None:
            return product
        return product - self.mean_scale * (self.mean.to(weight.dtype) @ weight)
