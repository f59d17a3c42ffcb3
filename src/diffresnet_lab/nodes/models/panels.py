"""Wide features in panels of columns, few enough that a panel stays in the cache."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np
import scipy.sparse
import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from diffresnet.graphs.layers.dropout_mask import drop_, dropout_scale, mask_key

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
    """Return the columns of a panel, a power of two; all of them on other devices than a CPU."""
    if device.type != "cpu":
        return width
    widest = PANEL
    while widest > NARROW and 4 * nodes * widest > PANEL_BYTES:
        widest //= 2
    return min(widest, width)


def to_panels(matrix: Float[Tensor, "m f g"], width: int) -> Float[Tensor, "m p f w"]:
    """Cut into panels of `width` columns, each contiguous; the last is filled up with zeros."""
    m, f, g = matrix.shape
    panels = -(-g // width)
    padded = F.pad(matrix, (0, panels * width - g))
    return padded.view(m, f, panels, width).transpose(1, 2).contiguous()


def from_panels(panels: Float[Tensor, "m p f w"], columns: int) -> Float[Tensor, "m f g"]:
    """Return the matrix of so many columns that `to_panels` cut up."""
    m, _, f, _ = panels.shape
    return panels.transpose(1, 2).reshape(m, f, -1)[:, :, :columns]


class FeaturePanels(nn.Module):
    """The features of the nodes, to be added to panels; sparse ones entry by entry."""

    def __init__(self, features: scipy.sparse.csr_array, width: int, device: torch.device) -> None:
        super().__init__()
        n, f = features.shape
        columns = features.tocsc()
        self._sparse = features.nnz < SPARSE * n * f
        for index, low in enumerate(range(0, f, width)):
            panel = columns[:, low : low + width].tocoo()
            arrays = {"values": panel.toarray()}
            if self._sparse:
                positions = panel.row.astype(np.int64) * panel.shape[1] + panel.col
                arrays = {"values": panel.data, "positions": positions}
            for name, array in arrays.items():
                tensor = torch.from_numpy(array).to(device)
                self.register_buffer(f"{name}_{index}", tensor, persistent=False)

    def add_to(self, z: Float[Tensor, "n w"], index: int) -> Float[Tensor, "n w"]:
        """Return z plus the panel of that index."""
        values = self.get_buffer(f"values_{index}")
        if not self._sparse:
            return z + values
        total = z.clone()
        total.view(-1).index_add_(0, self.get_buffer(f"positions_{index}"), values)
        return total


class PanelMap(ABC):
    """A linear map of all columns alike, but for what is drawn for each panel."""

    @abstractmethod
    def forward(self, panel: Float[Tensor, "n w"], index: int) -> Float[Tensor, "k w"]:
        """Return the map of the panel of that index, which may be overwritten."""

    @abstractmethod
    def backward(self, grad: Float[Tensor, "k w"], index: int) -> Float[Tensor, "n w"]:
        """Return the transposed map; it may overwrite its argument."""


class PanelDropout(PanelMap):
    """Dropout, with 1 / (1 - p) for the kept entries; with p = 0 the identity."""

    def __init__(self, p: float, seed: int = 0) -> None:
        self._p, self._seed = p, seed

    def forward(self, panel: Float[Tensor, "n w"], index: int) -> Float[Tensor, "n w"]:
        return self._dropped(panel, index)

    def backward(self, grad: Float[Tensor, "n w"], index: int) -> Float[Tensor, "n w"]:
        return self._dropped(grad, index)

    def _dropped(self, panel: Tensor, index: int) -> Tensor:
        if self._p == 0.0:
            return panel
        return drop_(panel, self._p, mask_key(self._seed, index)).mul_(dropout_scale(self._p))
