"""How strongly to diffuse: chosen by what held-out labels say."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from ..flow import diffuse_with_boundary
from ..operators import SparseLaplacian
from .head import Head
from .scores import SMALLEST, one_hot

PRIOR_WEIGHTS = (0.01, 0.03, 0.1, 0.3, float("inf"))
FOLDS = 5
# With few labels one split says little: they are cut three times.
FEW = 100
# Scores that may be spread for each repeat.
AFFORDABLE = 2_000_000
# With very many, one fold says enough.
MANY = 5000
# Where every weight errs this often, scores are better not spread unless they prove it.
HARD = 0.2
# With uneven label counts scores would drift to the classes with many labels: the head, which
# weighs classes the same, gets more say from the start.
UNEVEN = 3
START_UNEVEN = PRIOR_WEIGHTS.index(0.1)
# Columns that are spread at once.
COLUMNS = 512


@dataclass(frozen=True)
class Folds:
    """Repeated stratified splits of the labelled rows.

    Attributes
    ----------
    held : (s, l) bool
        Which labelled rows each split holds out; the only label of a class never is.
    repeats : int
        How often each row is held out in all.
    """

    held: np.ndarray
    repeats: int


def split_labels(codes: Int[np.ndarray, " l"], seed: int, points: int) -> Folds | None:
    """Stratified folds, or None where most rows are the only one of their class.

    Parameters
    ----------
    points : int
        How many points scores are spread over: on very many, one split has to do.
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


def prefers_raw(raw: Float[np.ndarray, " l"], moved: Float[np.ndarray, " l"]) -> bool:
    """Whether features err clearly less where they are not diffused: by 2 standard errors."""
    gain = moved - raw
    return bool(gain.sum() > 2.0 * np.sqrt((gain**2).sum()))


def held_out_errors(
    heads: list[Head],
    z: Float[Tensor, "l d"],
    folds: Folds,
    codes: Int[np.ndarray, " l"],
) -> Float[np.ndarray, " l"]:
    """How often each labelled row is wrong by the heads that have not seen it."""
    wrong = np.zeros(len(codes))
    for head, held in zip(heads, folds.held, strict=True):
        answer = head.logits(z[torch.from_numpy(held).to(z.device)]).argmax(1)
        wrong[held] += answer.cpu().numpy() != codes[held]
    return wrong / folds.repeats


@dataclass(frozen=True)
class PriorChoice:
    """The chosen weight of the head against the neighbours, and its held-out scores.

    Attributes
    ----------
    weight : float
    log_scores : (m, c), codes : (m,)
        Logarithms of held-out scores and the labels they should have matched.
    rows : (m,)
        Index of each into the labelled rows.
    error : float
        Held-out error rate.
    """

    weight: float
    log_scores: np.ndarray
    codes: np.ndarray
    rows: np.ndarray
    error: float


def choose_prior_weight(
    laplacian: SparseLaplacian,
    priors: list[Float[Tensor, "n c"]],
    folds: Folds,
    rows: np.ndarray,
    codes: np.ndarray,
    weights: tuple[float, ...] = PRIOR_WEIGHTS,
) -> PriorChoice:
    """The weight with the fewest held-out errors, unless the difference is within noise.

    The search starts from the smallest weight (the most diffusion), from a middle one where label
    counts are uneven, or from the largest where errors are frequent. It moves only if that saves
    more errors than their standard error.
    """
    scores = {w: _held_out_scores(laplacian, priors, folds, rows, codes, w) for w in weights}
    which = np.concatenate([np.flatnonzero(h) for h in folds.held])
    truth = codes[which]
    wrong = (
        np.array(
            [
                np.bincount(which, scores[w].argmax(1) != truth, minlength=len(codes))
                for w in weights
            ]
        )
        / folds.repeats
    )
    held_rows = len(np.unique(which))
    start = 0
    if len(weights) == len(PRIOR_WEIGHTS):
        counts = np.bincount(codes)
        start = START_UNEVEN if counts.max() >= UNEVEN * counts[counts > 0].min() else 0
    if wrong.sum(1).min() >= HARD * held_rows:
        start = len(weights) - 1
    saved = wrong[start] - wrong
    merit = saved.sum(1) - np.sqrt((saved**2).sum(1))
    merit[start] = 1e-9
    best = int(np.argmax(merit))
    log_scores = np.log(np.maximum(scores[weights[best]], SMALLEST))
    error = float(wrong[best].sum() / held_rows)
    return PriorChoice(weights[best], log_scores, truth, which, error)


def _held_out_scores(
    laplacian: SparseLaplacian,
    priors: list[Float[Tensor, "n c"]],
    folds: Folds,
    rows: np.ndarray,
    codes: np.ndarray,
    weight: float,
) -> Float[np.ndarray, "m c"]:
    """Spread scores at the rows that each split holds out, several splits side by side."""
    c = priors[0].shape[1]
    found = []
    at_once = max(1, COLUMNS // c)
    for first in range(0, len(priors), at_once):
        group = range(first, min(first + at_once, len(priors)))
        stacked = torch.cat([priors[s] for s in group], dim=1)
        if weight != float("inf"):
            fixed = torch.zeros(stacked.shape, dtype=torch.bool, device=stacked.device)
            for j, s in enumerate(group):
                seen = ~folds.held[s]
                at = torch.from_numpy(rows[seen]).to(stacked.device)
                block = slice(j * c, (j + 1) * c)
                fixed[at, block] = True
                stacked[at, block] = one_hot(codes[seen], c, stacked)
            stacked = diffuse_with_boundary(laplacian, stacked, fixed, 1.0 / weight, tol=1e-2)
        for j, s in enumerate(group):
            at = torch.from_numpy(rows[folds.held[s]]).to(stacked.device)
            found.append(stacked[at, j * c : (j + 1) * c].double().cpu().numpy())
    return np.concatenate(found)


def fold_heads(
    z: Float[Tensor, "l d"],
    prototype: object,
    folds: Folds,
    codes: Int[np.ndarray, " l"],
    n_classes: int,
    sample_weight: np.ndarray | None,
) -> list[Head]:
    """For every split, a head trained on the labelled rows z that it keeps."""
    heads = []
    for held in folds.held:
        weight = None if sample_weight is None else sample_weight[~held]
        kept = z[torch.from_numpy(~held).to(z.device)]
        heads.append(Head(prototype, n_classes).fit(kept, codes[~held], weight))
    return heads
