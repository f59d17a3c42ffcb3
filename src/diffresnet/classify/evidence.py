"""Which given labels the prior comes from: its logits are sums over them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Float, Int
from sklearn.linear_model import LogisticRegression
from sklearn.utils.class_weight import compute_sample_weight
from torch import Tensor

from ..flow import diffuse_with_boundary
from .head import Head
from .points import LabelledPoints
from .problem import PriorInputs, Problem
from .scores import SOURCE_TEMPERATURE, one_hot, row_standardize
from .strategies import HEAD_SHARE

# Nodes of the quadrature on the way from the uniform distribution to the prior.
NODES = 12
TOLERANCE = 1e-4


@dataclass(frozen=True)
class Term(ABC):
    """A part of the logits s of the prior that is a sum over labels.

    s_jk = scale_j sum_l coefficients_lk kernel_lj

    Attributes
    ----------
    coefficients : (l, c)
    scale : (n,)
    """

    coefficients: Float[Tensor, "l c"]
    scale: Float[Tensor, " n"]

    @abstractmethod
    def kernel(self, labels: Int[np.ndarray, " b"]) -> Float[Tensor, "n b"]:
        """Return the kernel of some labels with all points."""

    @abstractmethod
    def against(self, values: Float[Tensor, "n c"]) -> Float[Tensor, "l c"]:
        """Return sum_j kernel_lj values_jk."""


@dataclass(frozen=True)
class HeadTerm(Term):
    """Logits of softmax regression, by the representer theorem: the kernel is <z_l, z_j>.

    Attributes
    ----------
    z : (n, d) rows that the head reads.
    at : (l,) labelled points.
    """

    z: Float[Tensor, "n d"]
    at: Int[np.ndarray, " l"]

    def kernel(self, labels: Int[np.ndarray, " b"]) -> Float[Tensor, "n b"]:
        return self.z @ self.z[self.at[labels]].T

    def against(self, values: Float[Tensor, "n c"]) -> Float[Tensor, "l c"]:
        return self.z[self.at] @ (self.z.T @ values)


@dataclass(frozen=True)
class SourceTerm(Term):
    """Scores of label sources: the kernel is (L + decay D)^-1 without its degree-weighted mean.

    Coefficients are centred labels, as in `propagate_sources`.
    """

    problem: Problem

    def kernel(self, labels: Int[np.ndarray, " b"]) -> Float[Tensor, "n b"]:
        at, columns = self.problem.labels.at[labels], np.arange(len(labels))
        source = torch.zeros(len(self.scale), len(labels))
        source[at, columns] = self._inverse_degree[at]
        propagated = self._solve(source)
        return propagated - self._share @ propagated

    def against(self, values: Float[Tensor, "n c"]) -> Float[Tensor, "l c"]:
        # (L + decay D)^-1 is symmetric, so the same solve serves the adjoint.
        centred = values - self._share[:, None] * values.sum(0)
        return self._solve(self._inverse_degree[:, None] * centred)[self.problem.labels.at]

    def _solve(self, values: Float[Tensor, "n c"]) -> Float[Tensor, "n c"]:
        free, gamma = torch.zeros(len(values), 1, dtype=torch.bool), 1 / self.problem.source_decay
        return diffuse_with_boundary(self.problem.domain.laplacian, values, free, gamma, TOLERANCE)

    @property
    def _share(self) -> Float[Tensor, " n"]:
        degree = self.problem.domain.degree
        return degree / degree.sum().clamp_min(1e-9)

    @property
    def _inverse_degree(self) -> Float[Tensor, " n"]:
        # A point without edges has nowhere to send its label.
        degree = self.problem.domain.degree
        return torch.where(degree > 0, 1 / degree, 0.0)


@dataclass(frozen=True)
class Evidence:
    """A part softmax(s) of the prior, and those terms of its logits s that are sums over labels.

    A probability is no sum over labels, but its growth is: as the logits grow from 0 to s, t s
    gives the probabilities p(t), which go from 1 / c to softmax(s) at a rate that is linear in s,

        dp_c / dt = p_c(t) (s_c - sum_k p_k(t) s_k).

    The part of a label is the integral of what it adds to this rate. 1 / c, the biases, and what
    the optimiser of the head left belong to no label.

    Attributes
    ----------
    share : of the part in the prior, which is a mixture.
    logits : (n, c)
    terms : of the head, unless it is not linear, and of label sources.

    References
    ----------
    Yeh et al.: Representer point selection, 2018, for the head. Sundararajan et al.: Axiomatic
    attribution (integrated gradients), 2017: the value of Aumann and Shapley.
    """

    share: float
    logits: Float[Tensor, "n c"]
    terms: tuple[Term, ...]

    @classmethod
    def all_of(cls, inputs: PriorInputs) -> list[Evidence]:
        """Compute the logits of all parts of a prior again, on the CPU, as sums of terms."""
        problem, mixture = inputs.problem, inputs.mixture
        problem = replace(problem, domain=problem.domain.on_cpu())
        if inputs.sources:
            return [cls._of_sources(problem, inputs.heads, mixture.inverse_temperatures[0])]
        parts = zip(mixture.shares, mixture.inverse_temperatures, inputs.heads, strict=True)
        return [
            cls._of_head(problem, share, beta, time, head)
            for share, beta, (time, head) in parts
            if share > 0
        ]

    @classmethod
    def _of_head(
        cls, problem: Problem, share: float, beta: float, time: float, head: Head
    ) -> Evidence:
        z = problem.diffuse(time).rows
        logits = beta * head.logits(z).to(z.dtype)
        coefficients = head_coefficients(head, z, problem.labels)
        if coefficients is None:
            return cls(share, logits, ())
        scale = torch.full((len(z),), beta)
        return cls(share, logits, (HeadTerm(coefficients, scale, z, problem.labels.at),))

    @classmethod
    def _of_sources(
        cls, problem: Problem, heads: tuple[tuple[float, Head], ...], beta: float
    ) -> Evidence:
        """Add the logits of sources and of a head, if there is one, as `FewLabels` does."""
        labels = problem.labels
        sources = problem.sources(np.ones(len(labels), dtype=bool))
        logits = torch.zeros_like(sources)
        head_terms: tuple[Term, ...] = ()
        for time, head in heads:
            part = cls._of_head(problem, 1.0, 1.0, time, head)
            logits, head_terms = part.logits, part.terms
        combined = HEAD_SHARE * row_standardize(logits) + row_standardize(sources)
        whole = SOURCE_TEMPERATURE * _length(combined) / beta
        weights = HEAD_SHARE / _length(logits) / whole
        source_weights = 1 / _length(sources) / whole
        centred = one_hot(labels.codes, problem.n_classes, sources)
        source_term = SourceTerm(centred - centred.mean(0), source_weights, problem)
        s = weights[:, None] * logits + source_weights[:, None] * sources
        return cls(1.0, s, (*(replace(term, scale=weights) for term in head_terms), source_term))

    def of_labels(
        self, labels: Int[np.ndarray, " b"], classes: Int[np.ndarray, " b"]
    ) -> Float[Tensor, "n b"]:
        """Return what each label adds to the prior of a class of its own, at all points."""
        coefficients = [term.coefficients[labels] for term in self.terms]
        own = [each[np.arange(len(labels)), classes] for each in coefficients]
        rates = [torch.zeros(len(self.logits), len(labels)) for _ in self.terms]
        for t, weight in _quadrature():
            p = torch.softmax(t * self.logits, dim=1)
            grows = self.share * weight * p[:, classes]
            for rate, each, at_class in zip(rates, coefficients, own, strict=True):
                rate += grows * (at_class - p @ each.T)
        total = torch.zeros(len(self.logits), len(labels))
        for rate, term in zip(rates, self.terms, strict=True):
            total += rate.mul_(term.scale[:, None]).mul_(term.kernel(labels))
        return total

    def of_points(
        self, weights: Float[np.ndarray, " n"], code: int, labels: int
    ) -> Float[np.ndarray, " l"]:
        """Return what each of so many labels adds to the weighted sum of the priors of a class."""
        rate = torch.zeros_like(self.logits)
        for t, weight in _quadrature():
            p = torch.softmax(t * self.logits, dim=1)
            grows = self.share * weight * p[:, [code]]
            rate -= grows * p
            rate[:, [code]] += grows
        rate *= torch.from_numpy(weights).to(rate)[:, None]
        total = torch.zeros(labels, dtype=torch.float64)
        for term in self.terms:
            total += (term.coefficients * term.against(term.scale[:, None] * rate)).sum(1)
        return total.numpy()


def head_coefficients(
    head: Head, z: Float[Tensor, "n d"], labels: LabelledPoints
) -> Float[Tensor, "l c"] | None:
    """Return coefficients a of the labels in softmax regression, or None of another head.

    Where the loss with an L2 penalty is least, its weights are sum_l a_l z_l with
    a_l = C weight_l (y_l - p_l).
    """
    prototype = head.prototype
    if not isinstance(prototype, LogisticRegression) or head.weights is None:
        return None
    if not np.isfinite(prototype.C):  # no penalty, no optimum in the span of the labelled rows
        return None
    codes, weight = labels.codes, labels.weight
    weight = np.ones(len(codes)) if weight is None else weight
    if prototype.class_weight == "balanced":
        mass = np.bincount(codes, weight, minlength=head.n_classes)
        weight = weight * weight.sum() / (head.n_classes * mass[codes])
    else:
        weight = weight * compute_sample_weight(prototype.class_weight, codes)
    p = head.log_proba(z[labels.at]).exp()
    a = one_hot(codes, head.n_classes, p) - p
    if head.n_classes == 2:
        a[:, 0] = 0.0  # two classes share one column of weights
    return (prototype.C * torch.from_numpy(weight)[:, None] * a).to(z.dtype)


def _length(scores: Float[Tensor, "n c"]) -> Float[Tensor, " n"]:
    """Return what `row_standardize` divides by."""
    centred = scores - scores.mean(1, keepdim=True)
    return centred.norm(dim=1).clamp_min(1e-12)


def _quadrature() -> list[tuple[float, float]]:
    """Return nodes and weights of Gauss and Legendre on [0, 1]."""
    nodes, weights = np.polynomial.legendre.leggauss(NODES)
    return list(zip((nodes + 1) / 2, weights / 2, strict=True))
