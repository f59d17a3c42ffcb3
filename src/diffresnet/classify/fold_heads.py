"""The heads that are mixed to the prior, by all labels and by those that each fold leaves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from ..progress import stage
from .cross_validation import Folds
from .features import DiffusedFeatures
from .mixture import Mixture
from .points import LabelledPoints
from .problem import Expert, fit_head

# A decay rate 1 / t per unit of degree: measured in benchmarks/ablation.py.
DECAY = 0.03
# Numbers of the rows that heads read at once, or of their answers: they stay in the cache.
CHUNK = 2**20


def head_times(chosen: float | None) -> tuple[float, ...]:
    """Return how long the features of each head diffuse: not at all and long, or as chosen."""
    return (0.0, 1.0 / DECAY) if chosen is None else (chosen,)


@dataclass(frozen=True)
class FoldHeads:
    """Heads on features of several times, mixed by the labels that folds hold out.

    Attributes
    ----------
    experts : by all labels.
    of_folds : of each fold, by the labels that it leaves.
    mixture : of the experts.
    held_out : (m, c) of the mixed folds at the points that they hold out, of all in turn.
    """

    experts: tuple[Expert, ...]
    of_folds: tuple[tuple[Expert, ...], ...]
    mixture: Mixture
    held_out: Float[np.ndarray, "m c"]

    @classmethod
    def fit(
        cls,
        prototype: object,
        features: Sequence[DiffusedFeatures],
        labels: LabelledPoints,
        folds: Folds,
    ) -> FoldHeads:
        """Train the heads and fit the mixture.

        Parameters
        ----------
        features : of which `labels.at` are rows.
        """
        every = np.ones(len(labels), dtype=bool)
        fitted = []
        with stage("training heads", 1 + len(folds.held)) as advance:
            for seen in (every, *~folds.held):
                fitted.append(
                    tuple(
                        Expert(each, fit_head(prototype, each, labels, seen)) for each in features
                    )
                )
                advance()
        experts, *of_folds = fitted
        held_log_p = [
            torch.cat(
                [
                    of_fold[k].log_proba(each.some_rows(labels.at[held]))
                    for of_fold, held in zip(of_folds, folds.held, strict=True)
                ]
            )
            for k, each in enumerate(features)
        ]
        host = [np.asarray(each.double().cpu().numpy()) for each in held_log_p]
        mixture = Mixture.fit(host, labels.codes[folds.held_rows], len(labels))
        held_out = np.asarray(mixture.probabilities(held_log_p).double().cpu().numpy())
        return cls(experts, tuple(of_folds), mixture, held_out)


def mixed(mixture: Mixture, *of_folds: Sequence[Expert]) -> Float[Tensor, "n fc"]:
    """Mix the probabilities of experts at all points, of one fold after the other.

    Rows are made once for all folds: those of a thousand columns take longer than the products.

    Parameters
    ----------
    of_folds : experts of each, on the same features.
    """
    features = [each.features for each in of_folds[0]]
    n, c = len(features[0].diffused), of_folds[0][0].head.n_classes
    p = features[0].diffused.new_empty(n, c * len(of_folds))
    step = max(1, CHUNK // max(c, features[0].diffused.shape[1]))
    for start in range(0, n, step):
        rows = [each.part(start, start + step) for each in features]
        for target, experts in zip(p[start : start + step].split(c, dim=1), of_folds, strict=True):
            log_p = [each.log_proba(z) for each, z in zip(experts, rows, strict=True)]
            target.copy_(mixture.probabilities(log_p))
    return p
