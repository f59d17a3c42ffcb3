"""A classification problem on the points of a graph, and its solution."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import log

import numpy as np
import scipy.sparse
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from .calibrator import SMALLEST, Calibrator
from .domain import Domain
from .features import DiffusedFeatures, FlowName
from .head import Head
from .mixture import Mixture
from .points import LabelledPoints
from .scores import one_hot, propagate_labels, propagate_sources, source_decay


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
    domain : Domain
    labels : LabelledPoints
    """

    domain: Domain
    labels: LabelledPoints
    config: SolverConfig

    @property
    def n_classes(self) -> int:
        return self.labels.distributions.shape[1]

    @property
    def points(self) -> int:
        """How many points there are."""
        return self.domain.graph.shape[0]

    @property
    def source_decay(self) -> float:
        """Decay of label sources."""
        return source_decay(self.points, self.n_classes)

    def sources(self, seen: np.ndarray) -> Float[Tensor, "n c"]:
        """Propagate the labels of the labelled points that are seen as sources."""
        degree, points = self.domain.degree, self.labels.at[seen]
        labels = one_hot(self.labels.codes[seen], self.n_classes, degree)
        return propagate_sources(self.domain.laplacian, degree, points, labels, self.source_decay)

    def propagate(self, prior: Float[Tensor, "n c"], weight: float) -> Float[np.ndarray, "n c"]:
        """Propagate all labels with a prior."""
        labels = torch.from_numpy(self.labels.distributions).to(prior)
        scores = propagate_labels(self.domain.laplacian, prior, self.labels.at, labels, weight)
        return np.asarray(scores.cpu().numpy())

    def diffuse(self, time: float) -> DiffusedFeatures:
        """Diffuse the features for some time."""
        return self.domain.diffuse(time, self.config.flow)

    def fit_head(self, features: DiffusedFeatures) -> Head:
        """Train the head on all labels."""
        return fit_head(self.config.head, features, self.labels)


def fit_head(
    prototype: object,
    features: DiffusedFeatures,
    labels: LabelledPoints,
    seen: Bool[np.ndarray, " l"] | None = None,
) -> Head:
    """Train a head on all labels, or on those that are seen."""
    seen = np.ones(len(labels), dtype=bool) if seen is None else seen
    z = features.some_rows(labels.at[seen])
    weight = None if labels.weight is None else labels.weight[seen]
    return Head(prototype, labels.distributions.shape[1]).fit(z, labels.codes[seen], weight)


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
    held_out_prior : (l, c), optional
        The same of the prior, before scores were propagated.
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
    held_out_prior: Float[np.ndarray, "l c"] | None = None
    prior_inputs: PriorInputs | None = None
