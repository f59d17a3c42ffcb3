"""Features of digits before and after diffusion, on their principal components."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from scipy.linalg import orthogonal_procrustes
from sklearn.decomposition import PCA

from diffresnet.classify import DiffusionClassifier
from diffresnet.classify.features import diffuse_features
from diffresnet.operators import SparseLaplacian
from diffresnet.similarity import similarity_graph

from ...data.digits import digits, hide_labels


@dataclass(frozen=True)
class FeatureMap:
    """Features on their first two principal components.

    Attributes
    ----------
    points : (n, 2)
        Scores on both components.
    seen : float
        Share of the variance that both components hold.
    between : float
        Share of the variance, in all dimensions, that is between classes and not inside them.
    """

    points: Float[np.ndarray, "n 2"]
    seen: float
    between: float


@dataclass(frozen=True)
class FeatureMotion:
    """Features before and after diffusion for a time `strength`."""

    before: FeatureMap
    after: FeatureMap
    classes: Int[np.ndarray, " n"]
    labelled: Bool[np.ndarray, " n"]
    strength: float


def feature_motion(labels_per_class: int = 5, seed: int = 0) -> FeatureMotion:
    """Diffuse digits as DiffusionClassifier does, for the time that it chooses from one draw.

    Features are as its linear head sees them: centred, rows of length 1. No label has a part in
    the motion but through its strength.
    """
    x, y = digits()
    given = hide_labels(y, labels_per_class, 0, seed)
    model = DiffusionClassifier(device="cpu", random_state=seed).fit(x, given)
    points = torch.from_numpy(x).float()
    laplacian = SparseLaplacian.random_walk(similarity_graph(points.numpy()))
    before = diffuse_features(laplacian, points, 0.0).rows.double().numpy()
    after = diffuse_features(laplacian, points, model.diffusion_time_).rows.double().numpy()
    first, second = _feature_map(before, y), _feature_map(after, y)
    # Components have no sign: turned, in their own plane, to where they were before.
    turn, _ = orthogonal_procrustes(second.points, first.points)
    second = FeatureMap(second.points @ turn, second.seen, second.between)
    return FeatureMotion(first, second, y, given >= 0, float(model.diffusion_time_))


def between_share(z: Float[np.ndarray, "n d"], classes: Int[np.ndarray, " n"]) -> float:
    """Return the scatter of the class means over all scatter, from 0 (equal means) to 1."""
    total = ((z - z.mean(0)) ** 2).sum()
    inside = sum(
        ((z[classes == c] - z[classes == c].mean(0)) ** 2).sum() for c in np.unique(classes)
    )
    return float(1.0 - inside / total)


def _feature_map(z: Float[np.ndarray, "n d"], classes: Int[np.ndarray, " n"]) -> FeatureMap:
    pca = PCA(2, svd_solver="full").fit(z)
    seen = float(pca.explained_variance_ratio_.sum())
    return FeatureMap(pca.transform(z), seen, between_share(z, classes))
