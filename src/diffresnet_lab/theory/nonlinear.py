"""Nonlinear diffusion: edges are reweighed by their lengths while the points move."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse
import torch
from jaxtyping import Float
from torch import Tensor

from diffresnet.errors import InputError
from diffresnet.flow.diffuse import diffuse
from diffresnet.flow.integrator import Integrator
from diffresnet.operators import SparseLaplacian
from diffresnet.operators.symmetry import reversing_measure

from .conductance import Conductance

# Differences of the ends of edges are formed for so many numbers at a time, and stay in the cache.
CHUNK = 2**18


def diffuse_nonlinear(
    weights: scipy.sparse.sparray | scipy.sparse.spmatrix,
    x: Float[Tensor, "n d"],
    conductance: Conductance,
    flow: Integrator,
    updates: int = 1,
    *,
    unit: float | None = None,
    rescale: bool = True,
) -> Float[Tensor, "n d"]:
    """Integrate dx_i/dt = sum_j w_ij g(|x_i - x_j|) (x_j - x_i), in stretches of frozen weights.

    In each of `updates` stretches the edges of the graph are weighed by their present lengths, and
    `flow` moves the points along the graph so made. The strength is `updates * flow.time` in all.
    With `ImplicitEuler` of one step this is the semi-implicit scheme of Catte, Lions, Morel and
    Coll (1992); with `ExplicitEuler` of one step, the scheme of Perona and Malik (1990).

    g is the same in both directions, so symmetric weights stay symmetric, and mean x is conserved;
    a walk that is reversible with a measure d stays so, and conserves sum d_i x_i.

    Parameters
    ----------
    weights : (n, n) scipy sparse, non-negative
    x : (n, d)
        On any device. Lengths are those of whole rows: here columns do meet.
    flow : integrator of one stretch; its stability is checked in every stretch.
    updates : int >= 0
    unit : float, optional
        The h of the conductance, for all stretches. If not given, each stretch takes it anew from
        its lengths, so that what counts as long follows the points as they draw together; with
        an h kept from the start, edges that shrink conduct ever better.
    rescale : bool
        Multiply all conductances of a stretch by the number that gives L the trace it has in the
        linear flow. The mean rate at which modes decay is then the same, and a strength can be
        compared; the path of the points is the same, at another speed. With False, g is taken as
        it is: where g <= 1, each gamma that is stable for the linear flow then stays stable.

    Returns
    -------
    (n, d), without gradients: the weights depend on x, and that dependence is not tracked.

    Raises
    ------
    StabilityError
        If an explicit step is too long for the graph of some stretch.
    InputError
        If x has another number of points than the graph.

    Notes
    -----
    Memory is that of k n edges, a copy of x and `CHUNK` numbers. Where g does not rise with the
    length (edge stopping, or p <= 2) and h is held fixed, sum w_ij phi(s_ij) never grows in a
    stretch of a stable flow: phi is a concave function of s^2, so the quadratic energy of the
    frozen weights lies above it and touches it at the start.

    Examples
    --------
    >>> import scipy.sparse, torch
    >>> from diffresnet.flow import ImplicitEuler
    >>> from diffresnet_lab.theory.conductance import EdgeStopping
    >>> w = scipy.sparse.csr_array([[0, 1, 0, 0], [1, 0, 1, 0], [0, 1, 0, 1], [0, 0, 1, 0]])
    >>> x = torch.tensor([[0.0], [1.0], [9.0], [10.0]])
    >>> moved = diffuse_nonlinear(w, x, EdgeStopping(), ImplicitEuler(0.5), updates=10)
    >>> [round(v, 2) for v in moved[:, 0].tolist()]
    [0.5, 0.5, 9.5, 9.5]
    """
    if updates < 0:
        raise InputError(f"updates must be >= 0, not {updates}")
    graph = _edges(weights, x)
    measure = reversing_measure(graph)
    dtype = torch.promote_types(x.dtype, torch.float32)
    with torch.no_grad():
        moved = x.detach().to(dtype, copy=True)
        for _ in range(updates):
            present = _reweighed(graph, moved, conductance, unit, rescale)
            laplacian = _operator(present, measure, moved)
            moved = diffuse(laplacian, moved, flow)
    return moved.to(x.dtype)


def reweighed_graph(
    weights: scipy.sparse.sparray | scipy.sparse.spmatrix,
    x: Float[Tensor, "n d"],
    conductance: Conductance,
    *,
    unit: float | None = None,
    rescale: bool = True,
) -> scipy.sparse.csr_array:
    """Return the weights w_ij g(|x_i - x_j|) of a stretch that starts at x, without self-loops."""
    return _reweighed(_edges(weights, x), x.detach(), conductance, unit, rescale)


def edge_lengths(graph: scipy.sparse.csr_array, x: Float[Tensor, "n d"]) -> Float[Tensor, " e"]:
    """Return |x_i - x_j| for every stored entry (i, j), in the order of the CSR data."""
    rows = torch.from_numpy(np.repeat(np.arange(graph.shape[0]), np.diff(graph.indptr)))
    columns = torch.from_numpy(graph.indices.astype(np.int64))
    rows, columns = rows.to(x.device), columns.to(x.device)
    lengths = x.new_empty(len(columns))
    size = max(1, CHUNK // max(1, x.shape[1]))
    for start in range(0, len(columns), size):
        chunk = slice(start, start + size)
        # Differences, not inner products: late in a flow lengths are far below rounding of those.
        difference = x.index_select(0, rows[chunk]).sub_(x.index_select(0, columns[chunk]))
        lengths[chunk] = torch.linalg.vector_norm(difference, dim=1)
    return lengths


def _edges(weights: Any, x: Tensor) -> scipy.sparse.csr_array:
    """Return the weights without self-loops and zeros, which are no edges."""
    graph = scipy.sparse.csr_array(weights, dtype=np.float64, copy=True)
    if graph.shape != (len(x), len(x)):
        raise InputError(
            f"features of {len(x)} points cannot move on a graph {graph.shape[0]} x "
            f"{graph.shape[1]}"
        )
    graph.sum_duplicates()
    rows = np.repeat(np.arange(graph.shape[0]), np.diff(graph.indptr))
    graph.data[rows == graph.indices] = 0.0
    graph.eliminate_zeros()
    if not np.isfinite(graph.data).all() or (graph.data < 0).any():
        raise InputError("the graph has weights that are negative, NaN or infinite")
    return graph


def _reweighed(
    graph: scipy.sparse.csr_array,
    x: Tensor,
    conductance: Conductance,
    unit: float | None,
    rescale: bool,
) -> scipy.sparse.csr_array:
    if not graph.nnz:
        return graph
    g = conductance(edge_lengths(graph, x), unit).double().cpu().numpy()
    present = graph.copy()
    present.data *= g
    total = present.data.sum()
    # Nothing conducts where all of g has underflowed: then nothing moves.
    if rescale and total > 0.0:
        present.data *= graph.data.sum() / total
    return present


def _operator(
    graph: scipy.sparse.csr_array, measure: np.ndarray | None, x: Tensor
) -> SparseLaplacian:
    """Return the Laplacian of reweighed weights, of the same symmetry as before."""
    if measure is None:
        return SparseLaplacian(graph, symmetry="none", dtype=x.dtype, device=x.device)
    if (measure == 1.0).all():
        return SparseLaplacian(graph, symmetry="symmetric", dtype=x.dtype, device=x.device)
    return SparseLaplacian(graph, measure=measure, dtype=x.dtype, device=x.device)
