"""Rows of length 1, with their mean or without it, times weights: the features stay sparse."""

from __future__ import annotations

from typing import Literal

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from ..node_data import NodeData, row_scale
from .linear import Features

Rows = Literal["centred", "unit", "raw"]
"""What is done to the rows of the features before they are multiplied."""


class UnitRows:
    """`rows(W, p)` is X' W for every member, where X' is made of dropout(X, p) row by row.

    For "unit" a row x_i becomes u_i = x_i / |x_i|. For "centred" it becomes v_i / |v_i|,
    v_i = u_i - u, with u the mean of all u_j: what all nodes have in common says nothing of their
    class, and where it is much, as with hundreds of words a node, weights would have to be large
    to tell classes apart. X' is then dense but u is one row, so that X' W = (x_i W / |x_i| - u W) /
    |v_i| costs what the entries of X cost. Zero rows stay zero. Lengths and u are those of X, not
    of dropout(X, p).
    """

    def __init__(self, data: NodeData, rows: Rows) -> None:
        self._features = Features(data)
        self.width = self._features.width
        scale = np.ones(len(data)) if rows == "raw" else row_scale(data.features)
        self._mean: Float[Tensor, "1 f"] | None = None
        if rows == "centred":
            unit = data.features.multiply(scale[:, None]).tocsr().astype(np.float64)
            mean = np.asarray(unit.mean(axis=0)).ravel()
            squares = np.asarray(unit.multiply(unit).sum(axis=1)).ravel()
            left = squares - 2.0 * (unit @ mean) + mean @ mean
            # a row that is the mean itself is left with rounding alone
            outer = np.where((squares > 0) & (left > 1e-9), 1.0 / np.sqrt(left.clip(1e-9)), 0.0)
            scale = scale * outer
            self._mean = torch.from_numpy(mean).float().to(data.device)[None]
            self._outer = torch.from_numpy(outer).float().to(data.device)[:, None]
        self._scale = torch.from_numpy(scale).float().to(data.device)[:, None]

    def __call__(self, weight: Float[Tensor, "m f h"], p: float = 0.0) -> Float[Tensor, "m n h"]:
        product = self._scale * self._features(weight, p)
        if self._mean is None:
            return product
        return product - self._outer * (self._mean.to(weight.dtype) @ weight)
