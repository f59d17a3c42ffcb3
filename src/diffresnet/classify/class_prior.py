"""Shares of the classes among the rows, and answers that agree with them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
from jaxtyping import Float

from ..errors import InputError

ClassPrior = Literal["uniform", "estimate"] | Mapping[Any, float] | None

# Of the fixed points: far below what decides a label.
TOLERANCE = 1e-6
STEPS = 500
# Where shares are estimated, this many rows of each class are taken to have been seen.
PSEUDOCOUNT = 1.0
# Shares that are given may miss 1 by so much.
ROUNDED = 0.01


def class_shares(
    prior: ClassPrior, classes: np.ndarray
) -> Float[np.ndarray, " c"] | Literal["estimate"] | None:
    """Return the wanted share of every class, None, or "estimate".

    Raises
    ------
    InputError
        If shares are given for other classes than those of the labels, or do not sum to 1.
    """
    if prior is None or prior == "estimate":
        return prior
    count = len(classes)
    if isinstance(prior, str):
        return np.full(count, 1.0 / count)
    known = {str(name): name for name in prior}
    missing = [name for name in classes.tolist() if str(name) not in known]
    if missing:
        raise InputError(f"no share is given for class {missing[0]!r}", "class_prior")
    unknown = sorted(set(known) - {str(name) for name in classes.tolist()})
    if unknown:
        raise InputError(f"no label is of class {known[unknown[0]]!r}", "class_prior")
    values = [prior[known[str(name)]] for name in classes.tolist()]
    try:
        shares = np.array(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise InputError("shares of classes must be numbers", "class_prior") from None
    if not (shares >= 0).all() or abs(shares.sum() - 1.0) > ROUNDED:
        raise InputError(
            f"the shares of the classes must be 0 or more and sum to 1, not {shares.sum():g}",
            "class_prior",
        )
    return shares / shares.sum()


def match_shares(
    p: Float[np.ndarray, "n c"], shares: Float[np.ndarray, " c"]
) -> Float[np.ndarray, " c"]:
    """Return log factors g of the classes with which the probabilities average to given shares.

    The rows p_ic exp(g_c) / sum_k p_ik exp(g_k) have the mean `shares`. The update is that of
    iterative proportional fitting.
    """
    factors = np.ones(p.shape[1])
    for _ in range(STEPS):
        mean = (p * (factors / (p @ factors)[:, None])).mean(axis=0)
        factors *= np.where(shares > 0, shares / np.maximum(mean, 1e-300), 0.0)
        factors /= factors.sum()
        if np.abs(mean - shares).max() < TOLERANCE:
            break
    return np.log(np.maximum(factors, 1e-30))


def estimate_shares(p: Float[np.ndarray, "n c"]) -> Float[np.ndarray, " c"]:
    """Estimate the shares of the classes by expectation maximisation.

    The probabilities are taken for those of a classifier of balanced classes, as the head is.

    References
    ----------
    Saerens et al.: Adjusting the outputs of a classifier to new a priori probabilities, Neural
    Computation 2002.
    """
    n, c = p.shape
    shares = np.full(c, 1.0 / c)
    for _ in range(STEPS):
        q = p * shares
        q /= q.sum(axis=1, keepdims=True)
        updated = (q.sum(axis=0) + PSEUDOCOUNT) / (n + c * PSEUDOCOUNT)
        change, shares = np.abs(updated - shares).max(), updated
        if change < TOLERANCE:
            break
    return shares
