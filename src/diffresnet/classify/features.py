"""Features diffused along the graph, ready for a linear head."""

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

# Far below what moves a decision; the head works on rows of length 1. Finer than what polynomials
# are for (`SparseLaplacian.solve`): rough parts are small after a long time, and count.
TOLERANCE = 9e-3


@dataclass(frozen=True)
class DiffusedFeatures:
    """Features after diffusion, and what turns them into the rows that the head sees.

    Attributes
    ----------
    diffused : (n, d)
        F(L) (x - mean), not centred again.
    mean : (d,)
        Mean of the points before diffusion; 0 where there is none.
    centre : (d,)
        Mean of `diffused`.
    time : float
        How long they diffused.
    length : float or None
        What rows are divided by; None where each is scaled to length 1.
    """

    diffused: Float[Tensor, "n d"]
    mean: Float[Tensor, " d"]
    centre: Float[Tensor, " d"]
    time: float
    length: float | None = None

    @property
    def rows(self) -> Float[Tensor, "n d"]:
        """Centred rows of length 1, or of mean square length 1."""
        return self._scaled(self.diffused - self.centre)

    def part(self, start: int, stop: int) -> Float[Tensor, "m d"]:
        """Return the same for a stretch of points."""
        return self._scaled(self.diffused[start:stop] - self.centre)

    def some_rows(self, which: Int[np.ndarray, " l"]) -> Float[Tensor, "l d"]:
        """Return the same for a few points."""
        index = torch.from_numpy(which).to(self.diffused.device)
        return self._scaled(self.diffused[index] - self.centre)

    def _scaled(self, centred: Float[Tensor, "m d"]) -> Float[Tensor, "m d"]:
        return l2_normalize(centred) if self.length is None else centred / self.length


def l2_normalize(x: Float[Tensor, "n d"]) -> Float[Tensor, "n d"]:
    """Scale rows to length 1; zero rows stay zero.

    Diffusion shrinks features: without this a head of fixed penalty underfits.
    """
    return torch.nn.functional.normalize(x, dim=1)


def diffuse_features(
    laplacian: Laplacian,
    x: Float[Tensor, "n d"],
    time: float,
    flow: FlowName = "implicit",
    unit: bool = True,
) -> DiffusedFeatures:
    """Diffuse centred features for some time along the random walk on the graph.

    Parameters
    ----------
    unit : whether rows are scaled to length 1 each, as directions are compared, or all alike.
    """
    if time > 0:
        mean = x.mean(0)
        with torch.no_grad():
            diffused = diffuse(laplacian, x - mean, integrator(flow, time))
    else:  # the features themselves: a copy of them would only be memory
        mean, diffused = torch.zeros_like(x[0]), x
    centre = diffused.mean(0)
    length = None
    if not unit:
        # Lengths carry as much as directions where columns are few.
        length = float((diffused - centre).square().sum(1).mean().sqrt()) or 1.0
    return DiffusedFeatures(diffused, mean, centre, time, length)


def integrator(flow: FlowName, time: float) -> Integrator:
    """Return the integrator that takes features to `time` on a random-walk graph."""
    if flow == "implicit":
        return ImplicitEuler(time, tol=TOLERANCE)
    if flow == "heat":
        return HeatFlow(time, tol=1e-4)
    # On a random walk without self-loops lambda_max <= 2: steps of 1 at most are stable.
    steps = max(1, round(time + 0.5))
    return ExplicitEuler(time / steps, steps)
