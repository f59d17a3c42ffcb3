"""Which given labels are likely wrong, by evidence that has not seen them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int

from .label_noise import LabelNoise, suspicious
from .points import LabelledPoints
from .problem import Problem, Solution


@dataclass(frozen=True)
class LabelAudit:
    """Given labels, the likeliest to be wrong first.

    Attributes
    ----------
    rows : (k,) labelled rows.
    given : (k,) labels as they were given.
    suggested : (k,) the likeliest other class of each.
    probability : (k,) of the given label to be wrong; 0 where it could not be held out.
    suspicious : (k,) bool
        Which ones to look at, so many that about 2% of the right labels are among them.
    noise : float
        Estimated share of wrong labels, 0 where none is proved.
    """

    rows: np.ndarray = field(repr=False)
    given: np.ndarray = field(repr=False)
    suggested: np.ndarray = field(repr=False)
    probability: np.ndarray = field(repr=False)
    suspicious: np.ndarray = field(repr=False)
    noise: float

    @classmethod
    def of(cls, auditor: Auditor, rows: Int[np.ndarray, " k"], classes: np.ndarray) -> LabelAudit:
        """Sort the judgement of labelled rows."""
        look, codes = auditor.last, auditor.codes
        others = look.true_class.copy()
        others[np.arange(len(codes)), codes] = -1.0
        order = np.lexsort((rows, -look.wrong, ~look.suspicious))
        return cls(
            rows[order],
            classes[codes[order]],
            classes[others.argmax(axis=1)[order]],
            look.wrong[order],
            look.suspicious[order],
            auditor.first.noise.rate,
        )

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def suspects(self) -> np.ndarray:
        """Rows of the suspicious labels, the likeliest to be wrong first."""
        return self.rows[self.suspicious]

    def to_rows(self, only_suspicious: bool = True) -> list[dict[str, Any]]:
        """Return a dict for each label: row, given, suggested, probability, suspicious."""
        columns = (self.rows, self.given, self.suggested, self.probability, self.suspicious)
        names = ("row", "given", "suggested", "probability", "suspicious")
        rows = zip(*(column.tolist() for column in columns), strict=True)
        found = [dict(zip(names, row, strict=True)) for row in rows]
        return [row for row in found if row["suspicious"] or not only_suspicious]


@dataclass(frozen=True)
class Look:
    """What a solution that has learned from some labels says of all of them.

    Attributes
    ----------
    problem, solution : Problem, Solution
        Of the labels that were learned from.
    held_out : (k, c)
        Probabilities of every labelled row, by models that have not seen its label.
    codes : (k,) given classes.
    noise : of the given labels.
    wrong : (k,) posterior probability that a label is wrong.
    """

    problem: Problem
    solution: Solution
    held_out: Float[np.ndarray, "k c"]
    codes: Int[np.ndarray, " k"]
    noise: LabelNoise
    wrong: Float[np.ndarray, " k"]

    @cached_property
    def suspicious(self) -> Bool[np.ndarray, " k"]:
        """Which labels to suspect."""
        return suspicious(self.wrong, self.codes)

    @property
    def true_class(self) -> Float[np.ndarray, "k c"]:
        """Probabilities of the true class of each labelled row."""
        return self.noise.true_class(self.held_out)

    @property
    def calibrated(self) -> Solution:
        """The solution, its confidence that of the true class instead of the given one."""
        solution, noise = self.solution, self.noise
        if not (self.problem.config.calibrate and noise.is_clear):
            return solution
        sharpness = solution.calibrator.inverse_temperature * noise.inverse_temperature
        calibrator = replace(solution.calibrator, inverse_temperature=sharpness)
        return replace(solution, calibrator=calibrator)


@dataclass(frozen=True)
class Auditor:
    """Judges the labels of a problem by its solution, then again by one without the suspects.

    The second solution has learned nothing from the labels that the first suspects. So it is the
    better witness: of the suspects, which it has not seen, and of the others, which its folds hold
    out.

    Attributes
    ----------
    problem : Problem
    solved : Solution or None
        Of the problem, with held-out probabilities; None where choices of before were held, so
        that the problem is solved again at the first question.
    solve : solves a problem.
    point : (k,) point of each labelled row.
    codes : (k,) its given class.
    weight : (k,) or None
    """

    problem: Problem
    solved: Solution | None
    solve: Callable[[Problem], Solution]
    point: Int[np.ndarray, " k"]
    codes: Int[np.ndarray, " k"]
    weight: Float[np.ndarray, " k"] | None = None

    @classmethod
    def of(
        cls,
        problem: Problem,
        solution: Solution,
        solve: Callable[[Problem], Solution],
        point: Int[np.ndarray, " k"],
        codes: Int[np.ndarray, " k"],
        weight: Float[np.ndarray, " k"] | None = None,
    ) -> Auditor | None:
        """Make an auditor, or None where the solution has no held-out probabilities."""
        if solution.held_out is None:
            return None
        return cls(problem, solution, solve, point, codes, weight)

    @cached_property
    def first(self) -> Look:
        """The look by all labels."""
        solution = self.solve(self.problem) if self.solved is None else self.solved
        return self._look(self.problem, solution)

    @cached_property
    def agreed(self) -> Look:
        """The first look, where a label is wrong only as far as the prior alone says so too.

        Where classes overlap, the prior and the scores after neighbours had their say each err on
        their own. What both suspect is taken from the last look.
        """
        look = self.first
        of_prior = self._held_out(look.problem, look.solution, by_prior=True)
        by_prior = LabelNoise.fit(of_prior, self.codes).wrong(of_prior, self.codes)
        return replace(look, wrong=np.minimum(look.wrong, by_prior))

    @cached_property
    def last(self) -> Look:
        """The look by the labels that the agreed one leaves, or that one where too few are left."""
        suspects = self.agreed.suspicious
        if not suspects.any():
            return self.agreed
        problem, solution = self._solved_without(suspects)
        return self.agreed if solution.held_out is None else self._look(problem, solution)

    @cached_property
    def mended(self) -> tuple[Problem, Solution]:
        """The problem without any label that the last look suspects, and its solution."""
        last, suspects = self.last, self.last.suspicious
        left_out = self.agreed.suspicious & (last is not self.agreed)
        if (suspects == left_out).all():
            return last.problem, last.calibrated
        problem, solution = self._solved_without(suspects)
        if solution.held_out is None:
            return problem, solution
        return problem, self._look(problem, solution).calibrated

    def _solved_without(self, suspects: Bool[np.ndarray, " k"]) -> tuple[Problem, Solution]:
        kept = ~suspects
        labels = LabelledPoints.of(
            self.point[kept],
            self.codes[kept],
            self.problem.n_classes,
            None if self.weight is None else self.weight[kept],
        )
        problem = replace(self.problem, labels=labels)
        return problem, self.solve(problem)

    def _look(self, problem: Problem, solution: Solution) -> Look:
        held_out = self._held_out(problem, solution)
        noise = LabelNoise.fit(held_out, self.codes)
        if problem is not self.problem:
            # Of all labels: those that agree with a model calibrate it too well.
            noise = replace(noise, rate=self.first.noise.rate)
        wrong = noise.wrong(held_out, self.codes)
        return Look(problem, solution, held_out, self.codes, noise, wrong)

    def _held_out(
        self, problem: Problem, solution: Solution, by_prior: bool = False
    ) -> Float[np.ndarray, "k c"]:
        """Return probabilities (k, c) of a solution that has not seen the label of a row."""
        if by_prior:
            found, of_folds = solution.prior[self.point].copy(), solution.held_out_prior
        else:
            found = solution.calibrator.probabilities(solution.scores[self.point])
            of_folds = solution.held_out
        assert of_folds is not None
        seen = np.isin(self.point, problem.labels.at)
        found[seen] = of_folds[np.searchsorted(problem.labels.at, self.point[seen])]
        return found
