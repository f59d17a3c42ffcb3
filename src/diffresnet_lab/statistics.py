"""Means over repeated runs, and paired differences, with their standard errors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

STANDARD_ERRORS_95 = 1.96
"""Half the 95% confidence interval of a mean, in standard errors."""


@dataclass(frozen=True)
class Estimate:
    """A mean over clusters of runs; the clusters are independent, the runs within one are not.

    Attributes
    ----------
    mean : float
    error : float
        Standard error of the mean, clustered: that of the means of the clusters. NaN for one.
    clusters : int
    std : float
        Standard deviation over all runs (divisor: their number); NaN where it is not known.
    """

    mean: float
    error: float
    clusters: int
    std: float = float("nan")

    @property
    def ci95(self) -> float:
        """Half of the 95% confidence interval, 1.96 standard errors."""
        return STANDARD_ERRORS_95 * self.error


def clustered_mean(clusters: Sequence[Float[np.ndarray, " _"]]) -> Estimate:
    """Return the mean over all runs.

    Parameters
    ----------
    clusters : sequence of (r,) arrays
        The runs of each cluster, as many in all: initialisations on a split, say, or one number
        for each task.

    Examples
    --------
    >>> found = clustered_mean([np.array([80.0, 82.0]), np.array([70.0, 72.0])])
    >>> found.mean, round(found.error, 6), found.clusters
    (76.0, 5.0, 2)
    """
    runs = np.stack(clusters)
    error = standard_error(runs.mean(axis=1))
    return Estimate(float(runs.mean()), error, len(runs), float(runs.std()))


def paired_difference(
    one: Sequence[Float[np.ndarray, " _"]], other: Sequence[Float[np.ndarray, " _"]]
) -> Estimate:
    """Return the mean of `one` less `other` over the clusters that both have.

    The i-th cluster of both is the same split or task; each difference is one between means of a
    cluster, so that the numbers of runs in it may differ.

    Examples
    --------
    >>> found = paired_difference([np.array([3.0, 5.0]), np.array([7.0])], [np.array([1.0])])
    >>> found.mean, found.error, found.clusters
    (3.0, nan, 1)
    """
    pairs = zip(one, other, strict=False)
    differences = np.array([runs.mean() - paired.mean() for runs, paired in pairs])
    return Estimate(
        float(differences.mean()),
        standard_error(differences),
        len(differences),
        float(differences.std()),
    )


def standard_error(values: Float[np.ndarray, " k"]) -> float:
    """Return the standard error of the mean of independent values; NaN for one."""
    if len(values) < 2:
        return float("nan")
    return float(values.std(ddof=1) / len(values) ** 0.5)
