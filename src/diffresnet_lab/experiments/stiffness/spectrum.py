"""One graph as an obstacle to explicit steps: its eigenvalues, and what a step makes of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import scipy.linalg
import scipy.sparse
import torch
from jaxtyping import Float
from scipy.sparse import csgraph
from scipy.sparse.linalg import LinearOperator, eigsh, splu

from diffresnet.operators import SparseLaplacian

TOP = 40
"""Eigenvalues at the upper end that are computed of a large graph."""


@dataclass(frozen=True, eq=False)
class StiffGraph:
    """A graph with the data that lie on it.

    Attributes
    ----------
    weights : (n, n) W, of which L = diag(W 1) - W.
    points : (n, d)
        The data that a flow moves.
    measure : (n,), optional
        d with d_i w_ij = d_j w_ji, where the graph is a random walk on an undirected one.
    gamma, steps : the authors' setting; None where there is none.
    """

    name: str
    title: str
    weights: scipy.sparse.csr_array = field(repr=False)
    points: Float[np.ndarray, "n d"] = field(repr=False)
    measure: Float[np.ndarray, " n"] | None = field(default=None, repr=False)
    gamma: float | None = None
    steps: int | None = None

    def __len__(self) -> int:
        return int(self.weights.shape[0])

    @cached_property
    def laplacian(self) -> SparseLaplacian:
        return SparseLaplacian(self.weights, measure=self.measure, dtype=torch.float64)

    @cached_property
    def matrix(self) -> scipy.sparse.csr_array:
        """Return L, made here and not by the operator, so that either can check the other."""
        return scipy.sparse.csr_array(
            scipy.sparse.diags_array(self.weights.sum(axis=1)) - self.weights
        )

    @cached_property
    def scale(self) -> Float[np.ndarray, "n 1"]:
        """Return sqrt(d): the graph's own norm is |sqrt(d) x|, the usual one where d is 1."""
        d = np.ones(len(self)) if self.measure is None else self.measure
        return np.sqrt(d)[:, None]

    @cached_property
    def symmetric_matrix(self) -> scipy.sparse.csr_array:
        """Return D^1/2 L D^-1/2, which has the same eigenvalues and is symmetric."""
        root = self.scale[:, 0]
        s = scipy.sparse.diags_array(root) @ self.matrix @ scipy.sparse.diags_array(1.0 / root)
        return scipy.sparse.csr_array((s + s.T) / 2)

    @cached_property
    def eigenvalues(self) -> np.ndarray:
        """Return the non-zero eigenvalues of L, by descending absolute value.

        Of a large graph that is not non-normal, the largest 40 and the smallest.
        """
        if self.laplacian.symmetry == "none":
            values = scipy.linalg.eigvals(self.matrix.toarray())
        elif len(self) <= 500:
            values = scipy.linalg.eigvalsh(self.symmetric_matrix.toarray())
        else:
            values = np.concatenate([self._largest(TOP), [self._smallest()]])
        values = values[np.abs(values) > 1e-9 * self.laplacian.max_degree]
        return np.asarray(values[np.argsort(-np.abs(values))])

    def _largest(self, count: int) -> np.ndarray:
        values = eigsh(
            self.symmetric_matrix,
            k=count,
            which="LA",
            return_eigenvectors=False,
            v0=np.ones(len(self)) + np.linspace(0.0, 1.0, len(self)),
        )
        return np.asarray(values)

    def _smallest(self) -> float:
        """Return the smallest eigenvalue that is not zero: zero comes once for each component."""
        zeros, _ = csgraph.connected_components(self.weights, directed=False)
        shift = 1e-3
        shifted = scipy.sparse.csc_array(
            self.symmetric_matrix + shift * scipy.sparse.eye_array(len(self))
        )
        factors = splu(
            shifted,
            permc_spec="MMD_AT_PLUS_A",
            diag_pivot_thresh=0.0,
            options={"SymmetricMode": True},
        )
        inverse = LinearOperator(shifted.shape, factors.solve, dtype=np.float64)
        values = eigsh(
            self.symmetric_matrix,
            k=zeros + 1,
            sigma=-shift,
            OPinv=inverse,
            return_eigenvectors=False,
            v0=np.ones(len(self)) + np.linspace(0.0, 1.0, len(self)),
        )
        return float(values.max())

    @cached_property
    def fastest_mode(self) -> Float[np.ndarray, " n"]:
        """Return the left eigenvector v of the largest eigenvalue, if symmetric or reversible.

        v^T x is the part of x along that mode in the graph's own norm, in which the mode has
        length 1; a step multiplies it by 1 - gamma lambda_max.
        """
        start = np.ones(len(self)) + np.linspace(0.0, 1.0, len(self))
        _, vectors = eigsh(self.symmetric_matrix, k=1, which="LA", v0=start)
        return np.asarray(vectors[:, 0] * self.scale[:, 0])

    @property
    def longest_step(self) -> float:
        """Return min 2 Re(lambda) / |lambda|^2 over the eigenvalues above."""
        values = self.eigenvalues
        return float((2.0 * values.real / np.abs(values) ** 2).min())

    def factors(self, gamma: float) -> Float[np.ndarray, " m"]:
        """Return |1 - gamma lambda|, the factor of each mode in a step."""
        return np.abs(1.0 - gamma * self.eigenvalues)

    def growing(self, gamma: float) -> Float[np.ndarray, " g"]:
        """Return the factors above 1, largest first."""
        factors = np.sort(self.factors(gamma))[::-1]
        return factors[factors > 1.0 + 1e-9]

    @cached_property
    def centred(self) -> Float[np.ndarray, "n d"]:
        """Return the points less their mean in the graph's own measure."""
        d = self.scale**2
        return self.points - (d * self.points).sum(0) / d.sum()

    def size(self, x: Float[np.ndarray, "n d"]) -> float:
        """Return sqrt(sum_i d_i |x_i|^2)."""
        return float(np.linalg.norm(self.scale * x))
