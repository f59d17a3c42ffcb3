"""How many of the given labels are wrong, and how likely each of them is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.optimize import minimize
from scipy.special import expit, log_softmax, logit

# For each row that the model expects to err on, so many are odd: their right label looks like any
# other to it. Such disagreements are no proof of wrong labels.
ODD = 0.07
# Expected share of the right labels that may be suspected.
FALSE_ALARMS = 0.02
# Twice the log-likelihood that noise must gain for labels to be suspected, and for confidence to
# change: as the rate is at its bound of 0 without noise, the levels are 10% and 1%.
POSSIBLE, CLEAR = 1.64, 5.4
# Probabilities that the likelihood is computed from at most; more labels are thinned out.
AFFORDABLE = 400_000
# Of log b and of the log-odds of the rate.
BOUNDS = ((-3.0, 3.0), (-9.0, 1.0))
SMALLEST = 1e-30


@dataclass(frozen=True)
class LabelNoise:
    """Given labels are the true ones, but at a rate they are another class at random.

    With p the probabilities of the true class at inverse temperature b, times those given,

        P(given g | x) = (1 - rate) p_g + rate (1 - p_g) / (c - 1).

    Attributes
    ----------
    rate : share of wrong labels, 0 where none is proved.
    inverse_temperature : b, 1 where the rate is 0.
    odd : share of right labels that look like any other.
    gain : twice the log-likelihood that it gains.

    References
    ----------
    Natarajan, Dhillon, Ravikumar, Tewari: Learning with noisy labels, 2013. Here the noise is
    fitted together with the temperature by maximum likelihood: right labels are unlikely only where
    others are about as likely, wrong ones anywhere.
    """

    rate: float = 0.0
    inverse_temperature: float = 1.0
    odd: float = 0.0
    gain: float = 0.0

    @property
    def is_clear(self) -> bool:
        """Whether there is more of it than a few honest errors may look like."""
        return self.gain >= CLEAR

    @classmethod
    def fit(cls, held_out: Float[np.ndarray, "l c"], codes: Int[np.ndarray, " l"]) -> LabelNoise:
        """Fit rate and temperature to probabilities of labels that were held out.

        Labels are smoothed by 1 / (l + 1), as by `Calibrator.fit_held_out`.
        """
        some = np.flatnonzero(is_held_out(held_out))
        classes = held_out.shape[1]
        if len(some) < 2 or classes < 2:
            return cls()
        smoothing = 1.0 / (len(some) + 1)
        count = len(some)
        some = some[:: -(-count * classes // AFFORDABLE)]
        log_p, picked = np.log(held_out[some].clip(SMALLEST)), (np.arange(len(some)), codes[some])

        def loss(log_b: float, rate: float) -> float:
            p = np.exp(log_softmax(np.exp(log_b) * log_p, axis=1))
            log_q = np.log(_given(p, rate).clip(SMALLEST))
            return float(
                -(1 - smoothing) * log_q[picked].mean() - smoothing * log_q.mean(axis=1).mean()
            )

        found = [
            minimize(
                lambda at: loss(at[0], expit(at[1])),
                (0.3, logit(rate)),
                method="Nelder-Mead",
                bounds=BOUNDS,
                options={"xatol": 1e-3, "fatol": 1e-6, "maxiter": 200},
            )
            for rate in (0.02, 0.2)
        ]
        best = min(found, key=lambda each: each.fun)
        clean = minimize(
            lambda at: loss(at[0], 0.0), (0.3,), method="Nelder-Mead", bounds=BOUNDS[:1]
        )
        b, unlikely = float(np.exp(best.x[0])), float(expit(best.x[1]))
        expected_error = 1.0 - np.exp(log_softmax(b * log_p, axis=1)).max(axis=1).mean()
        odd = ODD * float(expected_error)
        smoothed = smoothing * (1.0 - 1.0 / classes)  # looks like noise, and is our own
        rate = (unlikely - smoothed - odd) / (1.0 - odd)
        gain = float(2 * count * (clean.fun - best.fun))
        if rate <= 0.0 or gain < POSSIBLE:
            return cls()
        return cls(rate, b, odd, gain)

    def true_class(self, probabilities: Float[np.ndarray, "m c"]) -> Float[np.ndarray, "m c"]:
        """Return probabilities of the true class, from those calibrated on given labels."""
        log_p = np.log(probabilities.clip(SMALLEST))
        return np.exp(log_softmax(self.inverse_temperature * log_p, axis=1))

    def wrong(
        self, held_out: Float[np.ndarray, "m c"], codes: Int[np.ndarray, " m"]
    ) -> Float[np.ndarray, " m"]:
        """Return the posterior probability that each given label is wrong; 0 if not held out."""
        p = self.true_class(held_out)[np.arange(len(codes)), codes]
        another = (1.0 - p) / max(held_out.shape[1] - 1, 1)
        wrong = self.rate * another
        right = (1.0 - self.rate) * ((1.0 - self.odd) * p + self.odd * another)
        return np.where(is_held_out(held_out), wrong / (wrong + right + SMALLEST), 0.0)


def suspicious(
    wrong: Float[np.ndarray, " m"], codes: Int[np.ndarray, " m"]
) -> Bool[np.ndarray, " m"]:
    """Return which labels to suspect, from the posterior probability that each is wrong.

    They are the likeliest, each above one half, and as many as leave the expected share of right
    labels among them below `FALSE_ALARMS` of all right labels. No class loses its last label.
    """
    order = np.argsort(-wrong, kind="stable")
    right = 1.0 - wrong
    alarms = np.cumsum(right[order]) <= FALSE_ALARMS * right.sum()
    found = np.zeros(len(wrong), dtype=bool)
    found[order] = alarms & (wrong[order] > 0.5)
    best = order[::-1]
    _, first = np.unique(codes[best], return_index=True)
    found[best[first]] = False
    return found


def is_held_out(held_out: Float[np.ndarray, "l c"]) -> Bool[np.ndarray, " l"]:
    """Return which labels were held out: those that never were have their own class alone."""
    return np.count_nonzero(held_out, axis=1) > 1


def _given(p: Float[np.ndarray, "m c"], rate: float) -> Float[np.ndarray, "m c"]:
    return (1.0 - rate) * p + rate * (1.0 - p) / (p.shape[1] - 1)
