"""Stacking: weights of several models by what each says of labels that it has not seen."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

PSEUDO_LABELS = 1.0
"""Labels that a uniform prior of the weights counts for."""
ITERATIONS = 200


def stacking_weights(log_likelihoods: Float[np.ndarray, "e k"]) -> Float[np.ndarray, " e"]:
    """Return the weights of a mixture of models that maximise the likelihood of held-out labels.

    The mixture sum_e w_e p_e is concave in w and is fitted by expectation maximisation. Where
    labels are few a Dirichlet prior keeps the weights near one another; no weight is 0. Averages
    of models that err apart are often better than each (Wolpert 1992, Breiman 1996).

    Parameters
    ----------
    log_likelihoods : (e, k)
        log p_e(y_i) of e models at k labels that were held out from their training.

    Examples
    --------
    >>> sure, unsure = np.log([[0.9, 0.9, 0.9], [0.5, 0.5, 0.5]])
    >>> stacking_weights(np.stack([sure, sure])).round(3).tolist()
    [0.5, 0.5]
    >>> bool(stacking_weights(np.stack([sure, unsure]))[0] > 0.7)
    True
    """
    models, labels = log_likelihoods.shape
    likelihoods = np.exp(log_likelihoods - log_likelihoods.max(axis=0))
    weights = np.full(models, 1.0 / models)
    for _ in range(ITERATIONS):
        joint = weights[:, None] * likelihoods
        responsibilities = joint / joint.sum(axis=0)
        counts = responsibilities.sum(axis=1) + PSEUDO_LABELS / models
        weights = counts / (labels + PSEUDO_LABELS)
    return weights
