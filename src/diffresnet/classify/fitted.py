"""A fitted classifier: labels new rows without fitting again, and is kept as arrays."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any, TypeVar

import numpy as np
import scipy.sparse
import torch
from jaxtyping import Bool, Float, Int

from ..chunks import map_chunks
from ..errors import InputError
from ..similarity import SEARCHES, GraphSettings, Neighbours, NeighbourSearch
from .calibrator import Calibrator
from .column_scale import ColumnScale
from .links import Links
from .novelty import Novelty, NoveltyCalibrator
from .points import Projection
from .problem import Solution
from .prototypes import Centre, Prototypes
from .word_weights import WordWeights

# New rows that are labelled at once: what is computed for them then stays in the cache. A search
# may want more.
CHUNK = 1024

Scores = TypeVar("Scores", np.ndarray, torch.Tensor)
# What is said of rows, from the fitted points, the rows, their neighbours and their links.
_Judge = Callable[..., tuple[np.ndarray, ...]]


@dataclass(frozen=True)
class FittedHead:
    """A linear head on diffused features, for new rows.

    Attributes
    ----------
    diffused : (n, d) features of the fitted points, or None where they were not diffused.
    mean, centre : (d,) as in `DiffusedFeatures`.
    time, length : float
        As in `DiffusedFeatures`; a length of 0 stands for None.
    weight, bias : (c, d), (c,)
    share, inverse_temperature : float
        Of the head in the prior, as in `Mixture`.
    """

    diffused: np.ndarray | None
    mean: np.ndarray
    centre: np.ndarray
    time: float
    weight: np.ndarray
    bias: np.ndarray
    length: float = 0.0
    share: float = 1.0
    inverse_temperature: float = 1.0

    @classmethod
    def all_of(cls, solution: Solution) -> tuple[FittedHead, ...]:
        """Keep the heads of a solution that take part; none unless all are linear."""
        if not solution.experts or solution.prior_inputs is None:
            return ()
        heads, mixture = [], solution.prior_inputs.mixture
        for expert, share, beta in zip(
            solution.experts, mixture.shares, mixture.inverse_temperatures, strict=True
        ):
            linear, features = expert.head.weights, expert.features
            if linear is None:
                return ()
            head = cls(
                features.diffused.cpu().numpy() if features.time > 0 else None,
                features.mean.double().cpu().numpy(),
                features.centre.double().cpu().numpy(),
                features.time,
                *linear,
                features.length or 0.0,
                share,
                beta,
            )
            heads.append(head)
        return tuple(head for head in heads if head.share > 0)

    def probabilities(
        self, x: Float[np.ndarray, "m d"], links: Links
    ) -> Float[torch.Tensor, "m c"]:
        """Return the share of the head in the prior of new rows.

        Each is moved by one implicit step among the fitted points.
        """
        mean, centre, weight, bias = self._single
        # By torch, whose threads are those of `map_chunks`; NumPy's would start more.
        z = torch.from_numpy(x) - mean
        if self.diffused is not None:
            around = links.average(torch.from_numpy(self.diffused))
            z = z.add_(around, alpha=self.time).div_(1.0 + self.time)
        z -= centre
        z = z.div_(self.length) if self.length else torch.nn.functional.normalize(z, dim=1)
        return torch.softmax(torch.addmm(bias, z, weight), dim=1).mul_(self.share)

    @cached_property
    def _single(self) -> tuple[torch.Tensor, ...]:
        """Mean, centre, weights (d, c) and biases in float32, the temperature taken in."""
        arrays = (self.mean, self.centre, self.weight.T, self.bias)
        factors = (1.0, 1.0, self.inverse_temperature, self.inverse_temperature)
        return tuple(
            torch.from_numpy(np.ascontiguousarray(factor * each, dtype=np.float32))
            for factor, each in zip(factors, arrays, strict=True)
        )

    def to_arrays(self, name: str) -> tuple[dict[str, float], dict[str, np.ndarray]]:
        """Return facts and arrays, the names of which begin with a name of the head."""
        facts = {
            "time": self.time,
            "length": self.length,
            "share": self.share,
            "inverse_temperature": self.inverse_temperature,
        }
        arrays = {key: getattr(self, key) for key in ("mean", "centre", "weight", "bias")}
        if self.diffused is not None:
            arrays["diffused"] = self.diffused
        return facts, {f"{name}_{key}": array for key, array in arrays.items()}

    @classmethod
    def from_arrays(
        cls, facts: Mapping[str, Any], arrays: Mapping[str, np.ndarray], name: str, c: int
    ) -> FittedHead:
        """Make a head of c classes of what `to_arrays` returned."""
        n, d = arrays["points"].shape
        diffused = arrays.get(f"{name}_diffused")
        return cls(
            None if diffused is None else real_array(diffused, n, d),
            real_array(arrays[f"{name}_mean"], d),
            real_array(arrays[f"{name}_centre"], d),
            float(facts["time"]),
            real_array(arrays[f"{name}_weight"], c, d),
            real_array(arrays[f"{name}_bias"], c),
            *(float(facts[key]) for key in ("length", "share", "inverse_temperature")),
        )


@dataclass(frozen=True)
class FittedPoints:
    """Where the fitted points lie, so that new rows find their neighbours among them.

    Attributes
    ----------
    x : (n, d) float32
    bandwidth : (n,) widths of their Gaussians.
    settings : how weights are made.
    method : how neighbours are searched.
    heads : whose mixture is the prior of a new row; where none, it is that of its neighbours.
    searches : that were built, by device and method; shared by copies with other heads.
    """

    x: np.ndarray
    bandwidth: np.ndarray
    settings: GraphSettings
    method: str = "auto"
    heads: tuple[FittedHead, ...] = ()
    searches: dict[tuple[str, str], NeighbourSearch] = field(
        default_factory=dict, repr=False, compare=False
    )

    def search(self, device: torch.device) -> NeighbourSearch:
        """Return the search, its index built once for each device."""
        key = (str(device), self.method)
        if key not in self.searches:
            x, k = torch.from_numpy(self.x).to(device), self.settings.neighbors_needed
            search = NeighbourSearch(x, k, self.settings.metric, self.method)
            search.index()
            self.searches[key] = search
        return self.searches[key]

    def nearest(self, rows: Float[np.ndarray, "m d"], device: torch.device) -> Neighbours:
        """Find the neighbours of new rows."""
        return self.search(device).nearest(torch.from_numpy(rows).to(device))


@dataclass(frozen=True)
class FittedModel:
    """Scores at the fitted points, and how those of new rows follow from them.

    Attributes
    ----------
    scores : (n, c) propagated scores u; uniform at points that no label reaches.
    prior : (n, c) probabilities before scores were propagated.
    reached : (n,)
    prior_weight : float
    calibrator : Calibrator
    projection : from the rows of a user to features.
    points : None for a graph without features.
    novelty : None in files of before there was one.
    """

    scores: Float[np.ndarray, "n c"]
    prior: Float[np.ndarray, "n c"]
    reached: Bool[np.ndarray, " n"]
    prior_weight: float
    calibrator: Calibrator
    projection: Projection = field(default_factory=Projection)
    points: FittedPoints | None = None
    novelty: Novelty | None = None

    @classmethod
    def of(
        cls,
        solution: Solution,
        reached: np.ndarray,
        projection: Projection,
        points: FittedPoints | None,
        novelty: Novelty | None = None,
    ) -> FittedModel:
        """Keep what labelling new rows takes."""
        scores = solution.scores
        if not reached.all():
            scores = scores.copy()
            scores[~reached] = 1.0 / scores.shape[1]
        return cls(
            scores,
            solution.prior,
            reached,
            solution.prior_weight,
            solution.calibrator,
            projection,
            points,
            novelty,
        )

    def probabilities(self, at: Int[np.ndarray, " m"]) -> Float[np.ndarray, "m c"]:
        """Return the probabilities of rows that stand at some of the fitted points."""
        p = np.empty((len(at), self.scores.shape[1]), dtype=self.scores.dtype)
        for start in range(0, len(at), CHUNK):
            part = slice(start, start + CHUNK)
            p[part] = self.calibrator.probabilities(self.scores[at[part]], self.reached[at[part]])
        return p

    def predict(
        self, x: Float[np.ndarray, "m d"], device: torch.device
    ) -> tuple[Float[np.ndarray, "m c"], Bool[np.ndarray, " m"]]:
        """Label new rows: probabilities, and whether a label reaches each.

        A row equal to a fitted one gets its answer.
        """
        probabilities, reached = self._judged(x, device, self._answers)
        return probabilities, reached

    def predict_with_novelty(
        self, x: Float[np.ndarray, "m d"], device: torch.device
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Return what `predict` and `predict_novelty` do, by one search for neighbours."""
        probabilities, reached, novelty, novel = self._judged(
            x, device, self._answers, self._novelties
        )
        return probabilities, reached, novelty, novel

    def _judged(
        self, x: Float[np.ndarray, "m d"], device: torch.device, *judges: _Judge
    ) -> list[np.ndarray]:
        """Search the neighbours of new rows, in chunks, and return what is said of each row."""
        points = self._required_points()
        search = points.search(device)  # before threads would each build it
        share = -(-len(x) // torch.get_num_threads())
        chunk = max(CHUNK, min(share, search.index().rows_together))

        def judged(part: slice) -> list[np.ndarray]:
            rows = x[part]
            neighbours = points.nearest(rows, device)
            links = Links.of(neighbours, points.bandwidth, points.settings)
            return [each for judge in judges for each in judge(points, rows, neighbours, links)]

        parts = map_chunks(judged, len(x), chunk, device)
        return [np.concatenate(each) for each in zip(*parts, strict=True)]

    def _required_points(self) -> FittedPoints:
        if self.points is None:
            raise InputError(
                "this model was fitted on a graph without features: predict needs X=None and the "
                "links of the new rows to the fitted ones",
                "links",
            )
        return self.points

    def predict_linked(
        self, links: scipy.sparse.csr_array
    ) -> tuple[Float[np.ndarray, "m c"], Bool[np.ndarray, " m"]]:
        """Label new points that are given by their links (m, n) to the fitted ones."""
        reached = np.asarray(links @ self.reached.astype(np.float64)).ravel() > 0
        total = np.asarray(links.sum(axis=1)).ravel()
        share = np.where(total > 0, total, 1.0)[:, None]
        scores = self._with_neighbours((links @ self.prior) / share, (links @ self.scores) / share)
        return self.calibrator.probabilities(scores, reached), reached

    def predict_novelty(
        self, x: Float[np.ndarray, "m d"], device: torch.device
    ) -> tuple[Float[np.ndarray, " m"], Bool[np.ndarray, " m"]]:
        """Return the novelty of new rows, and which are flagged; one equal to a fitted has its."""
        self._known_novelty()
        novelty, novel = self._judged(x, device, self._novelties)
        return novelty, novel

    def predict_novelty_linked(
        self, links: scipy.sparse.csr_array
    ) -> tuple[Float[np.ndarray, " m"], Bool[np.ndarray, " m"]]:
        """Return the same of new points that are given by their links (m, n)."""
        novelty = self._known_novelty()
        total = np.asarray(links.sum(axis=1)).ravel()
        share = np.where(total > 0, total, 1.0)
        distance = (links @ novelty.distance) / share
        return novelty.of_rows(distance, (links @ novelty.cost) / share + (total <= 0))

    def _known_novelty(self) -> Novelty:
        if self.novelty is None:
            raise InputError("this model was saved before there was a novelty; fit it again")
        return self.novelty

    def _answers(
        self, points: FittedPoints, x: np.ndarray, neighbours: Neighbours, links: Links
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return the probabilities of some rows, and whether a label reaches each."""
        if points.heads:
            scores, *others = (head.probabilities(x, links) for head in points.heads)
            for other in others:
                scores += other
        else:
            scores = links.average(self._single_prior)
        if self.prior_weight != float("inf"):
            scores = self._with_neighbours(scores, links.average(self._single_scores))
        found = scores.numpy()
        same = (neighbours.distances[:, 0] == 0.0).cpu().numpy()
        found[same] = self.scores[neighbours.indices[:, 0].cpu().numpy()[same]]
        reached = links.touch(self.reached)
        if points.settings.metric == "cosine":
            reached &= x.any(axis=1)  # a row of zeros has no direction
        return self.calibrator.probabilities(found, reached), reached

    def _novelties(
        self, points: FittedPoints, x: np.ndarray, neighbours: Neighbours, links: Links
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return the novelty of some rows, and which are flagged."""
        novelty = self._known_novelty()
        if novelty.prototypes is None:
            raise InputError("this model was fitted on a graph without features: give links")
        distance, cost = novelty.prototypes.distance(x), torch.from_numpy(novelty.cost)[:, None]
        # Without a link there is no label to find.
        lost = 1.0 - links.touch(np.ones(len(cost), dtype=bool))
        around = links.average(cost)[:, 0].numpy() + lost * (1.0 + distance)
        values, novel = novelty.of_rows(distance, around)
        same = (neighbours.distances[:, 0] == 0.0).cpu().numpy()
        at = neighbours.indices[:, 0].cpu().numpy()[same]
        fitted, flagged = self._of_fitted
        values[same], novel[same] = fitted[at], flagged[at]
        return values, novel

    @cached_property
    def _of_fitted(self) -> tuple[np.ndarray, np.ndarray]:
        return self._known_novelty().of_points()

    # In the float32 that they were computed in, for the averages over links.
    @cached_property
    def _single_scores(self) -> torch.Tensor:
        return torch.from_numpy(self.scores.astype(np.float32, copy=False))

    @cached_property
    def _single_prior(self) -> torch.Tensor:
        return torch.from_numpy(self.prior.astype(np.float32, copy=False))

    def _with_neighbours(self, prior: Scores, around: Scores) -> Scores:
        """Solve the equation of one more free point, with the fitted ones held."""
        if self.prior_weight == float("inf"):
            return prior
        return (self.prior_weight * prior + around) / (self.prior_weight + 1.0)

    def to_arrays(self) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        """Return the model as JSON-able facts and arrays; see `from_arrays`."""
        facts: dict[str, Any] = {
            "prior_weight": self.prior_weight,
            **self.calibrator.to_facts(),
            "has_points": self.points is not None,
        }
        arrays = {"scores": self.scores, "prior": self.prior, "points_reached": self.reached}
        if self.projection.directions is not None:
            arrays["projection"] = self.projection.directions
        if self.projection.words is not None:
            arrays["idf"] = self.projection.words.idf
        scale = self.projection.scale
        if scale is not None:
            arrays |= {"column_mean": scale.mean, "column_spread": scale.spread}
            facts |= {"strays_only": scale.strays_only, "compresses": scale.compresses}
        if self.points is not None:
            arrays |= {"points": self.points.x, "width": self.points.bandwidth}
            facts["settings"] = self.points.settings.to_dict()
            facts["neighbors"] = self.points.method
            facts["heads"] = []
            for number, head in enumerate(self.points.heads):
                of_head, more = head.to_arrays(f"head{number}")
                facts["heads"].append(of_head)
                arrays |= more
        if self.novelty is not None:
            facts["novelty"] = asdict(self.novelty.calibrator)
            arrays |= {"novelty_distance": self.novelty.distance, "novelty_cost": self.novelty.cost}
            prototypes = self.novelty.prototypes
            if prototypes is not None:
                centre = prototypes.centre
                facts |= {"prototype_spread": centre.spread, "prototype_unit": centre.unit}
                arrays |= {"prototype_mean": centre.mean, "prototypes": prototypes.means}
        return facts, arrays

    @classmethod
    def from_arrays(cls, facts: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> FittedModel:
        """Make a model of what `to_arrays` returned.

        Raises
        ------
        ValueError, KeyError, TypeError
            If something is missing or of another shape.
        """
        n, c = arrays["scores"].shape
        scores, prior = real_array(arrays["scores"], n, c), real_array(arrays["prior"], n, c)
        reached = real_array(arrays["points_reached"], n)
        points = None
        if facts["has_points"]:
            d = arrays["points"].shape[1]
            x, width = real_array(arrays["points"], n, d), real_array(arrays["width"], n)
            heads = _heads(facts, arrays, c)
            method = facts.get("neighbors", "exact")
            if method not in SEARCHES:
                raise ValueError(f"unknown search {method!r}")
            points = FittedPoints(
                x, width, GraphSettings.from_dict(facts["settings"]), method, heads
            )
        return cls(
            scores,
            prior,
            reached,
            float(facts["prior_weight"]),
            Calibrator.from_facts(facts),
            _projection(facts, arrays),
            points,
            _novelty(facts, arrays),
        )


def _heads(
    facts: Mapping[str, Any], arrays: Mapping[str, np.ndarray], c: int
) -> tuple[FittedHead, ...]:
    """Return the heads of a file; those of before several were mixed have one at most."""
    if "heads" in facts:
        return tuple(
            FittedHead.from_arrays(of_head, arrays, f"head{number}", c)
            for number, of_head in enumerate(facts["heads"])
        )
    if not facts["has_features"]:
        return ()
    old = {"mean": "mean", "centre": "centre", "weight": "head_weight", "bias": "head_bias"}
    old |= {"diffused": "moved"} if "moved" in arrays else {}
    named = {f"head0_{key}": arrays[name] for key, name in old.items()}
    named["points"] = arrays["points"]
    of_head = {"time": facts["feature_strength"], "length": 0, "share": 1, "inverse_temperature": 1}
    return (FittedHead.from_arrays(of_head, named, "head0", c),)


def _projection(facts: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> Projection:
    """Return the projection of a file; those of before columns were scaled have no spread."""
    directions, scale = arrays.get("projection"), None
    if "column_spread" in arrays:
        d = arrays["column_spread"].size
        mean, spread = real_array(arrays["column_mean"], d), real_array(arrays["column_spread"], d)
        if not (spread > 0).all():
            raise ValueError("a column has no spread")
        compresses = bool(facts.get("compresses", False))
        scale = ColumnScale(mean, spread, bool(facts["strays_only"]), compresses)
    words = WordWeights(real_array(arrays["idf"], arrays["idf"].size)) if "idf" in arrays else None
    return Projection(directions, scale, words)


def _novelty(facts: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> Novelty | None:
    """Return the novelty of a file; those of before there was one have none."""
    if "novelty" not in facts:
        return None
    n, prototypes = len(arrays["scores"]), None
    if "prototypes" in arrays:
        c, d = arrays["prototypes"].shape
        mean, means = (
            real_array(arrays["prototype_mean"], d),
            real_array(arrays["prototypes"], c, d),
        )
        spread, unit = float(facts["prototype_spread"]), bool(facts["prototype_unit"])
        prototypes = Prototypes(Centre(mean, spread, unit), means)
    distance = real_array(arrays["novelty_distance"], n)
    cost = real_array(arrays["novelty_cost"], n)
    return Novelty(distance, cost, NoveltyCalibrator(**facts["novelty"]), prototypes)


def real_array(array: np.ndarray, *shape: int) -> np.ndarray:
    """Return an array of a file; raise `ValueError` unless it is finite and of a shape."""
    if array.shape != shape or array.dtype.kind not in "fiub" or not np.isfinite(array).all():
        raise ValueError(f"an array is not finite numbers of shape {shape}")
    return array
