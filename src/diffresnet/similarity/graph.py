"""The similarity graph of points, or of a given adjacency, as a sparse matrix."""

from __future__ import annotations

import logging
import warnings
from dataclasses import replace
from typing import Any, Literal

import numpy as np
import scipy.sparse
import torch
from torch import Tensor

from ..errors import InputError
from .adjacency import check_adjacency
from .index import Neighbours
from .neighbours import nearest_neighbours
from .settings import GraphSettings
from .weights import bandwidth, gaussian, kept, normalized

logger = logging.getLogger(__name__)


def similarity_graph(
    X: Any = None,
    *,
    preset: Literal["few_shot", "synthetic", "citation"] | None = None,
    settings: GraphSettings | None = None,
    graph: Any = None,
    method: str = "auto",
    device: str | torch.device | None = None,
    return_neighbours: bool = False,
    **options: Any,
) -> Any:
    """Build the graph of Gaussian weights between near points: w_ij says how strongly j pulls i.

    Parameters
    ----------
    X : (n, d) array, scipy sparse matrix or tensor
        Points. float64 is computed in float64, everything else in float32.
    preset : {"few_shot", "synthetic", "citation"}
        The three graphs of the paper. "citation" takes `graph` instead of X and returns
        D^-1/2 (A + I) D^-1/2, D the degrees of A + I.
    settings : GraphSettings
        All choices at once, instead of a preset.
    graph : (n, n) sparse
        A given adjacency, with preset="citation".
    method : str, one of `similarity.SEARCHES`
        How neighbours are found: see `nearest_neighbours`. The recall of an approximate search is
        logged, and returned with `return_neighbours`.
    **options
        Single fields of `GraphSettings`, over those of the preset: n_neighbors=15, ...;
        with a preset also `ntop`, and `scale_rank` ("few_shot") or `bandwidth` ("synthetic"), the
        paper's sigma.

    Returns
    -------
    (n, n) scipy csr_array, or a torch sparse CSR tensor if X is a tensor; with
    `return_neighbours` also the `Neighbours`.

    Notes
    -----
    Equal points are at distance 0 and have weight 1 to each other. More neighbours than there are
    other points means all of them. A single point has no edges. Memory is that of the k n edges,
    a copy of X and a few chunks of 16 MiB; never n x n.

    Examples
    --------
    >>> import numpy as np
    >>> w = similarity_graph(np.arange(6.0)[:, None], n_neighbors=2)
    >>> w.shape, bool(abs(w - w.T).max() < 1e-12)
    ((6, 6), True)
    """
    if preset == "citation":
        if graph is None or X is not None or options or settings is not None:
            raise InputError("preset='citation' takes graph=A and nothing else")
        return _citation(graph)
    if graph is not None:
        raise InputError("graph= goes with preset='citation'; for points give X")
    if X is None:
        raise InputError("similarity_graph needs the points X")
    how = _settings(preset, settings, options)
    points = as_points(X, device)
    found = nearest_neighbours(points, how.neighbors_needed, metric=how.metric, method=method)
    if found.recall < 1.0:
        logger.info("neighbours by %s, recall %.3f", found.method, found.recall)
    weights: Any = weigh(found, how)
    if isinstance(X, Tensor):
        weights = torch.sparse_csr_tensor(
            torch.from_numpy(weights.indptr.astype(np.int64)),
            torch.from_numpy(weights.indices.astype(np.int64)),
            torch.from_numpy(weights.data),
            weights.shape,
            device=X.device,
        )
    return (weights, found) if return_neighbours else weights


def _settings(
    preset: str | None, settings: GraphSettings | None, options: dict[str, Any]
) -> GraphSettings:
    if preset is not None and settings is not None:
        raise InputError("give a preset or settings, not both")
    if preset is None:
        base = settings or GraphSettings()
    elif preset in ("few_shot", "synthetic"):
        width = "scale_rank" if preset == "few_shot" else "bandwidth"
        if "sigma" in options:
            warnings.warn(f"sigma is called {width} now", FutureWarning, stacklevel=4)
            options[width] = options.pop("sigma")
        counted = {name: options.pop(name) for name in ("ntop", width) if name in options}
        base = getattr(GraphSettings, preset)(**counted)
    else:
        raise InputError(f"unknown preset {preset!r}: few_shot, synthetic or citation")
    unknown = sorted(set(options) - set(GraphSettings.__dataclass_fields__))
    if unknown:
        raise InputError(f"unknown option {unknown[0]!r} of a similarity graph")
    return replace(base, **options)


def as_points(X: Any, device: str | torch.device | None = None) -> Tensor:
    """Return points as a floating tensor, dense or sparse CSR, checked to be finite.

    float64 stays float64; any other type becomes float32.
    """
    if isinstance(X, Tensor):
        x = X.detach()
    elif scipy.sparse.issparse(X):
        csr = scipy.sparse.csr_array(X)
        if not csr.has_canonical_format:
            csr = csr.copy()  # the caller's own would be changed
            csr.sum_duplicates()
        x = torch.sparse_csr_tensor(
            torch.from_numpy(csr.indptr.astype(np.int64)),
            torch.from_numpy(csr.indices.astype(np.int64)),
            torch.from_numpy(csr.data),
            csr.shape,
        )
    else:
        array = np.asarray(X)
        dtype = np.float64 if array.dtype.type is np.float64 else np.float32
        array = np.ascontiguousarray(array, dtype)
        x = torch.from_numpy(array if array.flags.writeable else array.copy())
    if x.ndim != 2:
        raise InputError(f"points must be (n, d), these are {tuple(x.shape)}")
    if x.layout not in (torch.strided, torch.sparse_csr):
        x = x.to_sparse_csr()
    x = x.to(device or x.device, x.dtype if x.dtype == torch.float64 else torch.float32)
    values = x if x.layout == torch.strided else x.values()
    if not bool(torch.isfinite(values).all()):
        raise InputError("the points have values that are NaN or infinite; fill or drop those rows")
    return x


def weigh(found: Neighbours, settings: GraphSettings) -> scipy.sparse.csr_array:
    """Turn a neighbour search into weights: Gaussian, Sparse, self-loops, symmetry, Normalize."""
    n = found.indices.shape[0]
    width = bandwidth(found.distances, settings)
    w = gaussian(found.distances, width, width[found.indices], settings)
    keep = kept(found.distances, settings)
    index = torch.int32 if w.numel() < 2**31 else torch.int64
    rows = torch.arange(n, device=w.device, dtype=index)[:, None].expand(w.shape)[keep]
    columns = found.indices.to(index)[keep]
    entries = w[keep].cpu().numpy(), (rows.cpu().numpy(), columns.cpu().numpy())
    weights = scipy.sparse.coo_array(entries, shape=(n, n)).tocsr()
    if settings.self_loops:
        weights = weights + scipy.sparse.eye_array(n, dtype=weights.dtype, format="csr")
    if settings.symmetrize == "before":
        weights = (weights + weights.T) * 0.5
    weights = normalized(weights, settings.normalize)
    if settings.symmetrize == "after":
        weights = (weights + weights.T) * 0.5
    return scipy.sparse.csr_array(weights)


def _citation(graph: Any) -> scipy.sparse.csr_array:
    a = check_adjacency(graph)
    return normalized(
        scipy.sparse.csr_array(a + scipy.sparse.eye_array(a.shape[0], format="csr")), "symmetric"
    )
