"""The runs of a model: accuracy, predictions and cost of every split and initialisation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from ..statistics import Estimate, clustered_mean, paired_difference


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


def mean_accuracy(runs: Sequence[SplitRuns]) -> Estimate:
    """Return the mean test accuracy in percent, its error clustered by split."""
    return clustered_mean([split.accuracy for split in runs])


def accuracy_difference(one: Sequence[SplitRuns], other: Sequence[SplitRuns]) -> Estimate:
    """Return by how many points `one` is ahead of `other`, paired by the splits that both have."""
    return paired_difference([split.accuracy for split in one], [split.accuracy for split in other])


def seconds_per_run(runs: Sequence[SplitRuns]) -> float:
    """Return the seconds of a run.

    The median over splits: a machine that sleeps or is busy makes a mean of little use.
    """
    return float(np.median([split.seconds / len(split.accuracy) for split in runs]))


def run_rows(runs: Sequence[SplitRuns]) -> list[dict[str, Any]]:
    """Return a row a run; runs that were trained side by side share their seconds equally."""
    return [
        {
            "split": index,
            "init": init,
            "accuracy": float(split.accuracy[init]),
            "validation_accuracy": float(split.validation[init]),
            "epochs": int(split.epochs[init]),
            "seconds": split.seconds / len(split.accuracy),
        }
        for index, split in enumerate(runs)
        for init in range(len(split.accuracy))
    ]
