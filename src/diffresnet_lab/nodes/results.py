"""What a sweep leaves: runs, their mean with its error, and paired differences of two models."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float, Int


@dataclass(frozen=True)
class SplitRuns:
    """All initialisations on one split.

    Attributes
    ----------
    predicted : (m, n)
        Class of every node, by every initialisation.
    accuracy, validation : (m,)
        In percent, on test and on validation nodes.
    epochs : (m,)
    seconds : float
        For all of them together.
    """

    predicted: Int[np.ndarray, "m n"]
    accuracy: Float[np.ndarray, " m"]
    validation: Float[np.ndarray, " m"]
    epochs: Int[np.ndarray, " m"]
    seconds: float


@dataclass(frozen=True)
class Summary:
    """Accuracy over all runs.

    Attributes
    ----------
    accuracy, std : float
        Mean and standard deviation over splits x inits runs, in percent.
    error : float
        Standard error of the mean, clustered by split: runs on one split are not independent.
    seconds : float
        A run; the median over splits, since a machine that sleeps or is busy makes a mean of little
        use.
    """

    accuracy: float
    std: float
    error: float
    seconds: float


def summary(runs: Sequence[SplitRuns]) -> Summary:
    """Mean, spread and error of a sweep."""
    accuracy = np.stack([run.accuracy for run in runs])
    of_split = accuracy.mean(1)
    error = of_split.std(ddof=1) / len(runs) ** 0.5 if len(runs) > 1 else float("nan")
    return Summary(
        float(accuracy.mean()),
        float(accuracy.std()),
        float(error),
        float(np.median([run.seconds / len(run.accuracy) for run in runs])),
    )


def run_rows(runs: Sequence[SplitRuns]) -> list[dict[str, Any]]:
    """A row a run: where it stands in the sweep, how good it was, and what it took.

    Runs that were trained side by side share their seconds equally.
    """
    return [
        {
            "split": split,
            "init": init,
            "accuracy": float(of.accuracy[init]),
            "validation_accuracy": float(of.validation[init]),
            "epochs": int(of.epochs[init]),
            "seconds": of.seconds / len(of.accuracy),
        }
        for split, of in enumerate(runs)
        for init in range(len(of.accuracy))
    ]


@dataclass(frozen=True)
class Difference:
    """How many points one model is ahead of another on the splits that both have.

    Attributes
    ----------
    mean : float
        Of the differences of the splits, each between means over initialisations.
    error : float
        Its standard error, clustered by split; NaN for one split.
    splits : int
    """

    mean: float
    error: float
    splits: int


def difference(one: Sequence[SplitRuns], other: Sequence[SplitRuns]) -> Difference:
    """`one` less `other`, paired: the i-th runs of both are on the same split."""
    both = list(zip(one, other, strict=False))
    ahead = np.array([a.accuracy.mean() - b.accuracy.mean() for a, b in both])
    error = ahead.std(ddof=1) / len(both) ** 0.5 if len(both) > 1 else float("nan")
    return Difference(float(ahead.mean()), float(error), len(both))
