"""Diff-ResNet: residual blocks, each followed by diffusion, and a linear classifier."""

from __future__ import annotations

from typing import Any, Literal

import torch
from jaxtyping import Float
from torch import Tensor, nn

from ..errors import InputError
from ..operators import DenseLaplacian, Laplacian, as_laplacian
from ..similarity import GraphSettings, dense_similarity
from ..uncompiled import uncompiled
from .diffusion import DiffusionLayer, FlowMethod
from .residual import ResidualBlock


class DiffResNet(nn.Module):
    """The convection-diffusion network of the paper (Algorithm 1, Fig. 1).

    Each of `blocks` Lie-Trotter steps moves every point by itself (convection), then all points
    along the graph (diffusion, `steps` explicit Euler steps of length `gamma`). `steps=0` is the
    network without diffusion.

    Parameters
    ----------
    in_features : int
        Number of features of a point.
    classes : int
        Number of outputs.
    width : int, optional
        Features inside; a linear layer leads there where it differs from `in_features`.
    hidden : int, optional
        Hidden width of a block; `width` if not given.
    blocks : int
    gamma, steps, method, learn_gamma, unstable, batch_graph
        As in `DiffusionLayer`.

    Examples
    --------
    >>> import torch
    >>> net = DiffResNet(in_features=16, classes=5)
    >>> net(torch.randn(80, 16)).shape
    torch.Size([80, 5])
    """

    def __init__(
        self,
        in_features: int,
        classes: int,
        *,
        width: int | None = None,
        hidden: int | None = None,
        blocks: int = 1,
        gamma: float = 0.5,
        steps: int = 6,
        method: FlowMethod = "euler",
        learn_gamma: bool = False,
        unstable: Literal["error", "allow"] = "error",
        batch_graph: GraphSettings | None = None,
    ) -> None:
        super().__init__()
        if min(in_features, classes) < 1 or blocks < 0:
            raise InputError("in_features and classes must be at least 1, blocks at least 0")
        width = width or in_features
        self.embed = nn.Linear(in_features, width) if width != in_features else nn.Identity()
        self.blocks = nn.ModuleList(ResidualBlock(width, hidden) for _ in range(blocks))
        self.diffusion = DiffusionLayer(
            gamma,
            steps,
            method,
            learn_gamma=learn_gamma,
            unstable=unstable,
            batch_graph=batch_graph,
        )
        self.classifier = nn.Linear(width, classes)

    def features(
        self, x: Float[Tensor, "*b n f"], graph: Any = None, edge_weight: Tensor | None = None
    ) -> Float[Tensor, "*b n d"]:
        """Return the moved features before the last layer."""
        if graph is not None and not isinstance(graph, Laplacian):
            graph = as_laplacian(
                graph,
                edge_weight,
                num_nodes=x.shape[-2],
                device=x.device,
                dtype=torch.float64 if x.dtype == torch.float64 else torch.float32,
            )
        x = self.embed(x)
        for block in self.blocks:
            x = self._diffuse(block(x), graph)
        return x

    @uncompiled
    def _diffuse(self, x: Tensor, graph: Laplacian | None) -> Tensor:
        if graph is None and x.ndim == 3:  # every task has a graph of its own
            graph = DenseLaplacian(dense_similarity(x, self.diffusion.batch_graph))
        return self.diffusion(x, graph)

    def forward(
        self, x: Float[Tensor, "*b n f"], graph: Any = None, edge_weight: Tensor | None = None
    ) -> Float[Tensor, "*b n c"]:
        """Class scores of every point; see `DiffusionLayer.forward` for `graph`.

        Without a graph, points are linked by their own features, each of b tasks by itself.
        """
        return self.classifier(self.features(x, graph, edge_weight))
