"""Confidence: from class scores to probabilities that can be trusted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax

SMALLEST = 1e-9
"""Scores below this count as this, so that logarithms stay finite."""

TEMPERATURES = (0.05, 5.0)
# Mean confidence is 1 less this multiple of how often head and label sources disagree.
DOUBT = 2.2


@dataclass(frozen=True)
class Calibrator:
    """Probabilities of class scores u: softmax(beta log u + g), with beta an inverse temperature.

    Every rule of confidence is here: uniform where no label reaches a row, certain where a label
    was given, and how the temperature is fitted and kept.

    Attributes
    ----------
    inverse_temperature : beta
    log_factors : g of the classes, with which the rows have given shares; none without.
    """

    inverse_temperature: float = 1.0
    log_factors: tuple[float, ...] = ()

    def to_facts(self) -> dict[str, Any]:
        """Return what a model file keeps; see `from_facts`."""
        return {"sharpness": self.inverse_temperature, "log_factors": list(self.log_factors)}

    @classmethod
    def from_facts(cls, facts: Mapping[str, Any]) -> Calibrator:
        """Make a calibrator of what `to_facts` returned."""
        return cls(facts["sharpness"], tuple(facts.get("log_factors", ())))

    @classmethod
    def fit_held_out(
        cls, scores: Float[np.ndarray, "m c"], codes: Int[np.ndarray, " m"], labelled: int
    ) -> Calibrator:
        """Fit the temperature to labels that were held out."""
        return cls(fit_inverse_temperature(log_of(scores), codes, labelled))

    @classmethod
    def fit_disagreement(cls, scores: Float[np.ndarray, "n c"], disagreement: float) -> Calibrator:
        """Fit the temperature to how often two classifiers disagree, where nothing is held out."""
        confidence = max(1.0 - DOUBT * disagreement, 1.2 / scores.shape[1])
        return cls.fit_mean(scores, min(confidence, 0.99))

    @classmethod
    def fit_mean(cls, scores: Float[np.ndarray, "n c"], mean_confidence: float) -> Calibrator:
        """Fit the temperature so that the largest probabilities average to a given mean."""
        log_scores = log_of(scores)
        log_scores -= log_scores.max(axis=1, keepdims=True)
        low, high = np.log(0.02), np.log(100.0)
        for _ in range(30):
            middle = (low + high) / 2
            largest = 1.0 / np.exp(np.exp(middle) * log_scores).sum(axis=1)
            if largest.mean() < mean_confidence:
                low = middle
            else:
                high = middle
        return cls(float(np.exp(low)))

    def probabilities(
        self,
        scores: Float[np.ndarray, "m c"],
        reached: Bool[np.ndarray, " m"] | None = None,
        given: tuple[Int[np.ndarray, " l"], Float[np.ndarray, "l c"]] | None = None,
    ) -> Float[np.ndarray, "m c"]:
        """Return the probabilities of scores.

        Parameters
        ----------
        reached : (m,), optional
            Rows that no label reaches get every class alike.
        given : rows and their class distributions, optional
            Held as they are.
        """
        p = log_of(scores)
        p *= self.inverse_temperature
        if self.log_factors:
            p += np.array(self.log_factors)
        softmax_in_place(p)
        if reached is not None:
            p[~reached] = 1.0 / p.shape[1]
        if given is not None:
            p[given[0]] = given[1]
        return p


def fit_inverse_temperature(
    log_scores: Float[np.ndarray, "m c"], codes: Int[np.ndarray, " m"], labelled: int
) -> float:
    """Return the inverse temperature that maximises the likelihood of held-out labels.

    Labels are smoothed by 1 / (labelled + 1): a handful of right answers is no proof of certainty.
    """
    smoothing = 1.0 / (labelled + 1)
    classes = log_scores.shape[1]

    def loss(log_t: float) -> float:
        log_p = np.maximum(log_softmax(log_scores / np.exp(log_t), axis=1), -70.0)
        picked = log_p[np.arange(len(codes)), codes].sum()
        return float(-(1 - smoothing) * picked - smoothing / classes * log_p.sum())

    low, high = np.log(TEMPERATURES)
    return 1.0 / float(np.exp(minimize_scalar(loss, bounds=(low, high), method="bounded").x))


def log_of(scores: Float[np.ndarray, "m c"]) -> Float[np.ndarray, "m c"]:
    """Return logarithms that are never -inf, in an array of their own."""
    logarithms = np.maximum(scores, SMALLEST)
    return np.log(logarithms, out=logarithms)


def softmax_in_place(z: Float[np.ndarray, "m c"]) -> Float[np.ndarray, "m c"]:
    """Turn each row into its softmax, and return it: new rows are many, and memory is the cost."""
    z -= z.max(axis=1, keepdims=True)
    np.exp(z, out=z)
    z /= z.sum(axis=1, keepdims=True)
    return z


def expected_calibration_error(
    confidence: Float[np.ndarray, " n"], correct: np.ndarray, bins: int = 15
) -> float:
    """Return the mean gap between confidence and accuracy over equal bins, weighted by size."""
    which = np.minimum((confidence * bins).astype(int), bins - 1)
    gap = np.bincount(which, weights=confidence - correct, minlength=bins)
    return float(np.abs(gap).sum() / len(confidence))
