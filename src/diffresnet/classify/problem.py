"""A classification problem on the points of a graph, and its solution."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from math import log

import numpy as np
import scipy.sparse
import torch
from jaxtyping import Float
from torch import Tensor

from ..operators import SparseLaplacian
from .calibrator import SMALLEST, Calibrator
from .features import DiffusedFeatures, FlowName, diffuse_features
from .head import Head
from .mixture import Mixture
from .points import LabelledPoints
from .scores import one_hot, propagate_labels, propagate_sources


@dataclass(frozen=True)
class SolverConfig:
    """Settings of a solution; None stands for "choose by cross-validation".

    Attributes
    ----------
    head : scikit-learn classifier, cloned before it is fitted.
    diffusion_time : time t that features diffuse.
    prior_weight : weight of the head's probabilities against the neighbours' scores.
    calibrate : whether to fit the temperature of the confidence.
    """

    head: object
    flow: FlowName = "implicit"
    diffusion_time: float | None = None
    prior_weight: float | None = None
    calibrate: bool = True
    seed: int = 0


@dataclass(frozen=True)
class Problem:
    """Points of a graph, a few of them labelled.

    Attributes
    ----------
    graph : (n, n) symmetric weights.
    x : (n, d) features, or None to propagate class scores alone.
    labels : LabelledPoints
    device : where to compute.
    unit : whether a head reads rows of length 1, as where directions are compared.
    """

    graph: scipy.sparse.csr_array
    x: Float[Tensor, "n d"] | None
    labels: LabelledPoints
    config: SolverConfig
    device: torch.device
    unit: bool = True

    @property
    def n_classes(self) -> int:
        return self.labels.distributions.shape[1]

    @cached_property
    def laplacian(self) -> SparseLaplacian:
        """Of the random walk on the graph."""
        return SparseLaplacian.random_walk(self.graph, device=self.device)

    @cached_property
    def degree(self) -> Float[Tensor, " n"]:
        degree = np.asarray(self.graph.sum(axis=1))
        return torch.from_numpy(degree).to(self.device, torch.float32)

    @property
    def source_decay(self) -> float:
        """Decay of label sources: they should reach about as far as a label must, n / c points."""
        return float(np.clip(self.n_classes / (2 * len(self.degree)), 1e-4, 0.03))

    def sources(self, seen: np.ndarray) -> Float[Tensor, "n c"]:
        """Propagate the labels of the labelled points that are seen as sources."""
        labels = one_hot(self.labels.codes[seen], self.n_classes, self.degree)
        points = self.labels.at[seen]
        return propagate_sources(self.laplacian, self.degree, points, labels, self.source_decay)

    def propagate(self, prior: Float[Tensor, "n c"], weight: float) -> Float[np.ndarray, "n c"]:
        """Propagate all labels with a prior."""
        labels = torch.from_numpy(self.labels.distributions).to(self.degree)
        scores = propagate_labels(self.laplacian, prior, self.labels.at, labels, weight)
        return np.asarray(scores.double().cpu().numpy())

    def diffuse(self, time: float) -> DiffusedFeatures:
        """Diffuse the features for some time."""
        assert self.x is not None
        return diffuse_features(self.laplacian, self.x, time, self.config.flow, self.unit)

    def fit_head(self, features: DiffusedFeatures, seen: np.ndarray | None = None) -> Head:
        """Train the head on all labels, or on those that are seen (l,)."""
        labels = self.labels
        seen = np.ones(len(labels), dtype=bool) if seen is None else seen
        z = features.some_rows(labels.at[seen])
        weight = None if labels.weight is None else labels.weight[seen]
        return Head(self.config.head, self.n_classes).fit(z, labels.codes[seen], weight)


@dataclass(frozen=True)
class Expert:
    """A head, and the features that it reads."""

    features: DiffusedFeatures
    head: Head

    def log_proba(self, z: Float[Tensor, "m d"]) -> Float[Tensor, "m c"]:
        """Return logarithms of the class probabilities of rows of the features."""
        return self.head.log_proba(z).to(z.dtype).clamp_min(log(SMALLEST))


@dataclass(frozen=True)
class PriorInputs:
    """What the prior was made of: a mixture of heads, label sources, or a head and sources.

    Attributes
    ----------
    problem : Problem
        Whose features the heads read; its features may have been moved.
    heads : of the mixture, each with the time that its features diffused; none without features.
    mixture : of the heads, or of the sources where there are none.
    sources : whether label sources take part.
    """

    problem: Problem
    heads: tuple[tuple[float, Head], ...] = ()
    mixture: Mixture = field(default_factory=lambda: Mixture((1.0,), (1.0,)))
    sources: bool = False


@dataclass(frozen=True)
class Solution:
    """Class scores of all points, and what is needed to label more.

    Attributes
    ----------
    scores : (n, c) propagated scores u; labelled points hold their label.
    prior : (n, c) probabilities before scores were propagated.
    prior_weight, diffusion_time : as chosen.
    calibrator : Calibrator
    graph : (n, n) weights along which labels reach points.
    experts : of the mixture, where new points are to be read by heads; else none.
    held_out : (l, c), optional
        For each labelled point, mean probabilities from folds that did not see its label.
    prior_inputs : PriorInputs, optional
        None where scores are not propagated.
    """

    scores: Float[np.ndarray, "n c"]
    prior: Float[np.ndarray, "n c"]
    prior_weight: float
    diffusion_time: float
    calibrator: Calibrator
    graph: scipy.sparse.csr_array
    experts: tuple[Expert, ...] = ()
    held_out: Float[np.ndarray, "l c"] | None = None
    prior_inputs: PriorInputs | None = None
