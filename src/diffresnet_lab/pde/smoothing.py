"""Smoothness of a field with noise, whatever the classifier: proved gradients and radii."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import torch

from diffresnet.errors import InputError
from diffresnet.nn import ResidualBlock

from .velocity import check_noise


def still_gradient_bound(sigma: float, time: float) -> float:
    """Bound |grad u(., time)| for v = 0 and 0 <= f <= 1 by 1 / (sigma sqrt(4 pi time)).

    u is f averaged over a Gaussian of variance 2 sigma^2 time, and a half-plane f attains it.
    """
    return 1.0 / (sigma * math.sqrt(4.0 * math.pi * time))


def gradient_bound(radius: float) -> float:
    """Bound the gradient of a field of smoothing radius R by 1 / (R sqrt(2 pi))."""
    return 1.0 / (radius * math.sqrt(2.0 * math.pi))


def smoothing_radius(sigma: float, substeps: int, lipschitz: Sequence[float]) -> float:
    """Return R with |Phi^-1(u(x)) - Phi^-1(u(y))| <= |x - y| / R for every f into [0, 1].

    u is the mean of the network with noise of variance s^2 = 2 sigma^2 dt behind every residual
    step, and R^2 = s^2 sum_k 1 / (q_1 ... q_k)^2, q_k a Lipschitz constant of step k. With v = 0
    all q_k = 1, and R = sigma sqrt(2 T) is that of randomised smoothing (Cohen et al., 2019).

    A class of probability p at x is then the most likely one within R Phi^-1(p) of x.

    Parameters
    ----------
    lipschitz : a Lipschitz constant of one residual step for each block, first block first.
    """
    check_noise(sigma, substeps)
    total, grown = 0.0, 1.0
    for q in lipschitz:
        for _ in range(substeps):
            grown *= q
            total += grown**-2
    return sigma * math.sqrt(2.0 * total / substeps)


def step_lipschitz(block: ResidualBlock, dt: float) -> float:
    """Return the Lipschitz constant of x -> x + dt v(x) in the plane, v that of a ReLU block.

    The lines where units switch on cut the plane into cells, in each of which the step is affine
    with the matrix I + dt W2 diag(m) W1: the largest norm of these. Every cell has a corner, where
    two lines cross, so the four sides of each crossing are all cells there are. (Lines are taken
    to cross two at a time, as those of trained blocks do.)
    """
    into, out = block.fc1.weight.detach().double(), block.fc2.weight.detach().double()
    if into.shape[1] != 2:
        raise InputError(f"cells are counted in the plane, not in {into.shape[1]} dimensions")
    # One more line, of a unit that does nothing: then not all of them are parallel.
    into = torch.cat([into, into.new_tensor([[math.cos(1.0), math.sin(1.0)]])])
    out = torch.cat([out, torch.zeros_like(out[:, :1])], dim=1)
    bias = torch.cat([block.fc1.bias.detach().double(), into.new_zeros(1)])
    first, second = torch.triu_indices(len(into), len(into), 1, device=into.device)
    pairs = torch.stack([into[first], into[second]], dim=1)
    crossing = torch.linalg.det(pairs) != 0
    first, second, pairs = first[crossing], second[crossing], pairs[crossing]
    corners = torch.linalg.solve(pairs, -torch.stack([bias[first], bias[second]], dim=1))
    on = (corners @ into.T + bias > 0).double()
    corner = torch.arange(len(on), device=on.device)
    largest = 0.0
    for sides in itertools.product((0.0, 1.0), repeat=2):
        on[corner, first], on[corner, second] = sides
        step = torch.eye(2, dtype=torch.float64, device=on.device) + dt * torch.einsum(
            "ph,ih,hj->pij", on, out, into
        )
        largest = max(largest, float(torch.linalg.matrix_norm(step, ord=2).max()))
    return largest
