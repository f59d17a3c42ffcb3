"""How good features are: nearest prototypes on few-shot tasks."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from ..fewshot import Summary, Tasks

CHUNK = 128
"""Tasks at once."""


def prototype_accuracies(
    features: Float[Tensor, "n d"], tasks: Tasks, base_mean: Float[Tensor, " d"] | None = None
) -> Float[np.ndarray, " t"]:
    """Accuracy in percent on each task of the nearest class mean, in Euclidean distance.

    Parameters
    ----------
    base_mean : (d,), optional
        Subtracted, after which every row is scaled to length 1: SimpleShot's CL2N (Wang et al.,
        2019). Features are taken as they are otherwise.
    """
    if base_mean is not None:
        features = F.normalize(features - base_mean, dim=1)
    found = []
    for start in range(0, len(tasks), CHUNK):
        part = tasks[start : start + CHUNK]
        support = features[torch.from_numpy(part.support)]  # (t, ways x shots, d), way by way
        query = features[torch.from_numpy(part.query)]
        prototypes = support.unflatten(1, (part.ways, -1)).mean(2)
        nearest = torch.cdist(query, prototypes).argmin(-1).cpu().numpy()
        found.append(100.0 * (nearest == part.query_labels).mean(1))
    return np.concatenate(found)


def mean_and_interval(accuracies: Float[np.ndarray, " t"]) -> tuple[float, float]:
    """Mean over tasks and the half-width of its 95% interval, as `Summary` has it."""
    found = Summary.from_values(accuracies)
    return found.mean, found.ci95
