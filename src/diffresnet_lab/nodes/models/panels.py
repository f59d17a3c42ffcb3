"""Wide features in panels of columns, few enough that a panel stays in the cache."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np
import scipy.sparse
import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from diffresnet.graphs.layers.dropout_mask import drop_, mask_key, stretch

PANEL = 256
"""Columns that are moved together on a CPU, at most."""

NARROW = 32
"""Columns that are moved together on a CPU, at least: fewer cost more calls than caches give."""

PANEL_BYTES = 4 * 2**20
"""A panel of all nodes is no larger, if it can be: steps of a diffusion find it in the cache.

On Pubmed (19,717 nodes, one core of an EPYC with 32 MiB of shared cache) an epoch took 0.28 s in
panels of 32 columns, 0.42 to 0.62 in panels of 256.
"""

SPARSE = 1 / 20
"""Features with a smaller share of entries that are not zero are added entry by entry."""


def panel_width(width: int, nodes: int, device: torch.device) -> int:
    """Columns of a panel, a power of two; on other devices than a CPU one panel has all of them."""
    if device.type != "cpu":
        return width
    widest = PANEL
    while widest > NARROW and 4 * nodes * widest > PANEL_BYTES:
        widest //= 2
    return min(widest, width)


def to_panels(matrix: Float[Tensor, "m f g"], width: int) -> Float[Tensor, "m p f w"]:
    """Panels of `width` columns, each contiguous; the last is filled up with zeros."""
    m, f, g = matrix.shape
    panels = -(-g // width)
    padded = F.pad(matrix, (0, panels * width - g))
    return padded.view(m, f, panels, width).transpose(1, 2).contiguous()


def from_panels(panels: Float[Tensor, "m p f w"], columns: int) -> Float[Tensor, "m f g"]:
    """The matrix of so many columns that `to_panels` cut up."""
    m, _, f, _ = panels.shape
    return panels.transpose(1, 2).reshape(m, f, -1)[:, :, :columns]


class FeaturePanels:
    """The nodes' features, to be added to panels."""

    def __init__(self, features: scipy.sparse.csr_array, width: int, device: torch.device) -> None:
        n, f = features.shape
        columns = features.tocsc()
        self._sparse = features.nnz < SPARSE * n * f
        self._parts: list[tuple[Tensor, Tensor] | Tensor] = []
        for low in range(0, f, width):
            part = columns[:, low : low + width].tocoo()
            if self._sparse:
                at = part.row.astype(np.int64) * part.shape[1] + part.col
                self._parts.append(
                    (torch.from_numpy(at).to(device), torch.from_numpy(part.data).to(device))
                )
            else:
                self._parts.append(torch.from_numpy(part.toarray()).to(device))

    def add_to(self, z: Float[Tensor, "n w"], index: int) -> Float[Tensor, "n w"]:
        """z and the features of the panel of that index."""
        part = self._parts[index]
        if isinstance(part, Tensor):
            return z + part
        moved = z.clone()
        moved.view(-1).index_add_(0, *part)
        return moved


class PanelMap(ABC):
    """A linear map of all columns alike, but for what is drawn for each panel."""

    @abstractmethod
    def forward(self, panel: Float[Tensor, "n w"], index: int) -> Float[Tensor, "k w"]:
        """The map of the panel of that index, which may be overwritten."""

    @abstractmethod
    def backward(self, grad: Float[Tensor, "k w"], index: int) -> Float[Tensor, "n w"]:
        """The transposed map; it may overwrite its argument."""


class Dropout(PanelMap):
    """Dropout, with 1 / (1 - p) for what stays; with p = 0 the identity."""

    def __init__(self, p: float, seed: int = 0) -> None:
        self._p, self._seed = p, seed

    def forward(self, panel: Float[Tensor, "n w"], index: int) -> Float[Tensor, "n w"]:
        return self._dropped(panel, index)

    def backward(self, grad: Float[Tensor, "n w"], index: int) -> Float[Tensor, "n w"]:
        return self._dropped(grad, index)

    def _dropped(self, panel: Tensor, index: int) -> Tensor:
        if self._p == 0.0:
            return panel
        return drop_(panel, self._p, mask_key(self._seed, index)).mul_(stretch(self._p))
