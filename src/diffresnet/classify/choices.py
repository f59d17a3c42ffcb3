"""What cross-validation chose, to be held while the labels are much the same."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..labels import Labels
from .calibrator import Calibrator
from .mixture import Mixture
from .novelty import Novelty, NoveltyCalibrator
from .problem import Solution

# Choices are made again where more labels than this share of those that they were made by have
# come, gone or changed, or rows have grown by more than this share.
CHANGE = 0.5


@dataclass(frozen=True)
class Choices:
    """The mixture of the prior, its weight, and the temperatures of confidence and novelty.

    Attributes
    ----------
    calibrator : Calibrator
        Without the factors of a class prior, which depend on all answers.
    labels : Labels
        That they were made by.
    """

    mixture: Mixture
    prior_weight: float
    calibrator: Calibrator
    novelty: NoveltyCalibrator
    labels: Labels

    @classmethod
    def of(cls, solution: Solution, novelty: Novelty, labels: Labels) -> Choices:
        """Keep what a solution of held-out labels chose."""
        assert solution.prior_inputs is not None
        mixture = solution.prior_inputs.mixture
        weight, calibrator = solution.prior_weight, solution.calibrator
        return cls(mixture, weight, calibrator, novelty.calibrator, labels)

    def hold_for(self, labels: Labels) -> bool:
        """Return whether other labels of the same rows, and more rows, leave the choices as good.

        They do not where a class has come or gone.
        """
        before, rows = self.labels, len(self.labels)
        if not np.array_equal(before.classes, labels.classes):
            return False
        changed = (before.codes != labels.codes[:rows]).sum() + labels.labelled[rows:].sum()
        return bool(changed <= CHANGE * len(before.rows) and len(labels) <= (1 + CHANGE) * rows)
