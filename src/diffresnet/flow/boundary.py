"""Diffusion towards equilibrium with some values held: how class scores spread from labels."""

from __future__ import annotations

from collections.abc import Callable

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from ..operators import Laplacian


def diffuse_with_boundary(
    laplacian: Laplacian,
    prior: Float[Tensor, "n d"],
    fixed: Bool[Tensor, "n #d"],
    gamma: float,
    tol: float = 1e-3,
    *,
    at: Int[Tensor, " m"] | None = None,
    in_place: bool = False,
    advance: Callable[[], None] = lambda: None,
) -> Float[Tensor, "m d"]:
    """One implicit step of length gamma from `prior`, while fixed points keep their value.

    For the random walk on an undirected graph, the result minimises
    sum_ij w_ij |u_i - u_j|^2 / 2 + (1 / gamma) sum_i d_i |u_i - prior_i|^2 over the free points.
    As gamma grows it tends to the harmonic extension of the fixed values (Laplace learning);
    gamma = 0 is the prior itself.

    Parameters
    ----------
    fixed : (n, 1), or (n, d) where every column holds other points.
    at : points whose values are returned, all of them by default.
    in_place : whether the values take the place of the prior; those of all points.
    advance : called after each panel of columns, `laplacian.panels(prior)`.
    """
    with torch.no_grad():
        rows = slice(None) if at is None else at
        out = prior if in_place else prior.clone() if at is None else prior[at]
        if gamma == 0.0:
            return out
        same = fixed.shape[1] == 1
        start = 0
        for panel in laplacian.panels(prior):
            columns = slice(start, start + panel.shape[1])
            held = fixed if same else fixed[:, columns]
            out[:, columns] = laplacian.solve(panel.contiguous(), gamma, tol, held)[rows]
            start = columns.stop
            advance()
        return out
