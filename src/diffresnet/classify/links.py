"""Links of new rows to the fitted points, by which they take averages over their neighbours."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor
from torch.nn.functional import embedding_bag

from ..similarity import GraphSettings, Neighbours
from ..similarity.weights import bandwidth, gaussian


@dataclass(frozen=True)
class Links:
    """Weights of m new rows to fitted points, row by row, with those of 0 left out.

    Attributes
    ----------
    near : (e,) fitted point at the end of each link.
    share : (e,) float32; the links of a row sum to 1.
    starts : (m,) where the links of each row begin.
    """

    near: Int[Tensor, " e"]
    share: Float[Tensor, " e"]
    starts: Int[Tensor, " m"]

    @classmethod
    def of(
        cls,
        neighbours: Neighbours,
        widths: Float[np.ndarray, " n"],
        settings: GraphSettings,
    ) -> Links:
        """Weigh the neighbours of new rows by Gaussians; `widths` (n,) are those of the points."""
        near = neighbours.indices.cpu()
        distances = neighbours.distances.double().cpu()
        other = torch.from_numpy(widths)[near].double()
        w = gaussian(distances, bandwidth(distances, settings), other, settings)
        near, w = near[:, : settings.n_neighbors], w[:, : settings.n_neighbors]
        total = w.sum(dim=1, keepdim=True)
        w /= torch.where(total > 0, total, 1.0)
        linked = w > 0
        count = linked.sum(dim=1)
        return cls(near[linked], w[linked].float(), count.cumsum(0) - count)

    def average(self, table: Float[Tensor, "n c"]) -> Float[Tensor, "m c"]:
        """Average rows of a float32 table over the links; a row without any gets 0."""
        return embedding_bag(
            self.near, table, self.starts, mode="sum", per_sample_weights=self.share
        )

    def touch(self, points: Bool[np.ndarray, " n"]) -> Bool[np.ndarray, " m"]:
        """Return which rows have a link to one of some points."""
        flags = torch.from_numpy(points.astype(np.float32))[:, None]
        # Unweighted: the faintest link counts.
        return (embedding_bag(self.near, flags, self.starts, mode="sum")[:, 0] > 0).numpy()
