"""Shares of the classes among the rows, and answers that agree with them."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import replace
from numbers import Real
from typing import Any, Literal

import numpy as np
from jaxtyping import Float

from ..errors import InputError
from .calibrator import SMALLEST, Calibrator, log_of, softmax_in_place

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
    if isinstance(prior, str):
        return np.full(len(classes), 1.0 / len(classes))
    names = classes.tolist()
    # A key is a class by its value, 0 for 0.0, else by its text, "0" for 0 as in a model file.
    by_value = {name: code for code, name in enumerate(names)}
    by_text = {str(name): code for code, name in enumerate(names)}
    shares = np.full(len(classes), np.nan)
    for key, share in prior.items():
        code = by_value.get(key, by_text.get(str(key)))
        if code is None:
            raise InputError(f"no label is of class {key!r}", "class_prior")
        if not np.isnan(shares[code]):
            raise InputError(f"two shares are given for class {names[code]!r}", "class_prior")
        if isinstance(share, bool) or not isinstance(share, Real) or not 0 <= share < np.inf:
            raise InputError(
                f"the share of class {names[code]!r} must be a number of 0 or more, not {share!r}",
                "class_prior",
            )
        shares[code] = share
    missing = np.flatnonzero(np.isnan(shares))
    if len(missing):
        raise InputError(f"no share is given for class {names[missing[0]]!r}", "class_prior")
    if abs(shares.sum() - 1.0) > ROUNDED:
        raise InputError(
            f"the shares of the classes must sum to 1, not {shares.sum():g}", "class_prior"
        )
    return shares / shares.sum()


def with_class_prior(
    calibrator: Calibrator,
    prior: ClassPrior,
    classes: np.ndarray,
    scores: Float[np.ndarray, "m c"],
    given: Float[np.ndarray, "l c"],
    others: int,
    counts: Float[np.ndarray, " c"],
) -> Calibrator:
    """Weigh the classes until the probabilities of all rows have the wanted shares.

    Parameters
    ----------
    scores : of the rows without a label that a label reaches, or of a sample of them.
    given : distributions of the labelled rows, or of as large a sample of them.
    others : how many rows without a label are reached.
    counts : how many labelled rows each class has.

    Warns
    -----
    UserWarning
        Where the answers cannot have these shares.
    """
    shares = class_shares(prior, classes)
    if shares is None or not len(scores):
        return calibrator
    p = calibrator.probabilities(scores)
    if isinstance(shares, str):
        shares = estimate_shares(np.concatenate([p, given]))
    total = others + counts.sum()
    factors = match_shares(p, shares_of_others(shares, counts, total))
    calibrator = replace(calibrator, log_factors=tuple(factors.tolist()))
    found = (calibrator.probabilities(scores).mean(axis=0) * others + counts) / total
    _warn_if_missed(found, shares, counts, classes)
    return calibrator


def _warn_if_missed(
    found: Float[np.ndarray, " c"],
    wanted: Float[np.ndarray, " c"],
    given: Float[np.ndarray, " c"],
    classes: np.ndarray,
) -> None:
    worst = int(np.abs(found - wanted).argmax())
    if abs(found[worst] - wanted[worst]) > ROUNDED:
        warnings.warn(
            f"class_prior wants {wanted[worst]:.1%} of the rows to be of class "
            f"{classes[worst]!s}; they are {found[worst]:.1%}, of which {round(given[worst])} "
            f"have this label",
            UserWarning,
            stacklevel=2,
        )


def shares_of_others(
    shares: Float[np.ndarray, " c"], given: Float[np.ndarray, " c"], rows: float
) -> Float[np.ndarray, " c"]:
    """Return the shares of the classes among the rows without a label.

    Parameters
    ----------
    shares : among all rows.
    given : (c,) how many rows are labelled. A class that has more already than its share of all
        rows gets none of the others.
    rows : how many there are in all, more than are given.
    """
    others = np.maximum(shares * rows - given, 0.0)
    return others / others.sum()


def match_shares(
    p: Float[np.ndarray, "n c"], shares: Float[np.ndarray, " c"]
) -> Float[np.ndarray, " c"]:
    """Return log factors g of the classes with which the probabilities average to given shares.

    The rows p_ic exp(g_c) / sum_k p_ik exp(g_k) have the mean `shares`. The update is that of
    iterative proportional fitting. The factor of a class without a share is so small that only a
    row that is of no other class at all keeps it.
    """
    log_p = log_of(p)
    factors = np.zeros(p.shape[1])
    for _ in range(STEPS):
        mean = softmax_in_place(log_p + factors).mean(axis=0)
        factors += np.log(np.maximum(shares, SMALLEST**2) / np.maximum(mean, SMALLEST**2))
        factors -= factors.max()
        if np.abs(mean - shares).max() < TOLERANCE:
            break
    return np.maximum(factors, 3 * np.log(SMALLEST))


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
