"""The domain of diffusion: a graph and the features of its points, without labels."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import scipy.sparse
import torch
from jaxtyping import Float
from torch import Tensor

from ..operators import SparseLaplacian
from .features import DiffusedFeatures, FlowName, diffuse_features


@dataclass(frozen=True)
class Domain:
    """Points of a graph. What follows from these alone is computed once, whatever the labels.

    Attributes
    ----------
    graph : (n, n) symmetric weights.
    x : (n, d) features, or None to propagate class scores alone.
    device : where to compute.
    unit : whether a head reads rows of length 1, as where directions are compared.
    """

    graph: scipy.sparse.csr_array
    x: Float[Tensor, "n d"] | None
    device: torch.device
    unit: bool = True
    _diffused: dict[tuple[float, str], DiffusedFeatures] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    @cached_property
    def laplacian(self) -> SparseLaplacian:
        """Of the random walk on the graph."""
        return SparseLaplacian.random_walk(self.graph, device=self.device)

    @cached_property
    def degree(self) -> Float[Tensor, " n"]:
        """Sum of the weights of each point."""
        degree = np.asarray(self.graph.sum(axis=1))
        return torch.from_numpy(degree).to(self.device, torch.float32)

    def diffuse(self, time: float, flow: FlowName) -> DiffusedFeatures:
        """Diffuse the features for some time."""
        assert self.x is not None
        if time == 0:  # as large as the features, and soon computed again
            return diffuse_features(self.laplacian, self.x, time, flow, self.unit)
        if (time, flow) not in self._diffused:
            self._diffused.clear()  # one time is enough for one set of classes
            self._diffused[time, flow] = diffuse_features(
                self.laplacian, self.x, time, flow, self.unit
            )
        return self._diffused[time, flow]

    def directions(self, time: float) -> DiffusedFeatures:
        """Diffuse the features for some time, to be compared by directions, also in tables."""
        return replace(self.diffuse(time, "implicit"), length=None)

    def on_cpu(self) -> Domain:
        """Return the domain where explanations are computed."""
        if self.device.type == "cpu":
            return self
        return replace(self, x=None if self.x is None else self.x.cpu(), device=torch.device("cpu"))

    def __getstate__(self) -> dict[str, Any]:
        """Return what a pickle keeps: all but what is computed again."""
        kept = {name: vars(self)[name] for name in ("graph", "x", "device", "unit")}
        return kept | {"_diffused": {}}
