"""Labelling new rows from the fitted ones, without fitting again."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse
import torch
from jaxtyping import Bool, Float
from scipy.special import softmax

from ..similarity import GraphSettings, nearest_neighbours
from ..similarity.weights import bandwidth, gaussian
from .scores import SMALLEST

CHUNK = 8192


@dataclass(frozen=True)
class LinearHead:
    """What is kept of a head: (c, d) weights and (c,) biases."""

    weight: np.ndarray
    bias: np.ndarray

    def probabilities(self, z: Float[np.ndarray, "m d"]) -> Float[np.ndarray, "m c"]:
        return softmax(np.einsum("md,cd->mc", z, self.weight) + self.bias, axis=1)


@dataclass(frozen=True)
class FittedScores:
    """The answers at the fitted points, and how confidence is read off them.

    Attributes
    ----------
    scores : (n, c) spread scores u; uniform at points that no label reaches.
    prior : (n, c) head probabilities before spreading.
    reached : (n,)
    prior_weight, sharpness : as in `Transduction`.
    """

    scores: Float[np.ndarray, "n c"]
    prior: Float[np.ndarray, "n c"]
    reached: Bool[np.ndarray, " n"]
    prior_weight: float
    sharpness: float

    def probabilities(self, scores: Float[np.ndarray, "m c"]) -> Float[np.ndarray, "m c"]:
        return softmax(self.sharpness * np.log(np.maximum(scores, SMALLEST)), axis=1)

    def spread(
        self, near: np.ndarray, share: Float[np.ndarray, "m k"], prior: np.ndarray
    ) -> Float[np.ndarray, "m c"]:
        """The equation of one more free point, with the fitted ones held."""
        if self.prior_weight == float("inf"):
            return prior
        around = np.einsum("mk,mkc->mc", share, self.scores[near])
        return (self.prior_weight * prior + around) / (self.prior_weight + 1.0)


@dataclass(frozen=True)
class FittedFeatures:
    """Moved features of the fitted points and the head that reads them.

    Attributes
    ----------
    moved : (n, d) or None
        Not kept where features were not diffused.
    mean, centre : (d,)
    strength : time t.
    """

    moved: np.ndarray | None
    mean: np.ndarray
    centre: np.ndarray
    strength: float
    head: LinearHead

    def probabilities(
        self, x: np.ndarray, near: np.ndarray, share: np.ndarray
    ) -> Float[np.ndarray, "m c"]:
        """The head at new rows, each moved by one implicit step among the fitted ones."""
        z = x.astype(np.float64) - self.mean
        if self.moved is not None:
            around = np.einsum("mk,mkd->md", share, self.moved[near].astype(np.float64))
            z = (z + self.strength * around) / (1.0 + self.strength)
        z = z - self.centre
        length = np.linalg.norm(z, axis=1, keepdims=True)
        return self.head.probabilities(z / np.where(length > 0, length, 1.0))


@dataclass(frozen=True)
class Induction:
    """Fitted points, with what new rows need to find their place among them.

    Attributes
    ----------
    points : (n, d) float32
    width : (n,) local bandwidths.
    settings : how weights are made.
    scores : answers at the points.
    features : for a head on moved features; None where new rows take their neighbours' prior.
    """

    points: np.ndarray
    width: np.ndarray
    settings: GraphSettings
    scores: FittedScores
    features: FittedFeatures | None

    def probabilities(
        self, x: Float[np.ndarray, "m d"], device: torch.device
    ) -> tuple[Float[np.ndarray, "m c"], Bool[np.ndarray, " m"]]:
        """Probabilities of new rows and whether a label reaches them, in chunks of rows.

        A row equal to a fitted one gets its answer.
        """
        points = torch.from_numpy(self.points).to(device)
        parts = [self._chunk(points, x[start : start + CHUNK]) for start in range(0, len(x), CHUNK)]
        return np.concatenate([p for p, _ in parts]), np.concatenate([r for _, r in parts])

    def _chunk(self, points: torch.Tensor, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        found = nearest_neighbours(
            points,
            self.settings.neighbors_needed,
            metric=self.settings.metric,
            queries=torch.from_numpy(x).to(points.device),
        )
        near = found.indices.cpu().numpy()
        distances = found.distances.double().cpu()
        own = bandwidth(distances, self.settings)
        other = torch.from_numpy(self.width.astype(np.float64)[near])
        w = gaussian(distances, own, other, self.settings).numpy()[:, : self.settings.n_neighbors]
        near = near[:, : self.settings.n_neighbors]
        total = w.sum(axis=1, keepdims=True)
        share = w / np.where(total > 0, total, 1.0)
        if self.features is None:
            prior = np.einsum("mk,mkc->mc", share, self.scores.prior[near])
        else:
            prior = self.features.probabilities(x, near, share)
        scores = self.scores.spread(near, share, prior)
        same = distances[:, 0].numpy() == 0.0
        scores[same] = self.scores.scores[near[same, 0]]
        reached = (self.scores.reached[near] & (w > 0)).any(axis=1)
        probabilities = self.scores.probabilities(scores)
        probabilities[~reached] = 1.0 / probabilities.shape[1]
        return probabilities, reached


def linked_probabilities(
    scores: FittedScores, links: scipy.sparse.csr_array
) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities of new points that are given by their links to the fitted ones."""
    reach = np.asarray(links @ scores.reached.astype(np.float64)).ravel() > 0
    total = np.asarray(links.sum(axis=1)).ravel()
    around = (links @ scores.scores) / np.where(total > 0, total, 1.0)[:, None]
    prior = (links @ scores.prior) / np.where(total > 0, total, 1.0)[:, None]
    mu = scores.prior_weight
    mixed = prior if mu == float("inf") else (mu * prior + around) / (mu + 1.0)
    p = scores.probabilities(mixed)
    p[~reach] = 1.0 / p.shape[1]
    return p, reach
