"""The four discs of XOR along a diffusion, and the growth that the spectrum predicts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float

from diffresnet.operators import SparseLaplacian
from diffresnet.similarity import similarity_graph

from ...data.synthetic import SyntheticSet, xor
from ...theory.equilibrium import equilibrium
from ..motion import Motion, follow

GAMMA, NTOP, SIGMA = 1.0, 20, 0.5


@dataclass(frozen=True)
class Fig3Plan:
    """Sizes of a run.

    Parameters
    ----------
    panels : ascending numbers of steps that are shown; every step up to the last is measured.
    """

    panels: tuple[int, ...]


@dataclass(frozen=True)
class XorMotion(Motion):
    """The four discs along a diffusion.

    Attributes
    ----------
    data : the discs at the start.
    positions : (s, n, 2)
        Points after each of the steps.
    growth : float
        Factor of L/D a step in the long run, by the spectrum of the graph:
        1 / max |1 - gamma lambda| over the eigenvalues lambda != 0 of the Laplacian.
    """

    data: SyntheticSet
    positions: Float[np.ndarray, "s n 2"]
    growth: float


def xor_motion(steps: Sequence[int], seed: int = 42) -> XorMotion:
    """Diffuse the four discs of XOR by explicit Euler steps with gamma = 1, in float64.

    The graph is the paper's: 20 nearest with the point itself, sigma 0.5, row-normalised.

    Parameters
    ----------
    steps : ascending numbers of steps to look at.

    Examples
    --------
    >>> [f"{row['ratio']:.2f}" for row in xor_motion((0, 20)).rows()]
    ['0.37', '7.35']
    """
    data = xor(seed=seed)
    weights = similarity_graph(data.points, preset="synthetic", ntop=NTOP, bandwidth=SIGMA)
    laplacian = SparseLaplacian(weights, dtype=torch.float64)
    moments = list(follow(laplacian, data.points, data.subsets, steps, GAMMA))
    return XorMotion(
        **vars(Motion.of_geometry(steps, [geometry for _, geometry in moments])),
        data=data,
        positions=np.stack([x for x, _ in moments]),
        growth=1.0 / equilibrium(weights, GAMMA).contraction,
    )
