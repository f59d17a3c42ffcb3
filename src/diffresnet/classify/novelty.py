"""Novelty: whether a row is of none of the classes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from scipy.special import expit
from scipy.stats import t as student
from sklearn.linear_model import LogisticRegression

from ..flow import diffuse_with_boundary
from .problem import Problem
from .prototypes import Centre, Prototypes, distances, prototypes_of

# Rate, per unit of degree, at which a walk in search of a label gives up.
GIVE_UP = 0.01
# Groups of classes that are hidden in turn.
FOLDS = 5
# Share of rows of known classes that may be flagged.
FALSE_FLAGS = 0.02
# Held-out rows of known classes that calibration takes at least.
FEWEST = 5
# Where fewer could be held out, novelty stays below this and nothing is flagged.
UNSURE = 0.5


@dataclass(frozen=True)
class NoveltyCalibrator:
    """From the score of a row to a number in [0, 1], and the score from which it is flagged.

    Attributes
    ----------
    slope, offset : of the logistic curve.
    ceiling : what the curve rises to.
    threshold : score above which a row is flagged.
    """

    slope: float
    offset: float
    ceiling: float
    threshold: float

    @classmethod
    def fit(
        cls,
        known: Float[np.ndarray, " k"],
        hidden: Float[np.ndarray, " h"],
        classes: Int[np.ndarray, " k"] | None = None,
    ) -> NoveltyCalibrator:
        """Fit the curve to scores of held-out rows of known classes, and of hidden classes.

        Both sides weigh the same. A row is flagged above all but `FALSE_FLAGS` of the known rows,
        whose `classes` weigh the same, and where the curve is above one half.
        """
        scores = np.concatenate([known, hidden])
        spread = max(float(scores.std()), 1e-6) if len(scores) else 1.0
        if min(len(known), len(hidden)) < FEWEST:
            # Known rows are not to be had, so half of the hidden ones are taken for usual.
            middle = float(hidden.mean()) if len(hidden) else 0.0
            return cls(1.0 / spread, -middle / spread, UNSURE, float("inf"))
        is_hidden = np.repeat([0, 1], [len(known), len(hidden)])
        curve = LogisticRegression(class_weight="balanced")
        curve.fit((scores / spread)[:, None], is_hidden)
        # A novel row is never less novel for a higher score.
        slope = max(float(curve.coef_[0, 0]), 1e-3) / spread
        offset = float(curve.intercept_[0])
        threshold = max(upper_bound(known, FALSE_FLAGS, classes), -offset / slope)
        return cls(slope, offset, 1.0, threshold)

    def novelty(self, scores: Float[np.ndarray, " m"]) -> Float[np.ndarray, " m"]:
        """Return the novelty of scores."""
        return np.asarray(self.ceiling * expit(self.slope * scores + self.offset))

    def judge(
        self, distance: Float[np.ndarray, " m"], cost: Float[np.ndarray, " m"]
    ) -> tuple[Float[np.ndarray, " m"], Bool[np.ndarray, " m"]]:
        """Return the novelty of rows and which are flagged; 0 where labelled, which cost nothing.

        Parameters
        ----------
        distance, cost : q and v of `Novelty`.
        """
        scores = distance.astype(np.float64) + cost
        labelled = cost == 0.0
        novelty = np.where(labelled, 0.0, self.novelty(scores))
        return novelty, ~labelled & (scores > self.threshold)


def upper_bound(
    scores: Float[np.ndarray, " k"],
    beyond: float,
    classes: Int[np.ndarray, " k"] | None = None,
) -> float:
    """Return what another score of the same kind exceeds with a probability of about `beyond`.

    This is an order statistic, or Student's bound if that is higher and scores are too few. With
    `classes` each of them counts the same: one of many labels has low scores, and says little of
    the others.
    """
    weight = np.ones(len(scores))
    if classes is not None:
        weight /= np.bincount(classes)[classes]
    weight /= weight.sum()
    k = 1.0 / (weight**2).sum()  # as many scores of equal weight would say as much
    share = (1.0 - beyond) * (1.0 + 1.0 / k)
    if share <= 1.0:
        order = np.argsort(scores)
        at = np.searchsorted(np.cumsum(weight[order]), share - 1e-9)
        return float(scores[order[min(at, len(scores) - 1)]])
    mean = weight @ scores
    variance = weight @ (scores - mean) ** 2 * k / max(k - 1.0, 1e-9)
    bound = student.ppf(1.0 - beyond, max(k - 1.0, 1e-2)) * np.sqrt(variance * (1.0 + 1.0 / k))
    return float(max(scores.max(), mean + bound))


@dataclass(frozen=True)
class Novelty:
    """Novelty of the fitted points, and how that of new rows follows from it.

    A walk in search of a label starts at a row. It stops at a labelled point, and gives up on the
    way at rate `GIVE_UP`; then it costs 1 and the distance of that place to the nearest prototype.
    The score of a row is its own distance and the expected cost,

        s = q + v,   L v + GIVE_UP D (v - 1 - q) = 0,   v = 0 at labelled points.

    Attributes
    ----------
    distance : (n,) q, to the nearest prototype; 0 without features.
    cost : (n,) v
    calibrator : NoveltyCalibrator
    prototypes : Prototypes or None without features.
    """

    distance: Float[np.ndarray, " n"]
    cost: Float[np.ndarray, " n"]
    calibrator: NoveltyCalibrator
    prototypes: Prototypes | None = None

    @classmethod
    def fit(cls, problem: Problem, calibrator: NoveltyCalibrator | None = None) -> Novelty:
        """Score all points, and calibrate by hiding classes unless there is a calibrator."""
        labels = problem.labels
        trials = HiddenClasses.of(labels.codes, problem.config.seed if calibrator is None else None)
        distance, cost, prototypes = novelty_scores(problem, trials.seen)
        if calibrator is None:
            calibrator = trials.calibrator((distance + cost)[labels.at])
        return cls(distance[:, 0].copy(), cost[:, 0].copy(), calibrator, prototypes)

    def of_points(self) -> tuple[Float[np.ndarray, " n"], Bool[np.ndarray, " n"]]:
        """Return the novelty of the fitted points and which are flagged; 0 where labelled."""
        return self.calibrator.judge(self.distance, self.cost)

    def of_rows(
        self, distance: Float[np.ndarray, " m"], around: Float[np.ndarray, " m"]
    ) -> tuple[Float[np.ndarray, " m"], Bool[np.ndarray, " m"]]:
        """Return the same of new rows: their distance, and the mean cost of their neighbours."""
        cost = (GIVE_UP * (1.0 + distance) + around) / (1.0 + GIVE_UP)
        return self.calibrator.judge(distance, cost)


@dataclass(frozen=True)
class HiddenClasses:
    """Subsets of the labels in which classes are hidden in turn, and others held out.

    Attributes
    ----------
    codes : (l,) classes of the labels.
    hidden, held_out : (s, l) bool, of each trial.
    """

    codes: Int[np.ndarray, " l"]
    hidden: Bool[np.ndarray, "s l"]
    held_out: Bool[np.ndarray, "s l"]

    @classmethod
    def of(cls, codes: Int[np.ndarray, " l"], seed: int | None) -> HiddenClasses:
        """Hide each class once; without a seed no trial is made."""
        none = np.zeros((0, len(codes)), dtype=bool)
        trials = [] if seed is None else hidden_classes(codes, seed)
        if not trials:
            return cls(codes, none, none)
        hidden, held_out = map(np.array, zip(*trials, strict=True))
        return cls(codes, hidden, held_out)

    @property
    def seen(self) -> Bool[np.ndarray, "t l"]:
        """Labels that are seen: all of them first, then those of each trial."""
        every = np.ones((1, len(self.codes)), dtype=bool)
        return np.concatenate([every, ~(self.hidden | self.held_out)])

    def calibrator(self, scores: Float[np.ndarray, "l t"]) -> NoveltyCalibrator:
        """Fit the calibrator to the scores of the labelled points, by each of `seen`."""
        of_trials = scores[:, 1:].T
        classes = np.broadcast_to(self.codes, self.hidden.shape)[self.held_out]
        return NoveltyCalibrator.fit(of_trials[self.held_out], of_trials[self.hidden], classes)


def novelty_scores(
    problem: Problem, seen: Bool[np.ndarray, "s l"]
) -> tuple[Float[np.ndarray, "n s"], Float[np.ndarray, "n s"], Prototypes | None]:
    """Return distance and cost for each subset of the labels, and prototypes of the first."""
    labels, domain = problem.labels, problem.domain
    distance, first = np.zeros((problem.points, len(seen)), dtype=np.float32), None
    if domain.x is not None:
        x = domain.x.cpu().numpy()
        centre = Centre.of(x, domain.unit)
        prototypes = prototypes_of(centre, x[labels.at], labels.codes, seen)
        distance, first = distances(prototypes, x), prototypes[0]
    start, held = (torch.from_numpy(each) for each in walk_costs(distance, labels.at, seen))
    cost = diffuse_with_boundary(
        domain.laplacian, start.to(domain.device), held.to(domain.device), 1.0 / GIVE_UP
    )
    return distance, cost.clamp_min(0.0).cpu().numpy(), first


def walk_costs(
    distance: Float[np.ndarray, "n s"], at: Int[np.ndarray, " l"], seen: Bool[np.ndarray, "s l"]
) -> tuple[Float[np.ndarray, "n s"], Bool[np.ndarray, "n s"]]:
    """Return what it costs a walk to give up, and where it has found a label that is seen."""
    held = np.zeros(distance.shape, dtype=bool)
    held[at] = seen.T
    return np.where(held, np.float32(0.0), 1.0 + distance), held


def hidden_classes(
    codes: Int[np.ndarray, " l"], seed: int
) -> list[tuple[Bool[np.ndarray, " l"], Bool[np.ndarray, " l"]]]:
    """Return groups of classes to hide in turn, and labels of the other classes to hold out.

    Each class is hidden once. Each label is held out about once, the only one of a class never.
    """
    rng = np.random.default_rng(seed)
    classes, index, counts = np.unique(codes, return_inverse=True, return_counts=True)
    if len(classes) < 2:
        return []
    folds = min(FOLDS, len(classes))
    group = rng.permutation(len(classes)) % folds
    order = np.lexsort((rng.random(len(codes)), index))
    rank = np.empty(len(codes), dtype=np.int64)
    rank[order] = np.arange(len(codes)) - np.repeat(np.cumsum(counts) - counts, counts)
    # Shifted by class, so that folds hold out about as many labels each.
    turn = np.where(counts[index] >= 2, (rank + index) % folds, -1)
    return [(group[index] == k, (group[index] != k) & (turn == k)) for k in range(folds)]
