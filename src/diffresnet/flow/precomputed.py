"""A whole flow as one dense matrix, made once and multiplied by from then on."""

from __future__ import annotations

import torch
from jaxtyping import Float, Int
from torch import Tensor

from ..errors import InputError
from ..operators import Laplacian, SparseLaplacian
from .diffuse import diffuse
from .euler import ExplicitEuler
from .integrator import Integrator

# A dense product does about this many multiplications in the time that a sparse one needs for
# one: 4 in float32 and 8 in float64 on the processors that were tried.
DENSE_SPEED = 4


def flow_map(
    laplacian: Laplacian, flow: Integrator, rows: Int[Tensor, " l"] | None = None
) -> Float[Tensor, "l n"]:
    """S = F(L) as a dense matrix: S @ x is what `diffuse` returns, and S @ x has a gradient.

    Without anything random between the steps, the diffusion is one linear map that training does
    not change: for explicit Euler S = (I - gamma L)^r. A loss on some points needs no more than
    their rows of it, once.

    All rows of explicit Euler are made by repeated squaring, in at most 2 log2(r) dense products,
    or by moving the n columns of the identity, whichever needs less time; other flows move
    the identity. Given rows are columns of F(L^T), of which only those are moved.

    Parameters
    ----------
    laplacian : of one graph
    rows : (l,) integers, optional
        The points whose rows are wanted, in this order; all n of them if not given.

    Returns
    -------
    (l, n) in the precision of the graph: 4 l n bytes in float32 and 8 l n in float64. Squaring
    holds three such matrices while it works.

    Raises
    ------
    StabilityError
        If an explicit step is too long for the graph.
    InputError
        If the graph is a batch, or there is no such row.

    Notes
    -----
    A product with S costs l n multiplications a column and the loop r times the number of
    entries of L, so that S pays where l n is well below r nnz and it is used often enough to be
    worth making: in training on a fixed graph of up to some thousand points, or on a few labelled
    rows of a larger one. Where gamma is learned, or the graph changes, it does not.

    Examples
    --------
    >>> from diffresnet.operators import DenseLaplacian
    >>> pair = DenseLaplacian(torch.tensor([[0.0, 1.0], [1.0, 0.0]]))
    >>> flow_map(pair, ExplicitEuler(gamma=0.25, steps=2))
    tensor([[0.6250, 0.3750],
            [0.3750, 0.6250]])
    """
    if len(laplacian.shape) != 2:
        raise InputError("a precomputed map is of one graph, not of a batch")
    n = laplacian.shape[-1]
    if rows is None:
        eye = torch.eye(n, dtype=laplacian.dtype, device=laplacian.device)
        if not _squaring_pays(laplacian, flow):
            return diffuse(laplacian, eye, flow)
        flow.check(laplacian)
        return torch.linalg.matrix_power(laplacian.shifted(1.0, -flow.gamma)(eye), flow.steps)
    if bool(((rows < 0) | (rows >= n)).any()):
        raise InputError(f"rows must be from 0 to {n - 1}")
    pick = torch.zeros(n, len(rows), dtype=laplacian.dtype, device=laplacian.device)
    pick[rows.to(laplacian.device), torch.arange(len(rows), device=laplacian.device)] = 1.0
    return diffuse(laplacian.transpose(), pick, flow).T.contiguous()


def _squaring_pays(laplacian: Laplacian, flow: Integrator) -> bool:
    if not isinstance(flow, ExplicitEuler) or flow.steps < 2:
        return False
    n = laplacian.shape[-1]
    entries = laplacian.nnz if isinstance(laplacian, SparseLaplacian) else n * n
    products = flow.steps.bit_length() - 1 + flow.steps.bit_count() - 1
    return products * n * n <= DENSE_SPEED * flow.steps * entries
