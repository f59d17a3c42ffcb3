"""Small graphs of every kind, and hypothesis strategies that draw them."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp
import torch
from hypothesis import strategies as st

KINDS = ("symmetric", "reversible", "none")


def weights(kind: str, n: int, seed: int = 0, density: float = 0.5) -> np.ndarray:
    """Dense float64 weights without self-loops, connected, of one kind of symmetry."""
    rng = np.random.default_rng(seed)
    w = rng.uniform(0.1, 1.0, (n, n)) * (rng.random((n, n)) < density)
    ring = np.arange(n)
    w[ring, (ring + 1) % n] = rng.uniform(0.1, 1.0, n)
    np.fill_diagonal(w, 0.0)
    if kind == "none":
        return w
    w = w + w.T
    if kind == "symmetric":
        return w
    degree = w.sum(1, keepdims=True)
    return np.divide(w, degree, out=w, where=degree > 0)


def laplacian(w: np.ndarray) -> np.ndarray:
    """diag(W 1) - W, the oracle."""
    w = np.asarray(w, np.float64)
    off = w * (1 - np.eye(w.shape[-1]))
    return np.eye(w.shape[-1]) * off.sum(-1)[..., None] - off


def sparse(w: np.ndarray) -> sp.csr_array:
    return sp.csr_array(w)


def features(n: int, d: int = 3, seed: int = 1, dtype: torch.dtype = torch.float64) -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(seed).normal(size=(n, d))).to(dtype)


@st.composite
def graphs(draw: st.DrawFn, kind: str, most: int = 12) -> np.ndarray:
    """Weights of up to `most` points: several components, isolated points, 6 orders of size."""
    n = draw(st.integers(1, most))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    w = 10.0 ** rng.uniform(-draw(st.sampled_from([0.0, 1.0, 5.0])), 1.0, (n, n))
    w *= rng.random((n, n)) < draw(st.sampled_from([0.1, 0.3, 0.8]))
    np.fill_diagonal(w, 0.0)
    if kind == "none":
        return w
    w = (w + w.T) / 2
    if kind == "symmetric":
        return w
    degree = w.sum(1, keepdims=True)
    return np.divide(w, degree, out=w, where=degree > 0)
