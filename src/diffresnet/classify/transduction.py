"""Labelling the points of one graph: the whole chain from features to probabilities."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int
from scipy.special import softmax
from torch import Tensor

from ..operators import SparseLaplacian
from .calibration import fitted_temperature, sharpness_for
from .features import FlowName, MovedFeatures, move
from .head import Head
from .scores import SMALLEST, comparable, one_hot, spread_sources, spread_with_prior
from .selection import (
    Folds,
    choose_prior_weight,
    fold_heads,
    held_out_errors,
    prefers_raw,
    split_labels,
)

# Decay rates 1 / t per unit of degree: measured in benchmarks/ablation.py.
DECAY = 0.03
DECAY_ONE_LABEL = 0.003
# With one label a class nothing can be held out, so these stay fixed.
WEIGHT_ONE_LABEL = 0.3
HEAD_SHARE = 0.5
SHARPNESS = 4.0
# Mean confidence is 1 less this multiple of how often head and sources disagree.
DOUBT = 2.2


@dataclass(frozen=True)
class Recipe:
    """What the caller has fixed; None stands for "choose by itself".

    Attributes
    ----------
    strength : time t that features diffuse.
    prior_weight : weight of the head's probabilities against the neighbours' scores.
    """

    head: object
    flow: FlowName = "implicit"
    strength: float | None = None
    prior_weight: float | None = None
    calibrate: bool = True
    seed: int = 0


@dataclass(frozen=True)
class Transduction:
    """Labels of all points, and what is needed to label more.

    Attributes
    ----------
    log_scores : (n, c)
        Logarithms of the spread scores u, before calibration; labelled rows hold their label.
    prior : (n, c)
        Probabilities before scores were spread.
    sharpness : float
        Probabilities are softmax(sharpness * log_scores).
    held_out : (l, c) or None
        For each labelled row, mean probabilities from splits that did not see its label.
    """

    log_scores: Float[np.ndarray, "n c"]
    prior: Float[np.ndarray, "n c"]
    features: MovedFeatures | None
    head: Head | None
    strength: float
    prior_weight: float
    sharpness: float
    held_out: np.ndarray | None


def transduce(
    laplacian: SparseLaplacian,
    degree: Float[Tensor, " n"],
    x: Float[Tensor, "n d"] | None,
    rows: Int[np.ndarray, " l"],
    given: Float[np.ndarray, "l c"],
    recipe: Recipe,
    sample_weight: Float[np.ndarray, " l"] | None = None,
) -> Transduction:
    """Label every point of a graph from the labels of a few.

    Parameters
    ----------
    laplacian : of the random walk on the graph; degree : its degrees.
    x : features, or None to spread class scores alone.
    rows, given : labelled rows, and the distribution of the label of each.
    """
    codes = given.argmax(axis=1)
    folds = split_labels(codes, recipe.seed, len(degree))
    job = _Job(laplacian, degree, x, rows, codes, given, recipe, sample_weight)
    return job.with_few() if folds is None else job.with_folds(folds)


@dataclass(frozen=True)
class _Job:
    laplacian: SparseLaplacian
    degree: Tensor
    x: Tensor | None
    rows: np.ndarray
    codes: np.ndarray
    given: np.ndarray
    recipe: Recipe
    sample_weight: np.ndarray | None

    @property
    def n_classes(self) -> int:
        return self.given.shape[1]

    @property
    def labels(self) -> Tensor:
        return torch.from_numpy(self.given).to(self.degree)

    @property
    def source_decay(self) -> float:
        """Sources should reach about as far as a label must: n / c points."""
        return float(np.clip(self.n_classes / (2 * len(self.degree)), 1e-4, 0.03))

    def with_few(self) -> Transduction:
        """About one label a class: head and label sources together, then spread."""
        sources = comparable(self.sources(np.ones(len(self.rows), bool)))
        doubt = 0.0
        features = head = None
        strength = 0.0
        total = sources
        if self.x is not None:
            chosen = self.recipe.strength
            longest = 1.0 / max(DECAY_ONE_LABEL, self.source_decay)
            strength = longest if chosen is None else chosen
            features = move(self.laplacian, self.x, strength, self.recipe.flow)
            head = self.fitted_head(features)
            logits = comparable(head.logits(features.rows).to(sources.dtype))
            doubt = float((logits.argmax(1) != sources.argmax(1)).float().mean())
            total = HEAD_SHARE * logits + sources
        prior = torch.softmax(SHARPNESS * comparable(total), dim=1)
        weight = self.recipe.prior_weight
        weight = WEIGHT_ONE_LABEL if weight is None else weight
        log_scores = self.spread(prior, weight)
        sharpness = 1.0
        if self.recipe.calibrate and self.x is not None:
            confidence = max(1.0 - DOUBT * doubt, 1.2 / self.n_classes)
            sharpness = sharpness_for(log_scores, min(confidence, 0.99))
        return self.result(log_scores, prior, features, head, strength, weight, sharpness)

    def with_folds(self, folds: Folds) -> Transduction:
        """Enough labels to hold some out: strength, weight and temperature are measured."""
        recipe = self.recipe
        features = head = None
        strength = 0.0
        if self.x is None:
            priors = [self.source_prior(~held) for held in folds.held]
            prior = self.source_prior(np.ones(len(self.rows), bool))
        else:
            strength = 1.0 / DECAY if recipe.strength is None else recipe.strength
            features = move(self.laplacian, self.x, strength, recipe.flow)
            heads, errors = self.fold_heads(features, folds)
            if recipe.strength is None:
                raw = move(self.laplacian, self.x, 0.0)
                raw_heads, raw_errors = self.fold_heads(raw, folds)
                if prefers_raw(raw_errors, errors):
                    strength, features, heads = 0.0, raw, raw_heads
                del raw  # a copy of the features
            head = self.fitted_head(features)
            z = features.rows
            priors = [h.log_proba(z).exp().to(self.degree.dtype) for h in heads]
            prior = head.log_proba(z).exp().to(self.degree.dtype)
        weights = {} if recipe.prior_weight is None else {"weights": (recipe.prior_weight,)}
        choice = choose_prior_weight(
            self.laplacian, priors, folds, self.rows, self.codes, **weights
        )
        log_scores = self.spread(prior, choice.weight)
        sharpness = 1.0
        if recipe.calibrate:
            sharpness = 1.0 / fitted_temperature(choice.log_scores, choice.codes, len(self.rows))
        held_out = self.mean_held_out(softmax(sharpness * choice.log_scores, axis=1), choice.rows)
        return self.result(
            log_scores, prior, features, head, strength, choice.weight, sharpness, held_out
        )

    def sources(self, seen: np.ndarray) -> Tensor:
        return spread_sources(
            self.laplacian,
            self.degree,
            self.rows[seen],
            one_hot(self.codes[seen], self.n_classes, self.degree),
            self.source_decay,
        )

    def source_prior(self, seen: np.ndarray) -> Tensor:
        return torch.softmax(SHARPNESS * comparable(self.sources(seen)), dim=1)

    def fold_heads(self, features: MovedFeatures, folds: Folds) -> tuple[list[Head], np.ndarray]:
        """A head for every split, and how often each labelled row is wrong where held out."""
        z = features.some_rows(self.rows)
        heads = fold_heads(
            z, self.recipe.head, folds, self.codes, self.n_classes, self.sample_weight
        )
        return heads, held_out_errors(heads, z, folds, self.codes)

    def fitted_head(self, features: MovedFeatures) -> Head:
        head = Head(self.recipe.head, self.n_classes)
        return head.fit(features.some_rows(self.rows), self.codes, self.sample_weight)

    def spread(self, prior: Tensor, weight: float) -> np.ndarray:
        u = spread_with_prior(self.laplacian, prior, self.rows, self.labels, weight)
        return np.log(np.maximum(u.double().cpu().numpy(), SMALLEST))

    def mean_held_out(self, probabilities: np.ndarray, which: np.ndarray) -> np.ndarray:
        total = np.zeros((len(self.rows), self.n_classes))
        np.add.at(total, which, probabilities)
        count = np.bincount(which, minlength=len(self.rows))[:, None]
        own = np.eye(self.n_classes)[self.codes]
        return np.where(count > 0, total / np.maximum(count, 1), own)

    def result(
        self,
        log_scores: np.ndarray,
        prior: Tensor,
        features: MovedFeatures | None,
        head: Head | None,
        strength: float,
        weight: float,
        sharpness: float,
        held_out: np.ndarray | None = None,
    ) -> Transduction:
        prior_rows = prior.double().cpu().numpy()
        return Transduction(
            log_scores, prior_rows, features, head, strength, weight, sharpness, held_out
        )
