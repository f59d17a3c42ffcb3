"""Features moved along the graph, ready for a linear head."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from ..flow import ExplicitEuler, HeatFlow, ImplicitEuler, Integrator, diffuse
from ..operators import Laplacian

FlowName = Literal["implicit", "heat", "euler"]

# Far below what moves a decision; the head works on unit rows.
TOLERANCE = 1e-2


@dataclass(frozen=True)
class MovedFeatures:
    """Features after diffusion, and what turns them into the rows that the head sees.

    Attributes
    ----------
    moved : (n, d)
        F(L) (x - mean), not centred again.
    mean : (d,)
        Mean of the points before diffusion.
    centre : (d,)
        Mean of `moved`.
    """

    moved: Float[Tensor, "n d"]
    mean: Float[Tensor, " d"]
    centre: Float[Tensor, " d"]

    @property
    def rows(self) -> Float[Tensor, "n d"]:
        return unit(self.moved - self.centre)

    def some_rows(self, which: Int[np.ndarray, " l"]) -> Float[Tensor, "l d"]:
        """The same for a few points."""
        at = torch.from_numpy(which).to(self.moved.device)
        return unit(self.moved[at] - self.centre)


def unit(x: Float[Tensor, "n d"]) -> Float[Tensor, "n d"]:
    """Rows of length 1; zero rows stay zero.

    Diffusion shrinks features: without this a head of fixed penalty underfits.
    """
    return torch.nn.functional.normalize(x, dim=1)


def move(
    laplacian: Laplacian, x: Float[Tensor, "n d"], strength: float, flow: FlowName = "implicit"
) -> MovedFeatures:
    """Diffuse centred features for a time `strength` along the random walk on the graph."""
    mean = x.mean(0)
    moved = x - mean
    if strength > 0:
        with torch.no_grad():
            moved = diffuse(laplacian, moved, integrator(flow, strength))
    return MovedFeatures(moved, mean, moved.mean(0))


def integrator(flow: FlowName, strength: float) -> Integrator:
    """The integrator that takes features to time `strength` on a random-walk graph."""
    if flow == "implicit":
        return ImplicitEuler(strength, tol=TOLERANCE)
    if flow == "heat":
        return HeatFlow(strength, tol=1e-4)
    # On a random walk without self-loops lambda_max <= 2: steps of 1 at most are stable.
    steps = max(1, round(strength + 0.5))
    return ExplicitEuler(strength / steps, steps)
