"""From scores to probabilities that can be trusted."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Int
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax

TEMPERATURES = (0.05, 5.0)


def fitted_temperature(
    log_scores: Float[np.ndarray, "m c"], codes: Int[np.ndarray, " m"], labelled: int
) -> float:
    """The T for which softmax(log_scores / T) fits held-out labels best.

    Labels are smoothed by 1 / (labelled + 1): a handful of right answers is no proof of
    certainty.
    """
    smoothing = 1.0 / (labelled + 1)
    classes = log_scores.shape[1]

    def loss(log_t: float) -> float:
        log_p = np.maximum(log_softmax(log_scores / np.exp(log_t), axis=1), -70.0)
        picked = log_p[np.arange(len(codes)), codes].sum()
        return float(-(1 - smoothing) * picked - smoothing / classes * log_p.sum())

    low, high = np.log(TEMPERATURES)
    return float(np.exp(minimize_scalar(loss, bounds=(low, high), method="bounded").x))


def sharpness_for(scores: Float[np.ndarray, "n c"], mean_confidence: float) -> float:
    """The factor k for which the largest entries of softmax(k scores) average to a given mean."""
    low, high = np.log(0.02), np.log(100.0)
    for _ in range(30):
        middle = (low + high) / 2
        if softmax(np.exp(middle) * scores, axis=1).max(axis=1).mean() < mean_confidence:
            low = middle
        else:
            high = middle
    return float(np.exp(low))


def expected_calibration_error(
    confidence: Float[np.ndarray, " n"], correct: np.ndarray, bins: int = 15
) -> float:
    """Mean gap between confidence and accuracy over equal bins of confidence, weighted by size."""
    which = np.minimum((confidence * bins).astype(int), bins - 1)
    gap = np.bincount(which, weights=confidence - correct, minlength=bins)
    return float(np.abs(gap).sum() / len(confidence))
