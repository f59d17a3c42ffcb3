"""Labels of all rows of a graph from those of a few, and what the answers were made of."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import Literal

import numpy as np
from jaxtyping import Bool, Float, Int

from ..errors import InputError
from ..labels import Labels
from .audit import Auditor
from .choices import Choices
from .class_prior import ClassPrior, with_class_prior
from .explanation import Explainer, GivenLabels
from .fitted import FittedHead, FittedModel
from .influence import Influence
from .novelty import Novelty
from .points import LabelledPoints, reached_from
from .problem import Problem, Solution, SolverConfig
from .row_graph import RowGraph
from .strategies import (
    HeldChoices,
    HeldOut,
    PaperNetwork,
    Strategy,
    TrainedConvection,
    choose_strategy,
)


@dataclass(frozen=True)
class Transduction:
    """Answers of all rows, and what they were made of.

    Attributes
    ----------
    rows : RowGraph
    classes : (c,)
    labels : LabelledPoints
        That were learned from.
    model : FittedModel
    distributions : (m, c)
    codes : (m,) answers.
    reached : (m,) rows that a label reaches.
    is_given : (m,) rows that keep a label of their own.
    judged : (k,) labelled rows that can be audited.
    auditor : of these; None where nothing can be held out.
    explainer : None where the scores are no sum over labels.
    diffusion_time : as chosen.
    choices : None where there was no cross-validation.
    transducer : that made it.
    """

    rows: RowGraph
    classes: np.ndarray
    labels: LabelledPoints
    model: FittedModel
    distributions: Float[np.ndarray, "m c"]
    codes: Int[np.ndarray, " m"]
    reached: Bool[np.ndarray, " m"]
    is_given: Bool[np.ndarray, " m"]
    judged: Int[np.ndarray, " k"]
    auditor: Auditor | None
    explainer: Explainer | None
    diffusion_time: float
    choices: Choices | None
    transducer: Transducer

    def refit(self, rows: RowGraph, labels: Labels) -> Transduction:
        """Label the rows, and perhaps more, by other labels, with the choices that still hold."""
        return self.transducer.fit(rows, labels, choices=self.choices)

    @property
    def confidence(self) -> Float[np.ndarray, " m"]:
        """Probability of each answer."""
        return self.distributions[np.arange(len(self.codes)), self.codes].astype(np.float64)


@dataclass(frozen=True)
class Transducer:
    """How all rows are labelled from a few.

    Attributes
    ----------
    config : SolverConfig
    convection : as in `DiffusionClassifier`, and so the others.
    own_graph : whether the paper's network diffuses along the graph of the rows.
    """

    config: SolverConfig
    convection: Literal["trained", "paper"] | None = None
    own_graph: bool = False
    class_prior: ClassPrior = None
    relabel: bool = False

    def fit(
        self,
        rows: RowGraph,
        labels: Labels,
        weight: Float[np.ndarray, " m"] | None = None,
        choices: Choices | None = None,
    ) -> Transduction:
        """Label all rows.

        Parameters
        ----------
        weight : of the labelled rows in the head.
        choices : of a fit before, taken instead of cross-validation where they still hold.
        """
        points, given = rows.points, labels.rows
        codes, at = labels.codes[given], points.of_row[given]
        sound = np.ones(len(given), dtype=bool)
        if rows.unit and not rows.is_given and points.x is not None:
            sound = points.x[at].any(axis=1)  # a row of zeros is like no other, nor its label
            if len(np.unique(codes[sound])) < 2:
                raise InputError("labels of two classes are needed on rows that are not all zeros")
        own = None if weight is None else weight[given][sound]
        sound_labels = (at[sound], codes[sound])
        labelled = LabelledPoints.of(*sound_labels, len(labels.classes), own)
        problem = Problem(rows.domain, labelled, self.config)
        strategy = self._strategy(rows, problem)
        solve = partial(self._solve, rows)
        kept, learned = np.ones(len(given), dtype=bool), sound
        if self._are_held(choices, labels, strategy):
            assert choices is not None
            solution = HeldChoices(choices).solve(problem)
            auditor: Auditor | None = Auditor(problem, None, solve, *sound_labels, own)
        else:
            choices = None
            solution = strategy.solve(problem)
            auditor = Auditor.of(problem, solution, solve, *sound_labels, own)
            if auditor is not None:
                solution = auditor.first.calibrated
            if auditor is not None and self.relabel:
                problem, solution = auditor.mended
                kept[sound] = ~auditor.last.suspicious
                learned = sound & kept
        novelty = Novelty.fit(problem, None if choices is None else choices.novelty)
        if choices is None and isinstance(strategy, HeldOut):
            choices = Choices.of(solution, novelty, labels)
        reached = reached_from(solution.graph, problem.labels.at)
        answers = given[kept], np.eye(len(labels.classes))[codes[kept]]
        solution = self._with_class_prior(solution, rows, labels.classes, reached, answers)
        model = self._model(rows, solution, reached, novelty)
        distributions = model.probabilities(points.of_row)
        distributions[answers[0]] = answers[1]
        best, is_given = distributions.argmax(axis=1), np.zeros(len(labels), dtype=bool)
        is_given[given[kept]] = True
        # No label reaches these; where there are features, the head still has an opinion.
        lost = ~points.spread_back(reached) & ~is_given
        best[lost] = solution.prior[points.of_row[lost]].argmax(axis=1)
        explainer = None
        if solution.prior_inputs is not None:
            weights = None if weight is None else weight[given][learned]
            witnesses = (given[learned], codes[learned], at[learned])
            explainer = Explainer(
                Influence.of(problem.labels, solution.prior_inputs, solution),
                GivenLabels.of(*witnesses, weights, problem.labels),
                points,
                reached,
            )
        return Transduction(
            rows,
            labels.classes,
            problem.labels,
            model,
            distributions,
            best,
            points.spread_back(reached),
            is_given,
            given[sound],
            auditor,
            explainer,
            solution.diffusion_time,
            choices,
            self,
        )

    def _are_held(self, choices: Choices | None, labels: Labels, strategy: Strategy) -> bool:
        # Which labels are overruled is for cross-validation to say.
        held = choices is not None and isinstance(strategy, HeldOut) and not self.relabel
        return held and choices is not None and choices.hold_for(labels)

    def _solve(self, rows: RowGraph, problem: Problem) -> Solution:
        return self._strategy(rows, problem).solve(problem)

    def _strategy(self, rows: RowGraph, problem: Problem) -> Strategy:
        if self.convection is None or problem.domain.x is None:
            if self.convection == "paper":
                raise InputError("convection='paper' moves features: it needs X")
            return choose_strategy(problem)
        if self.convection == "trained":
            return TrainedConvection()
        own = self.own_graph or rows.is_given
        return PaperNetwork(rows.joined.weights if own else None, rows.config.method)

    def _model(
        self,
        rows: RowGraph,
        solution: Solution,
        reached: Bool[np.ndarray, " n"],
        novelty: Novelty,
    ) -> FittedModel:
        """Keep what labelling new rows takes."""
        points = rows.located
        if points is not None:
            points = replace(points, heads=FittedHead.all_of(solution))
        return FittedModel.of(solution, reached, rows.projection, points, novelty)

    def _with_class_prior(
        self,
        solution: Solution,
        rows: RowGraph,
        classes: np.ndarray,
        reached: Bool[np.ndarray, " n"],
        given: tuple[np.ndarray, np.ndarray],
    ) -> Solution:
        """Weigh the classes until the probabilities of all rows have the wanted shares."""
        if self.class_prior is None:
            return solution
        of_row, (own, distributions) = rows.points.of_row, given
        free = reached[of_row]  # what no label reaches says nothing
        free[own] = False
        calibrator = with_class_prior(
            solution.calibrator,
            self.class_prior,
            classes,
            solution.scores[of_row[free]],
            distributions,
            int(free.sum()),
            distributions.sum(axis=0),
        )
        return replace(solution, calibrator=calibrator)
