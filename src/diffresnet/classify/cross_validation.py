"""Diffusion time and prior weight by cross-validation over the labelled points."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from ..flow import diffuse_with_boundary
from ..operators import SparseLaplacian
from ..progress import stage
from .calibrator import Calibrator
from .points import LabelledPoints
from .scores import one_hot

PRIOR_WEIGHTS = (0.01, 0.03, 0.1, 0.3, float("inf"))
FOLDS = 5
# With few labels one split says little: they are cut three times.
FEW = 100
# Scores that may be propagated for each repeat.
AFFORDABLE = 2_000_000
# With very many labels, one fold says enough.
MANY = 5000
# Less than so many standard errors is taken for noise.
NOISE = 0.5
# With uneven label counts scores would drift to the classes with many labels: the head, which
# weighs classes the same, gets more say from the start.
UNEVEN = 3
START_UNEVEN = PRIOR_WEIGHTS.index(0.1)
# Columns that are propagated at once, and scores beside those of the first split.
COLUMNS, SIDE_BY_SIDE = 512, 8_000_000
# Scores that are propagated at each weight at most, but for one split: the mixture of the prior
# takes all splits, which cost little, and its weight those that this leaves.
PROPAGATED = 25_000_000


@dataclass(frozen=True)
class Folds:
    """Repeated stratified splits of the labelled points.

    Attributes
    ----------
    held : (s, l) bool
        Which labelled points each split holds out; the only label of a class never is.
    repeats : int
        How often each point is held out in all.
    """

    held: np.ndarray
    repeats: int

    @property
    def held_rows(self) -> Int[np.ndarray, " m"]:
        """Held-out points of all splits in turn, as indices into the labelled points."""
        return np.concatenate([np.flatnonzero(held) for held in self.held])

    def affordable(self, scores: int) -> Folds:
        """Return as many splits as may be propagated where each has so many scores."""
        most = max(1, PROPAGATED // scores)
        return self if len(self.held) <= most else Folds(self.held[:most], self.repeats)


def stratified_folds(codes: Int[np.ndarray, " l"], seed: int, points: int) -> Folds | None:
    """Return stratified folds, or None where most labels are the only one of their class.

    Parameters
    ----------
    points : int
        How many points scores are propagated over: on very many, one split has to do.
    """
    counts = np.bincount(codes)
    usable = counts[codes] >= 2
    if usable.sum() < 0.5 * len(codes) or usable.sum() < 4:
        return None
    folds = min(FOLDS, int(counts.max()))
    cheap = points * len(counts) * folds <= AFFORDABLE
    repeats = 3 if len(codes) <= FEW and cheap else 1
    rng = np.random.default_rng(seed)
    held = []
    for _ in range(repeats):
        fold = np.full(len(codes), -1)
        for c in np.flatnonzero(counts >= 2):
            rows = rng.permutation(np.flatnonzero(codes == c))
            fold[rows] = (np.arange(len(rows)) + c) % folds
        used = range(folds) if len(codes) <= MANY else range(1)
        held += [fold == k for k in used if (fold == k).any()]
    return Folds(np.array(held), repeats)


@dataclass(frozen=True)
class PriorChoice:
    """The chosen weight of the head against the neighbours, and its held-out scores.

    Attributes
    ----------
    weight : float
    scores : (m, c), codes : (m,)
        Held-out scores, and the labels that they should have matched.
    """

    weight: float
    scores: Float[np.ndarray, "m c"]
    codes: Int[np.ndarray, " m"]

    @classmethod
    def of(
        cls,
        scores: Mapping[float, Float[np.ndarray, "m c"]],
        folds: Folds,
        codes: Int[np.ndarray, " l"],
    ) -> PriorChoice:
        """Choose among weights by the held-out scores of each; see `choose_prior_weight`."""
        held_rows, weights = folds.held_rows, tuple(scores)
        truth = codes[held_rows]
        losses = np.array([_losses(scores[w], truth, held_rows, len(codes)) for w in weights])
        start = 0
        if len(weights) == len(PRIOR_WEIGHTS):
            counts = np.bincount(codes)
            start = START_UNEVEN if counts.max() >= UNEVEN * counts[counts > 0].min() else 0
        saved = (losses[start] - losses) / folds.repeats
        merit = saved.sum(1) - NOISE * np.sqrt((saved**2).sum(1))
        merit[start] = 1e-9
        best = weights[int(np.argmax(merit))]
        return cls(best, scores[best], truth)


def choose_prior_weight(
    laplacian: SparseLaplacian,
    priors_of: Callable[[Sequence[int]], Float[Tensor, "n fc"]],
    folds: Folds,
    labels: LabelledPoints,
    weights: tuple[float, ...] = PRIOR_WEIGHTS,
) -> PriorChoice:
    """Choose the weight of the least held-out Brier score, unless the difference is noise.

    Scores are brought to their best temperature first. The search starts from the smallest weight
    (the most diffusion), or from a middle one where label counts are uneven. It moves only if that
    saves more than half of its standard error.

    Parameters
    ----------
    priors_of : numbers of f splits -> (n, f c) priors without the labels that each holds out.
    """
    scores = _held_out_scores(laplacian, priors_of, folds, labels, weights)
    return PriorChoice.of(scores, folds, labels.codes)


def _losses(
    scores: Float[np.ndarray, "m c"],
    codes: Int[np.ndarray, " m"],
    held_rows: Int[np.ndarray, " m"],
    labelled: int,
) -> Float[np.ndarray, " l"]:
    """Return the Brier scores of held-out points, summed for every labelled point."""
    p = Calibrator.fit_held_out(scores, codes, labelled).probabilities(scores)
    p[np.arange(len(codes)), codes] -= 1.0
    return np.bincount(held_rows, (p**2).sum(axis=1), minlength=labelled)


def _held_out_scores(
    laplacian: SparseLaplacian,
    priors_of: Callable[[Sequence[int]], Float[Tensor, "n fc"]],
    folds: Folds,
    labels: LabelledPoints,
    weights: tuple[float, ...],
) -> dict[float, Float[np.ndarray, "m c"]]:
    """Propagated scores at the points that each split holds out, several splits side by side."""
    n, c, splits = laplacian.shape[-1], labels.distributions.shape[1], len(folds.held)
    at_once = max(1, min(COLUMNS // c, SIDE_BY_SIDE // (n * c)))
    groups = [range(first, min(first + at_once, splits)) for first in range(0, splits, at_once)]
    held_scores: dict[float, list[np.ndarray]] = {weight: [] for weight in weights}
    with stage("weighing the prior", len(groups) * len(weights)) as advance:
        for group in groups:
            stacked = priors_of(group)
            fixed = _hold_seen(stacked, group, folds, labels)
            held = [labels.at[folds.held[s]] for s in group]
            at = torch.from_numpy(np.concatenate(held)).to(stacked.device)
            for weight in weights:
                gamma = 1.0 / weight  # 0 leaves the prior
                found = diffuse_with_boundary(laplacian, stacked, fixed, gamma, tol=1e-2, at=at)
                for j, part in enumerate(found.split([len(each) for each in held])):
                    own = part[:, j * c : (j + 1) * c]
                    held_scores[weight].append(own.double().cpu().numpy())
                advance()
    return {weight: np.concatenate(parts) for weight, parts in held_scores.items()}


def _hold_seen(
    stacked: Float[Tensor, "n fc"], group: Sequence[int], folds: Folds, labels: LabelledPoints
) -> Bool[Tensor, "n #fc"]:
    """Put the labels that each split sees into its columns, and return where they stand."""
    n, c = len(stacked), labels.distributions.shape[1]
    width = 1 if len(group) == 1 else stacked.shape[1]
    fixed = torch.zeros(n, width, dtype=torch.bool, device=stacked.device)
    for j, s in enumerate(group):
        seen = ~folds.held[s]
        index = torch.from_numpy(labels.at[seen]).to(stacked.device)
        block = slice(j * c, (j + 1) * c)
        fixed[index, block] = True
        stacked[index, block] = one_hot(labels.codes[seen], c, stacked)
    return fixed
