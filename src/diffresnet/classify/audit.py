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
        verdict, codes = auditor.verdict, auditor.codes
        others = verdict.probabilities.copy()
        others[np.arange(len(codes)), codes] = -1.0
        order = np.lexsort((rows, -verdict.wrong, ~verdict.suspicious))
        return cls(
            rows[order],
            classes[codes[order]],
            classes[others.argmax(axis=1)[order]],
            verdict.wrong[order],
            verdict.suspicious[order],
            auditor.noise.rate,
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
class Verdict:
    """The judgement of every given label.

    Attributes
    ----------
    probabilities : (k, c) of the true class of each labelled row, by models without its label.
    wrong : (k,) posterior probability that the label is wrong.
    suspicious : (k,) bool
    learned : (k,) bool
        Labels that the last solution learned from: all but those that the first one suspects.
    problem, solution : Problem, Solution
        Of these labels, the confidence that of the true class.
    """

    probabilities: Float[np.ndarray, "k c"]
    wrong: Float[np.ndarray, " k"]
    suspicious: Bool[np.ndarray, " k"]
    learned: Bool[np.ndarray, " k"]
    problem: Problem
    solution: Solution


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
    def solution(self) -> Solution:
        """The solution of the problem, with held-out probabilities."""
        return self.solve(self.problem) if self.solved is None else self.solved

    @cached_property
    def noise(self) -> LabelNoise:
        """Noise of the given labels."""
        return LabelNoise.fit(self._held_out(self.solution), self.codes)

    @property
    def calibrated(self) -> Solution:
        """The solution, its confidence that of the true class instead of the given one."""
        return self._calibrated(self.solution, self.noise)

    @cached_property
    def verdict(self) -> Verdict:
        """Judge the labels twice."""
        held_out = self._held_out(self.solution)
        wrong = self.noise.wrong(held_out, self.codes)
        suspects = suspicious(wrong, self.codes)
        first = Verdict(
            self.noise.true_class(held_out),
            wrong,
            suspects,
            ~suspects,
            self.problem,
            self.calibrated,
        )
        if not suspects.any():
            return first
        kept = ~suspects
        labels = LabelledPoints.of(
            self.point[kept],
            self.codes[kept],
            self.problem.n_classes,
            None if self.weight is None else self.weight[kept],
        )
        problem = replace(self.problem, labels=labels)
        solution = self.solve(problem)
        if solution.held_out is None:  # too few are left to hold any out
            return replace(first, problem=problem, solution=solution)
        again = self._held_out(solution, labels)
        # The suspects are asked again too: labels that agree with a model calibrate it too well.
        noise = replace(LabelNoise.fit(again, self.codes), rate=self.noise.rate)
        wrong = noise.wrong(again, self.codes)
        return Verdict(
            noise.true_class(again),
            wrong,
            suspicious(wrong, self.codes),
            kept,
            problem,
            self._calibrated(solution, noise),
        )

    def _calibrated(self, solution: Solution, noise: LabelNoise) -> Solution:
        if not (self.problem.config.calibrate and noise.is_clear):
            return solution
        sharpness = solution.calibrator.inverse_temperature * noise.inverse_temperature
        calibrator = replace(solution.calibrator, inverse_temperature=sharpness)
        return replace(solution, calibrator=calibrator)

    def _held_out(
        self, solution: Solution, labels: LabelledPoints | None = None
    ) -> Float[np.ndarray, "k c"]:
        """Return probabilities (k, c) of a solution that has not seen the label of a row."""
        labels = self.problem.labels if labels is None else labels
        assert solution.held_out is not None
        found = solution.calibrator.probabilities(solution.scores[self.point])
        seen = np.isin(self.point, labels.at)
        found[seen] = solution.held_out[np.searchsorted(labels.at, self.point[seen])]
        return found
