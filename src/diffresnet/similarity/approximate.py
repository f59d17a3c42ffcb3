"""Nearest neighbours by two libraries that stay optional: faiss and pynndescent."""

from __future__ import annotations

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from ..errors import InputError


def faiss_search(x: Tensor, k: int) -> tuple[Int[Tensor, "n k"], Float[Tensor, "n k"]]:
    """By faiss's HNSW index."""
    try:
        import faiss
    except ImportError:
        raise InputError(
            "method='faiss' needs it installed: pip install 'diffresnet[faiss]'"
        ) from None
    points = np.ascontiguousarray(x.detach().cpu().numpy(), dtype=np.float32)
    index = faiss.IndexHNSWFlat(points.shape[1], 24)
    index.hnsw.efConstruction = 80
    index.hnsw.efSearch = max(80, 4 * k)
    index.add(points)
    square, indices = index.search(points, k + 1)
    return _without_self(indices, np.sqrt(np.maximum(square, 0.0)), k, x)


def pynndescent_search(x: Tensor, k: int) -> tuple[Int[Tensor, "n k"], Float[Tensor, "n k"]]:
    """By nearest neighbour descent."""
    try:
        import pynndescent
    except ImportError:
        raise InputError(
            "method='pynndescent' needs it installed: pip install 'diffresnet[pynndescent]'"
        ) from None
    points = np.ascontiguousarray(x.detach().cpu().numpy(), dtype=np.float32)
    index = pynndescent.NNDescent(points, n_neighbors=k + 1, random_state=0)
    indices, distances = index.neighbor_graph
    return _without_self(indices, distances, k, x)


def _without_self(
    indices: np.ndarray, distances: np.ndarray, k: int, x: Tensor
) -> tuple[Tensor, Tensor]:
    """Drop each point from its own list (or the last entry where it is missing)."""
    if (indices < 0).any():
        raise ArithmeticError("the approximate search found too few neighbours; use method='exact'")
    itself = indices == np.arange(len(indices))[:, None]
    itself[~itself.any(1), -1] = True
    keep = ~itself
    shape = (len(indices), k)
    return (
        torch.from_numpy(indices[keep].reshape(shape).astype(np.int64)).to(x.device),
        torch.from_numpy(distances[keep].reshape(shape)).to(x.device, x.dtype),
    )
