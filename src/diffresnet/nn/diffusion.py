"""The diffusion layer: drop it into any network."""

from __future__ import annotations

import math
from typing import Any, Literal

import torch
from jaxtyping import Float
from torch import Tensor, nn

from ..errors import InputError
from ..flow import ExplicitEuler, HeatFlow, ImplicitEuler, Integrator, diffuse
from ..operators import DenseLaplacian, Laplacian, as_laplacian
from ..similarity import GraphSettings, dense_similarity
from ..uncompiled import uncompiled

FlowMethod = Literal["euler", "heat", "implicit"]


class DiffusionLayer(nn.Module):
    """Let features diffuse along a graph: dx_i/dt = sum_j w_ij (x_j - x_i), to time gamma steps.

    The layer has no weights to train (unless gamma is to be learned) and keeps the shape of x.

    Parameters
    ----------
    gamma : float
        Length of one step.
    steps : int
        Number of steps r.
    method : {"euler", "heat", "implicit"}
        The paper's explicit steps x <- x - gamma L x; the exact flow exp(-gamma steps L) by
        Chebyshev polynomials; or implicit steps (I + gamma L)^-1.
    learn_gamma : bool
        Make gamma a parameter.
    unstable : {"error", "allow"}
        Whether explicit steps past the stability bound of the graph are an error.
    batch_graph : GraphSettings
        The graph that is built from the batch itself where none is given (Note 1 of the paper:
        weights are sparsified and normalised inside the batch). The few-shot preset by default.

    Examples
    --------
    >>> layer = DiffusionLayer(gamma=0.5, steps=6)
    >>> layer(torch.randn(32, 16)).shape
    torch.Size([32, 16])
    """

    def __init__(
        self,
        gamma: float = 0.5,
        steps: int = 6,
        method: FlowMethod = "euler",
        *,
        learn_gamma: bool = False,
        unstable: Literal["error", "allow"] = "error",
        batch_graph: GraphSettings | None = None,
    ) -> None:
        super().__init__()
        self.method = method
        self.unstable = unstable
        self.steps = steps
        self.batch_graph = batch_graph or GraphSettings.few_shot()
        self.gamma: nn.Parameter | float = (
            nn.Parameter(torch.tensor(float(gamma))) if learn_gamma else float(gamma)
        )
        self.flow()  # refuses bad settings now, not at the first batch

    def _gamma_now(self) -> float:
        return float(self.gamma.detach() if isinstance(self.gamma, Tensor) else self.gamma)

    def flow(self) -> Integrator:
        """Return the integrator at the present gamma."""
        gamma = self._gamma_now()
        if self.method == "euler":
            return ExplicitEuler(gamma, self.steps, unstable=self.unstable)
        if self.method == "heat":
            return HeatFlow(gamma, self.steps)
        if self.method == "implicit":
            return ImplicitEuler(gamma, self.steps)
        raise InputError(f'method must be "euler", "heat" or "implicit", not {self.method!r}')

    @uncompiled
    def forward(
        self,
        x: Float[Tensor, "n *d"] | Float[Tensor, "b n d"],
        graph: Any = None,
        edge_weight: Float[Tensor, " e"] | None = None,
    ) -> Tensor:
        """Diffuse x.

        Parameters
        ----------
        x : (n, d), or (n, ...) whose trailing dimensions move together; or (b, n, d) with a dense
            batch of graphs.
        graph
            A scipy or torch sparse (n, n) matrix; a dense (n, n) or (b, n, n) tensor; an integer
            `edge_index` (2, e), with `edge_weight`; or a `Laplacian`, which is the fastest in a
            loop, since the others are checked and converted at every call. If not given, the
            graph of the batch itself is made from x.

        Raises
        ------
        InputError
            If the graph has the wrong size or weights.
        StabilityError
            If explicit steps are too long for the graph and `unstable` is "error".
        """
        if not (isinstance(x, Tensor) and x.is_floating_point()):
            raise InputError(
                f"x must be a tensor of floats, not {getattr(x, 'dtype', None) or type(x).__name__}"
            )
        batched = _is_batch_of_graphs(graph)
        shape = x.shape
        features = x if batched else x.reshape(shape[0], math.prod(shape[1:]))
        precision = torch.float64 if x.dtype == torch.float64 else torch.float32
        if graph is None:
            laplacian: Laplacian = DenseLaplacian(
                dense_similarity(features, self.batch_graph).to(precision)
            )
        else:
            laplacian = as_laplacian(
                graph, edge_weight, num_nodes=x.shape[0], device=x.device, dtype=precision
            )
        gamma = self.gamma if isinstance(self.gamma, Tensor) else None
        return diffuse(laplacian, features, self.flow(), gamma).reshape(shape)

    def extra_repr(self) -> str:
        return f"gamma={self._gamma_now():g}, steps={self.steps}, method={self.method!r}"


def _is_batch_of_graphs(graph: Any) -> bool:
    if isinstance(graph, Laplacian):
        return len(graph.shape) == 3
    return getattr(graph, "ndim", 2) == 3
