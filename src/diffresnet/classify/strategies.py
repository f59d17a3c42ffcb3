"""Strategies for few labels, for labels held out, and for networks that are trained."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import scipy.sparse
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from ..operators import SparseLaplacian
from ..similarity import GraphSettings, nearest_neighbours
from ..similarity.graph import weigh
from .calibrator import Calibrator
from .choices import Choices
from .convection import PaperTraining, in_unit_scale, paper_network, trained_convection
from .cross_validation import Folds, choose_prior_weight, stratified_folds
from .features import integrator
from .fold_heads import DECAY, FoldHeads, head_times, mixed
from .mixture import Mixture
from .problem import Expert, PriorInputs, Problem, Solution
from .scores import row_standardize, soft_scores

# A decay rate 1 / t per unit of degree: measured in benchmarks/ablation.py.
DECAY_ONE_LABEL = 0.003
# With one label a class nothing can be held out, so these stay fixed.
WEIGHT_ONE_LABEL = 0.3
HEAD_SHARE = 0.5


@dataclass(frozen=True)
class FoldPriors:
    """The prior by all labels, and by those that each fold leaves.

    Attributes
    ----------
    experts, mixture : of the prior.
    prior : (n, c)
    of_folds : numbers of f folds -> (n, f c) priors without the labels that each holds out.
    held_out : (m, c) of these priors at the points that are held out, of all folds in turn.
    """

    experts: tuple[Expert, ...]
    mixture: Mixture
    prior: Float[Tensor, "n c"]
    of_folds: Callable[[Sequence[int]], Float[Tensor, "n fc"]]
    held_out: Float[np.ndarray, "m c"]


class Strategy(ABC):
    """A way to solve a problem."""

    @abstractmethod
    def solve(self, problem: Problem) -> Solution:
        """Label every point of a graph from the labels of a few."""


def choose_strategy(problem: Problem) -> Strategy:
    """Choose `HeldOut` where most labels have another of their class, else `FewLabels`."""
    points = problem.points
    folds = stratified_folds(problem.labels.codes, problem.config.seed, points)
    return FewLabels() if folds is None else HeldOut(folds)


@dataclass(frozen=True)
class FewLabels(Strategy):
    """About one label a class: the scores of a head and of label sources together, propagated."""

    def solve(self, problem: Problem) -> Solution:
        config = problem.config
        every = np.ones(len(problem.labels), dtype=bool)
        combined = sources = row_standardize(problem.sources(every))
        head, disagreement, time = None, 0.0, 0.0
        if problem.domain.x is not None:
            longest = 1.0 / max(DECAY_ONE_LABEL, problem.source_decay)
            time = longest if config.diffusion_time is None else config.diffusion_time
            features = problem.diffuse(time)
            head = problem.fit_head(features)
            logits = head.logits(features.rows)
            logits = row_standardize(logits.to(sources.dtype))
            disagreement = float((logits.argmax(1) != sources.argmax(1)).float().mean())
            combined = HEAD_SHARE * logits + sources
        prior = soft_scores(combined)
        weight = WEIGHT_ONE_LABEL if config.prior_weight is None else config.prior_weight
        scores = problem.propagate(prior, weight)
        calibrator = Calibrator()
        if config.calibrate and problem.domain.x is not None:
            calibrator = Calibrator.fit_disagreement(scores, disagreement)
        return Solution(
            scores=scores,
            prior=prior.cpu().numpy(),
            prior_weight=weight,
            diffusion_time=time,
            calibrator=calibrator,
            graph=problem.domain.graph,
            prior_inputs=PriorInputs(
                problem,
                () if head is None else ((time, head),),
                sources=True,
            ),
        )


@dataclass(frozen=True)
class HeldOut(Strategy):
    """Enough labels to hold some out: the prior, its weight and temperatures by cross-validation.

    The prior is a mixture of a head on diffused features and one on undiffused ones.
    """

    folds: Folds

    def solve(self, problem: Problem) -> Solution:
        config, labels, domain = problem.config, problem.labels, problem.domain
        of_sources = domain.x is None
        made = self._prior_of_sources(problem) if of_sources else self._prior_of_heads(problem)
        folds = self.folds.affordable(made.prior.numel())
        weights = {} if config.prior_weight is None else {"weights": (config.prior_weight,)}
        choice = choose_prior_weight(domain.laplacian, made.of_folds, folds, labels, **weights)
        calibrator = Calibrator()
        if config.calibrate:
            calibrator = Calibrator.fit_held_out(choice.scores, choice.codes, len(labels))
        solution = _propagated(
            problem, made.experts, made.mixture, made.prior, choice.weight, calibrator
        )
        own = np.eye(problem.n_classes)[labels.codes]
        of_prior = _mean_held_out(self.folds, made.held_out, own)
        of_scores = _mean_held_out(folds, calibrator.probabilities(choice.scores), of_prior)
        return replace(solution, held_out=of_scores, held_out_prior=of_prior)

    def _prior_of_heads(self, problem: Problem) -> FoldPriors:
        """Mix a head on diffused features with one on undiffused ones."""
        features = [problem.diffuse(time) for time in head_times(problem.config.diffusion_time)]
        heads = FoldHeads.fit(problem.config.head, features, problem.labels, self.folds)
        return FoldPriors(
            heads.experts,
            heads.mixture,
            mixed(heads.mixture, heads.experts),
            lambda folds: mixed(heads.mixture, *(heads.of_folds[fold] for fold in folds)),
            heads.held_out,
        )

    def _prior_of_sources(self, problem: Problem) -> FoldPriors:
        """Propagate labels as sources, where there are no features."""
        labels = problem.labels
        every = np.ones(len(labels), dtype=bool)

        def log_p(seen: Bool[np.ndarray, " l"]) -> Float[Tensor, "n c"]:
            return soft_scores(problem.sources(seen)).log()

        held_log_p = torch.cat(
            [
                log_p(~held)[torch.from_numpy(labels.at[held]).to(problem.domain.device)]
                for held in self.folds.held
            ]
        )
        host = np.asarray(held_log_p.double().cpu().numpy())
        mixture = Mixture.fit([host], labels.codes[self.folds.held_rows], len(labels))
        return FoldPriors(
            (),
            mixture,
            mixture.probabilities([log_p(every)]),
            lambda folds: torch.cat(
                [mixture.probabilities([log_p(~self.folds.held[fold])]) for fold in folds], dim=1
            ),
            np.asarray(mixture.probabilities([held_log_p]).double().cpu().numpy()),
        )


@dataclass(frozen=True)
class HeldChoices(Strategy):
    """The solution of `HeldOut` by what it has chosen before, without folds."""

    choices: Choices

    def solve(self, problem: Problem) -> Solution:
        choices, mixture = self.choices, self.choices.mixture
        if problem.domain.x is None:
            every = np.ones(len(problem.labels), dtype=bool)
            experts: tuple[Expert, ...] = ()
            prior = mixture.probabilities([soft_scores(problem.sources(every)).log()])
        else:
            experts = _experts(problem)
            prior = mixed(mixture, experts)
        return _propagated(
            problem, experts, mixture, prior, choices.prior_weight, choices.calibrator
        )


@dataclass(frozen=True)
class TrainedConvection(Strategy):
    """Features moved by a residual block that is trained first, then the strategy of the labels."""

    def solve(self, problem: Problem) -> Solution:
        domain, config, labels = problem.domain, problem.config, problem.labels
        assert domain.x is not None
        time = 1.0 / DECAY if config.diffusion_time is None else config.diffusion_time
        block = trained_convection(
            domain.laplacian,
            domain.x,
            labels.at,
            labels.codes,
            problem.n_classes,
            integrator(config.flow, time),
            config.seed,
        )
        with torch.no_grad():
            moved = replace(domain, x=block(in_unit_scale(domain.x)))
        # The head reads other features than new rows have: those take their neighbours' prior.
        return replace(choose_strategy(problem).solve(replace(problem, domain=moved)), experts=())


@dataclass(frozen=True)
class PaperNetwork(Strategy):
    """The paper's Diff-ResNet, with its own optimiser.

    Attributes
    ----------
    graph : (n, n) weights that the network diffuses along; None for the paper's few-shot graph.
    method : how the neighbours of that are searched.
    """

    graph: scipy.sparse.csr_array | None = None
    method: str = "auto"
    training: PaperTraining = field(default_factory=PaperTraining)

    def solve(self, problem: Problem) -> Solution:
        domain, graph = problem.domain, self.graph
        assert domain.x is not None
        if graph is None:
            settings = GraphSettings.few_shot()
            k = settings.neighbors_needed
            graph = weigh(nearest_neighbours(domain.x, k, method=self.method), settings)
        labels = problem.labels
        p = paper_network(
            SparseLaplacian(graph, device=domain.device),
            in_unit_scale(domain.x),
            labels.at,
            labels.codes,
            problem.n_classes,
            problem.config.seed,
            self.training,
        )
        scores = p.cpu().numpy()
        scores[labels.at] = labels.distributions
        return Solution(
            scores=scores,
            prior=scores,
            # New points take their neighbours' scores, hardly mixed with a prior.
            prior_weight=0.01,
            diffusion_time=self.training.gamma * self.training.steps,
            calibrator=Calibrator(),
            graph=graph,
        )


def _experts(problem: Problem) -> tuple[Expert, ...]:
    """Train the heads that are mixed: on undiffused features, and on diffused ones."""
    features = [problem.diffuse(time) for time in head_times(problem.config.diffusion_time)]
    return tuple(Expert(each, problem.fit_head(each)) for each in features)


def _mean_held_out(
    folds: Folds, probabilities: Float[np.ndarray, "m c"], others: Float[np.ndarray, "l c"]
) -> Float[np.ndarray, "l c"]:
    """Return the mean of what folds say of each labelled point; of others what is given."""
    held_rows, total = folds.held_rows, np.zeros_like(others)
    np.add.at(total, held_rows, probabilities)
    count = np.bincount(held_rows, minlength=len(others))[:, None]
    return np.where(count > 0, total / np.maximum(count, 1), others)


def _propagated(
    problem: Problem,
    experts: tuple[Expert, ...],
    mixture: Mixture,
    prior: Float[Tensor, "n c"],
    weight: float,
    calibrator: Calibrator,
) -> Solution:
    """Propagate all labels with the prior of experts, or of sources where there are none."""
    return Solution(
        scores=problem.propagate(prior, weight),
        prior=prior.cpu().numpy(),
        prior_weight=weight,
        diffusion_time=experts[-1].features.time if experts else 0.0,
        calibrator=calibrator,
        graph=problem.domain.graph,
        experts=experts,
        prior_inputs=PriorInputs(
            problem,
            tuple((each.features.time, each.head) for each in experts),
            mixture,
            sources=not experts,
        ),
    )
