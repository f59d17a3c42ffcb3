"""Labels of all rows of shards from those of a few: the fit of `HeldOut` and `FewLabels`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from itertools import pairwise
from math import ceil, inf
from operator import attrgetter
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool, Float, Int

from ...errors import InputError
from ...progress import Progress, silent
from ..calibrator import SMALLEST, Calibrator
from ..class_prior import ClassPrior, with_class_prior
from ..cross_validation import COLUMNS, PRIOR_WEIGHTS, Folds, PriorChoice, stratified_folds
from ..features import DiffusedFeatures
from ..fold_heads import FoldHeads, head_times, mixed
from ..mixture import Mixture
from ..novelty import GIVE_UP, HiddenClasses, NoveltyCalibrator, walk_costs
from ..points import LabelledPoints
from ..problem import Expert, SolverConfig, fit_head
from ..prototypes import Centre, Prototypes, distances, prototypes_of
from ..scores import row_standardize, soft_scores, source_decay
from ..strategies import DECAY_ONE_LABEL, HEAD_SHARE, WEIGHT_ONE_LABEL
from .borders import rows_at
from .build import PartitionedGraph
from .components import reached_points
from .diffusion import chebyshev_steps, diffuse
from .engine import Engine
from .graph import GraphPart
from .points import PartPoints
from .router import Routes

# Relative errors of diffused features, of scores that only choose a weight, of those that answer,
# and of label sources, which are far from what they spread to.
FEATURES, CHOOSING, ANSWERS, SOURCES = 1e-2, 1e-2, 1e-3, 1e-4
# Rows whose scores say how certain answers are where nothing is held out.
JUDGED = 100_000


@dataclass(frozen=True)
class ShardAnswers:
    """Answers of the rows of a shard.

    Attributes
    ----------
    codes : (m,) classes.
    confidence : (m,) probability of each.
    reached : (m,) rows that a label reaches.
    distributions : (m, c) probabilities.
    novelty : (m,) how much each looks like none of the classes.
    novel : (m,) rows that are flagged for it.
    """

    codes: Int[np.ndarray, " m"]
    confidence: Float[np.ndarray, " m"]
    reached: Bool[np.ndarray, " m"]
    distributions: Float[np.ndarray, "m c"]
    novelty: Float[np.ndarray, " m"]
    novel: Bool[np.ndarray, " m"]


@dataclass(frozen=True)
class PartitionedTransduction:
    """Answers of all partitions, and what was chosen for them.

    Attributes
    ----------
    answers : handles of `ShardAnswers`, of the rows of each partition.
    diffusion_time, prior_weight : as chosen.
    calibrator : Calibrator
    """

    engine: Engine
    graph: PartitionedGraph
    answers: list[Any]
    diffusion_time: float
    prior_weight: float
    calibrator: Calibrator

    def of_shard(self, shard: int) -> ShardAnswers:
        """Return the answers of the rows of a shard."""
        pieces = [
            self.engine.view(_of_shard, answers, points, shard)
            for answers, points in zip(self.answers, self.graph.points, strict=True)
        ]
        whole = self.engine.view(_in_order, pieces, self.graph.routes[shard])
        found: ShardAnswers = self.engine.gather([whole])[0]
        return found


@dataclass(frozen=True)
class PartFeatures:
    """Diffused features of all partitions.

    Attributes
    ----------
    parts : handles of (n_i, d).
    shape : DiffusedFeatures
        What turns them into the rows that a head reads; it holds no rows itself.
    """

    parts: list[Any]
    shape: DiffusedFeatures

    def of(self, rows: np.ndarray) -> DiffusedFeatures:
        """Return the features of some points."""
        return replace(self.shape, diffused=torch.from_numpy(rows))


@dataclass(frozen=True)
class _Prior:
    """What propagation starts from: handles of the prior, its weight, and how scores are read."""

    parts: list[Any]
    weight: float
    time: float
    calibrator: Calibrator | None
    disagreement: float = 0.0


@dataclass(frozen=True)
class PartitionedTransducer:
    """Labels the points of a partitioned graph.

    Attributes
    ----------
    engine, graph, config : what the work is done by, on, and how.
    classes : (c,)
    class_prior : as in `DiffusionClassifier`.
    progress : told of every stage.
    """

    engine: Engine
    graph: PartitionedGraph
    config: SolverConfig
    classes: np.ndarray
    class_prior: ClassPrior = None
    progress: Progress = silent

    @property
    def n_classes(self) -> int:
        return len(self.classes)

    def fit(self, codes: Sequence[Int[np.ndarray, " m"]]) -> PartitionedTransduction:
        """Label all points.

        Parameters
        ----------
        codes : labels of the rows of every shard, -1 for none.
        """
        engine, graph = self.engine, self.graph
        of_shards = list(zip(graph.routes, codes, strict=True))
        of_rows = [
            engine.submit(np.concatenate, [engine.view(_routed, *shard, p) for shard in of_shards])
            for p in range(len(graph.points))
        ]
        parts: list[LabelledPoints] = engine.gather(
            [
                engine.view(_labelled, points, own, self.n_classes, graph.unit)
                for points, own in zip(graph.points, of_rows, strict=True)
            ]
        )
        labels = _numbered_through(parts, graph.offsets)
        if len(np.unique(labels.codes)) < 2:
            raise InputError(
                "labels of two classes are needed on rows that differ, and are not all zeros"
            )
        own, order = self._labelled_rows(labels)
        folds = self._folds(labels, order)
        if folds is None:
            prior = self._of_few(parts, labels)
        else:
            prior = self._held_out(parts, labels, folds)
        sources = [
            engine.submit(_with_labels, each, part.at, part.distributions)
            for each, part in zip(prior.parts, parts, strict=True)
        ]
        scores = sources
        if prior.weight != inf:
            held = [part.at for part in parts]
            scores = self._diffused("propagating", sources, 1.0 / prior.weight, ANSWERS, held)
        calibrator = prior.calibrator
        if calibrator is None:
            some = np.linspace(0, len(graph) - 1, min(JUDGED, len(graph))).astype(np.int64)
            judged = self._at_points(scores, some)
            calibrator = Calibrator.fit_disagreement(judged, prior.disagreement)
        reached = reached_points(engine, graph, [part.at for part in parts])
        of_parts = list(zip(graph.points, of_rows, scores, reached, strict=True))
        calibrator = self._with_class_prior(calibrator, of_parts)
        costs, of_novelty = self._novelty(parts, labels, own, order)
        answers = [
            engine.submit(_answers, *of_part, *more, calibrator, of_novelty)
            for of_part, more in zip(of_parts, zip(prior.parts, costs, strict=True), strict=True)
        ]
        return PartitionedTransduction(engine, graph, answers, prior.time, prior.weight, calibrator)

    def _with_class_prior(
        self, calibrator: Calibrator, of_parts: Sequence[tuple[Any, ...]]
    ) -> Calibrator:
        """Weigh the classes until the answers of a sample of the rows have the wanted shares."""
        if self.class_prior is None:
            return calibrator
        counts = self.engine.gather(
            [
                self.engine.view(_count_rows, points, given, reached, self.n_classes)
                for points, given, _, reached in of_parts
            ]
        )
        others, of_classes = sum(n for n, _ in counts), sum(c for _, c in counts)
        share = min(1.0, JUDGED / (others + of_classes.sum()))
        draws = np.random.SeedSequence(self.config.seed).spawn(len(of_parts))
        some = self.engine.gather(
            [
                self.engine.view(_some_rows, *of_part, share, draw)
                for of_part, draw in zip(of_parts, draws, strict=True)
            ]
        )
        scores, given = (np.concatenate(each) for each in zip(*some, strict=True))
        one_hot = np.eye(self.n_classes)[given]
        return with_class_prior(
            calibrator, self.class_prior, self.classes, scores, one_hot, others, of_classes
        )

    def _novelty(
        self,
        parts: Sequence[LabelledPoints],
        labels: LabelledPoints,
        own: Float[np.ndarray, "l d"],
        order: Int[np.ndarray, " l"],
    ) -> tuple[list[Any], tuple[Prototypes, NoveltyCalibrator]]:
        """Return the costs of all points as `novelty_scores` does, and what judges them.

        Parameters
        ----------
        own, order : of the labelled points, as `_labelled_rows` returns them.
        """
        engine, graph = self.engine, self.graph
        x = [engine.view(attrgetter("x"), points) for points in graph.points]
        trials = HiddenClasses.of(labels.codes[order], self.config.seed)
        seen = trials.seen[:, np.argsort(order)]
        some = np.linspace(0, len(graph) - 1, min(JUDGED, len(graph))).astype(np.int64)
        sample = own if graph.unit else self._at_points(x, some)
        centre = Centre.of(sample, graph.unit, self._mean(x))
        prototypes = prototypes_of(centre, own, labels.codes, seen)
        walks = [
            engine.submit(_walks, each, prototypes, part.at, seen[:, places])
            for each, part, places in zip(x, parts, _places(parts), strict=True)
        ]
        values = [engine.view(attrgetter("values"), each) for each in walks]
        held = [engine.view(attrgetter("held"), each) for each in walks]
        costs = self._diffused("looking for new classes", values, 1.0 / GIVE_UP, ANSWERS, held)
        scores = distances(prototypes, own) + np.maximum(self._at_points(costs, labels.at), 0.0)
        return costs, (prototypes[0], trials.calibrator(scores[order]))

    def _labelled_rows(self, labels: LabelledPoints) -> tuple[np.ndarray, np.ndarray]:
        """Return the labelled points, and an order of them that no partition has a part in."""
        features = [self.engine.view(attrgetter("x"), each) for each in self.graph.points]
        x = self._at_points(features, labels.at)
        return x, np.lexsort(x.T)

    def _folds(self, labels: LabelledPoints, order: Int[np.ndarray, " l"]) -> Folds | None:
        """Split the labels, the same way however the points are partitioned."""
        folds = stratified_folds(labels.codes[order], self.config.seed, len(self.graph))
        return None if folds is None else Folds(folds.held[:, np.argsort(order)], folds.repeats)

    def _held_out(
        self, parts: Sequence[LabelledPoints], labels: LabelledPoints, folds: Folds
    ) -> _Prior:
        """Choose the prior and its weight by labels that are held out."""
        config = self.config
        features = [self._features(time) for time in head_times(config.diffusion_time)]
        own = [each.of(self._at_points(each.parts, labels.at)) for each in features]
        with self.progress("training heads", None):
            # The labelled points are all that heads and mixture read.
            alone = replace(labels, at=np.arange(len(labels)))
            heads = FoldHeads.fit(config.head, own, alone, folds)
        arrays = [list(each) for each in zip(*(f.parts for f in features), strict=True)]
        weights = PRIOR_WEIGHTS if config.prior_weight is None else (config.prior_weight,)
        few = folds.affordable(len(self.graph) * self.n_classes)
        scores = {weight: np.empty((few.held.sum(), self.n_classes)) for weight in weights}
        at_once = max(1, COLUMNS // self.n_classes)
        every = range(len(few.held))
        for weight in weights:
            if weight == inf:
                scores[weight][:] = heads.held_out[: len(scores[weight])]
                continue
            found = []
            for splits in (every[i : i + at_once] for i in every[::at_once]):
                found += self._propagated_held_out(
                    weight, splits, few, parts, labels, arrays, heads
                )
            scores[weight][:] = np.concatenate(
                [each[held] for each, held in zip(found, few.held, strict=True)]
            )
        choice = PriorChoice.of(scores, few, labels.codes)
        calibrator = Calibrator()
        if config.calibrate:
            calibrator = Calibrator.fit_held_out(choice.scores, choice.codes, len(labels))
        prior = self._priors(arrays, heads.experts, heads.mixture)
        return _Prior(prior, choice.weight, features[-1].shape.time, calibrator)

    def _propagated_held_out(
        self,
        weight: float,
        splits: Sequence[int],
        folds: Folds,
        parts: Sequence[LabelledPoints],
        labels: LabelledPoints,
        arrays: Sequence[list[Any]],
        heads: FoldHeads,
    ) -> list[Float[np.ndarray, "l c"]]:
        """Return scores at all labelled points, of several splits that are propagated together."""
        experts = [_rowless(heads.of_folds[split]) for split in splits]
        one_hot = np.eye(self.n_classes, dtype=np.float32)[labels.codes]
        sources = [
            self.engine.submit(
                _held_out_sources,
                of_part,
                experts,
                heads.mixture,
                part.at,
                one_hot[places],
                ~folds.held[list(splits)][:, places],
            )
            for of_part, part, places in zip(arrays, parts, _places(parts), strict=True)
        ]
        held = [self.engine.view(attrgetter("held"), each) for each in sources]
        values = [self.engine.view(attrgetter("values"), each) for each in sources]
        what = f"weighing the prior by {weight:g}"
        found = self._diffused(what, values, 1.0 / weight, CHOOSING, held)
        at_labels = self._at_points(found, labels.at).astype(np.float64)
        return np.split(at_labels, len(splits), axis=1)

    def _of_few(self, parts: Sequence[LabelledPoints], labels: LabelledPoints) -> _Prior:
        """Combine a head with label sources, where nothing can be held out."""
        config, engine, c = self.config, self.engine, self.n_classes
        decay = source_decay(len(self.graph), c)
        one_hot = np.eye(c, dtype=np.float32)[labels.codes]
        centred = one_hot - one_hot.mean(axis=0)
        of_parts = [centred[each] for each in _places(parts)]
        sources = [
            engine.submit(_sources, graph, part.at, y)
            for graph, part, y in zip(self.graph.parts, parts, of_parts, strict=True)
        ]
        sources = self._diffused("spreading labels", sources, 1.0 / decay, SOURCES)
        totals = engine.gather(
            [engine.submit(_weighted, g, u) for g, u in zip(self.graph.parts, sources, strict=True)]
        )
        mean = sum(t for t, _ in totals) / max(sum(w for _, w in totals), SMALLEST)
        time = 1.0 / max(DECAY_ONE_LABEL, decay)
        time = time if config.diffusion_time is None else config.diffusion_time
        features = self._features(time)
        alone = replace(labels, at=np.arange(len(labels)))
        head = fit_head(config.head, features.of(self._at_points(features.parts, labels.at)), alone)
        expert = Expert(features.shape, head)
        combined = [
            engine.submit(_combined, u, x, mean.astype(np.float32), expert)
            for u, x in zip(sources, features.parts, strict=True)
        ]
        prior = [engine.view(attrgetter("prior"), each) for each in combined]
        differ = engine.gather([engine.view(attrgetter("differ"), each) for each in combined])
        disagreement = float(sum(map(int, differ)) / len(self.graph))
        weight = WEIGHT_ONE_LABEL if config.prior_weight is None else config.prior_weight
        return _Prior(prior, weight, time, None if config.calibrate else Calibrator(), disagreement)

    def _features(self, time: float) -> PartFeatures:
        """Diffuse the features, and find what turns them into the rows of a head."""
        engine, graph = self.engine, self.graph
        x = parts = [engine.view(attrgetter("x"), points) for points in graph.points]
        mean = self._mean(x)
        if time > 0:
            centred = [engine.submit(np.subtract, each, mean) for each in x]
            parts = self._diffused("diffusing features", centred, time, FEATURES)
        else:
            mean = np.zeros_like(mean)
        centre, length = self._mean(parts), None
        if not graph.unit:
            squares = engine.gather([engine.submit(_squares, each, centre) for each in parts])
            length = float(np.sqrt(sum(squares) / len(graph))) or 1.0
        means = torch.from_numpy(mean), torch.from_numpy(centre)
        return PartFeatures(
            parts, DiffusedFeatures(torch.empty(0, len(mean)), *means, time, length)
        )

    def _mean(self, parts: Sequence[Any]) -> Float[np.ndarray, " d"]:
        sums = self.engine.gather([self.engine.submit(_sum, each) for each in parts])
        return np.asarray(sum(sums) / len(self.graph), dtype=np.float32)

    def _priors(
        self, arrays: Sequence[list[Any]], experts: tuple[Expert, ...], mixture: Mixture
    ) -> list[Any]:
        alone = _rowless(experts)
        return [self.engine.submit(_mixed, each, [alone], mixture) for each in arrays]

    def _diffused(
        self,
        what: str,
        sources: Sequence[Any],
        time: float,
        tol: float,
        held: Sequence[Any] | None = None,
    ) -> list[Any]:
        graph = self.graph
        with self.progress(what, chebyshev_steps(time, tol)) as advance:
            return diffuse(
                self.engine, graph.parts, graph.borders, sources, time, tol, held, advance
            )

    def _at_points(self, values: Sequence[Any], numbers: Int[np.ndarray, " m"]) -> np.ndarray:
        """Return values at some points, ascending."""
        return np.concatenate(rows_at(self.engine, values, self.graph.offsets, numbers))


@dataclass(frozen=True)
class _Combined:
    """The prior of a head and label sources, and how many points they differ at."""

    prior: Float[np.ndarray, "n c"]
    differ: int


@dataclass(frozen=True)
class _Held:
    """What is diffused in several columns, and where it is held."""

    values: Float[np.ndarray, "n w"]
    held: Bool[np.ndarray, "n w"]


def _held_out_sources(
    arrays: Sequence[np.ndarray],
    experts: Sequence[Sequence[Expert]],
    mixture: Mixture,
    at: Int[np.ndarray, " l"],
    one_hot: Float[np.ndarray, "l c"],
    seen: Bool[np.ndarray, "s l"],
) -> _Held:
    """Return the prior of each split, with the labels that it sees, side by side."""
    c = one_hot.shape[1]
    values = _mixed(arrays, experts, mixture)
    held = np.zeros(values.shape, dtype=bool)
    for block, of_block in enumerate(seen):
        columns = slice(block * c, (block + 1) * c)
        values[at[of_block], columns] = one_hot[of_block]
        held[at[of_block], columns] = True
    return _Held(values, held)


def _walks(
    x: Float[np.ndarray, "n d"],
    prototypes: Sequence[Prototypes],
    at: Int[np.ndarray, " l"],
    seen: Bool[np.ndarray, "s l"],
) -> _Held:
    """Return what it costs the points of a partition to give up, by every subset of the labels."""
    return _Held(*walk_costs(distances(prototypes, x), at, seen))


def _count_rows(
    points: PartPoints,
    given: Int[np.ndarray, " r"],
    reached: Bool[np.ndarray, " n"],
    n_classes: int,
) -> tuple[int, Int[np.ndarray, " c"]]:
    """Count the rows that a label reaches, and those of each class that have one."""
    free = reached[points.of_row] & (given < 0)
    return int(free.sum()), np.bincount(given[given >= 0], minlength=n_classes)


def _some_rows(
    points: PartPoints,
    given: Int[np.ndarray, " r"],
    scores: Float[np.ndarray, "n c"],
    reached: Bool[np.ndarray, " n"],
    share: float,
    draw: np.random.SeedSequence,
) -> tuple[Float[np.ndarray, "m c"], Int[np.ndarray, " l"]]:
    """Return the scores of a share of the reached rows, and as many of the given classes."""
    rows, rng = points.of_row, np.random.default_rng(draw)
    free, own = np.flatnonzero(reached[rows] & (given < 0)), given[given >= 0]
    # Drawn, since rows may come in turns.
    some, few = (rng.permutation(len(each))[: ceil(share * len(each))] for each in (free, own))
    return scores[rows[free[some]]], own[few]


def _rowless(experts: Sequence[Expert]) -> list[Expert]:
    """Return experts without the rows of their features."""
    none = [e.features.diffused[:0] for e in experts]
    return [
        replace(e, features=replace(e.features, diffused=empty))
        for e, empty in zip(experts, none, strict=True)
    ]


def _combined(
    sources: Float[np.ndarray, "n c"],
    diffused: Float[np.ndarray, "n d"],
    mean: Float[np.ndarray, " c"],
    expert: Expert,
) -> _Combined:
    spread = row_standardize(torch.from_numpy(sources - mean))
    features = replace(expert.features, diffused=torch.from_numpy(diffused))
    logits = row_standardize(expert.head.logits(features.rows).to(spread.dtype))
    prior = soft_scores(HEAD_SHARE * logits + spread)
    return _Combined(prior.numpy(), int((logits.argmax(1) != spread.argmax(1)).sum()))


def _sources(
    part: GraphPart, at: Int[np.ndarray, " l"], labels: Float[np.ndarray, "l c"]
) -> Float[np.ndarray, "n c"]:
    """Return label sources, by the degrees of their points; without edges they go nowhere."""
    out = np.zeros((len(part.degree), labels.shape[1]), dtype=np.float32)
    degree = part.degree[at]
    out[at] = labels * np.divide(1.0, degree, out=np.zeros_like(degree), where=degree > 0)[:, None]
    return out


def _weighted(part: GraphPart, values: np.ndarray) -> tuple[np.ndarray, float]:
    return part.degree.astype(np.float64) @ values, float(part.degree.sum(dtype=np.float64))


def _sum(x: Float[np.ndarray, "n d"]) -> Float[np.ndarray, " d"]:
    return np.asarray(x.sum(axis=0, dtype=np.float64))


def _squares(x: Float[np.ndarray, "n d"], centre: Float[np.ndarray, " d"]) -> float:
    return float(np.square(x - centre).sum(dtype=np.float64))


def _mixed(
    arrays: Sequence[np.ndarray], of_folds: Sequence[Sequence[Expert]], mixture: Mixture
) -> Float[np.ndarray, "n fc"]:
    """Mix the probabilities of experts without rows, whose features are these, of every fold."""
    own = [
        [
            replace(each, features=replace(each.features, diffused=torch.from_numpy(array)))
            for each, array in zip(experts, arrays, strict=True)
        ]
        for experts in of_folds
    ]
    return mixed(mixture, *own).numpy()


def _with_labels(
    prior: Float[np.ndarray, "n c"],
    at: Int[np.ndarray, " l"],
    labels: Float[np.ndarray, "l c"],
) -> Float[np.ndarray, "n c"]:
    out = prior.copy()
    out[at] = labels
    return out


def _labelled(
    points: PartPoints, codes: Int[np.ndarray, " r"], n_classes: int, unit: bool
) -> LabelledPoints:
    """Gather the labels of the points; a row of zeros has no direction, and says nothing."""
    rows = np.flatnonzero(codes >= 0)
    if unit:
        rows = rows[points.x[points.of_row[rows]].any(axis=1)]
    return LabelledPoints.of(points.of_row[rows], codes[rows], n_classes)


def _numbered_through(
    parts: Sequence[LabelledPoints], offsets: Int[np.ndarray, " p1"]
) -> LabelledPoints:
    """Join the labels of all partitions."""
    weight = None
    if any(part.weight is not None for part in parts):
        weight = np.concatenate([np.ones(len(p)) if p.weight is None else p.weight for p in parts])
    return LabelledPoints(
        np.concatenate([p.at + first for p, first in zip(parts, offsets[:-1], strict=True)]),
        np.concatenate([p.distributions for p in parts]),
        weight,
    )


def _routed(routes: Routes, codes: Int[np.ndarray, " m"], partition: int) -> np.ndarray:
    return codes[routes.to(partition)]


def _answers(
    points: PartPoints,
    given: Int[np.ndarray, " r"],
    scores: Float[np.ndarray, "n c"],
    reached: Bool[np.ndarray, " n"],
    prior: Float[np.ndarray, "n c"],
    costs: Float[np.ndarray, "n s"],
    calibrator: Calibrator,
    of_novelty: tuple[Prototypes, NoveltyCalibrator],
) -> ShardAnswers:
    """Return the answers of the rows of a partition; given labels are kept."""
    p = calibrator.probabilities(np.maximum(scores, 0.0), reached)
    best = np.where(reached, p.argmax(axis=1), prior.argmax(axis=1))  # a head still has an opinion
    rows, own = points.of_row, np.flatnonzero(given >= 0)
    codes, distributions = best[rows], p[rows]
    codes[own] = given[own]
    distributions[own] = np.eye(p.shape[1], dtype=p.dtype)[codes[own]]
    confidence = distributions[np.arange(len(rows)), codes]
    prototypes, judge = of_novelty
    cost = np.maximum(costs[:, 0], 0.0)
    novelty, novel = (each[rows] for each in judge.judge(prototypes.distance(points.x), cost))
    novelty[own], novel[own] = 0.0, False
    return ShardAnswers(
        codes, confidence, reached[rows], distributions, novelty.astype(np.float32), novel
    )


def _of_shard(answers: ShardAnswers, points: PartPoints, shard: int) -> ShardAnswers:
    part = slice(points.starts[shard], points.starts[shard + 1])
    return ShardAnswers(*(getattr(answers, f.name)[part] for f in fields(answers)))


def _in_order(pieces: Sequence[ShardAnswers], routes: Routes) -> ShardAnswers:
    """Join the pieces of a shard, and put their rows in its order."""
    back = np.argsort(routes.order)
    return ShardAnswers(
        *(np.concatenate([getattr(p, f.name) for p in pieces])[back] for f in fields(ShardAnswers))
    )


def _places(parts: Sequence[LabelledPoints]) -> list[slice]:
    """Return places of the labels of every partition among all."""
    return [slice(a, b) for a, b in pairwise(np.cumsum([0, *(len(p) for p in parts)]))]
