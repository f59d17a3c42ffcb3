"""The chain of Theorem 2 on digits: on a graph that an oracle cleaned, and on the kNN graph."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse
import torch
from jaxtyping import Bool, Float, Int
from scipy.spatial.distance import cdist
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from diffresnet.errors import InputError
from diffresnet.similarity import GraphSettings, similarity_graph

from ...data.digits import digits
from ...theory import separating_direction, separating_flow
from ...theory.geometry import subset_geometry
from .chain import SAMPLES, Chain, Moment, geometric_times, moments, pieces, run_chain

LAST = 4096.0


@dataclass(frozen=True)
class DigitGraphs:
    """Scikit-learn's digits, their kNN graph, and the part of it that an oracle leaves.

    Attributes
    ----------
    points : (n, 64)
        Pixels divided by 16.
    weights : (n, n)
        The default graph: 10 nearest neighbours, symmetrised.
    links : float
        Share of the links from points to their neighbours, before that, that join two classes.
    """

    points: Float[np.ndarray, "n d"]
    classes: Int[np.ndarray, " n"]
    weights: scipy.sparse.csr_array
    links: float

    @property
    def edges(self) -> tuple[Int[np.ndarray, " e"], Int[np.ndarray, " e"], Float[np.ndarray, " e"]]:
        """Return both ends and the weight of every edge, once."""
        w = scipy.sparse.triu(self.weights, 1).tocoo()
        return w.row.astype(np.int64), w.col.astype(np.int64), w.data

    @property
    def joining(self) -> Bool[np.ndarray, " e"]:
        """Return the mask of edges that join two classes."""
        first, second, _ = self.edges
        return np.asarray(self.classes[first] != self.classes[second])

    @property
    def oracle(self) -> scipy.sparse.csr_array:
        """Return the graph without edges that join two classes, by the true labels."""
        w = self.weights.tocoo()
        inside = self.classes[w.row] == self.classes[w.col]
        kept = (w.data[inside], (w.row[inside], w.col[inside]))
        return scipy.sparse.csr_array(scipy.sparse.coo_array(kept, shape=w.shape))

    @property
    def outvoted(self) -> Bool[np.ndarray, " n"]:
        """Return the mask of points with more than half of their weight in other classes."""
        return np.asarray(self.oracle.sum(axis=1) < 0.5 * self.weights.sum(axis=1))


def digit_graphs() -> DigitGraphs:
    """Return the 1,797 digits and their default graph, in float64."""
    points, classes = digits()
    settings = GraphSettings()
    weights, neighbours = similarity_graph(points, settings=settings, return_neighbours=True)
    nearest = neighbours.indices[:, : settings.n_neighbors].numpy()
    links = float((classes[nearest] != classes[:, None]).mean())
    return DigitGraphs(points, classes.astype(np.int64), weights, links)


@dataclass(frozen=True)
class PlainMoment:
    """Digits at one time of the diffusion on the plain graph.

    Attributes
    ----------
    ratio, class_ratio : float
        L/D of the components of the oracle's graph, and of the ten classes.
    closest_joined : bool
        Whether the closest two points of different classes are joined by an edge.
    best_margin : float
        Margin of the best direction for the classes; negative where two overlap.
    wrong : (n,)
        Points that are nearer to the mean of another class than to that of their own.
    linear_wrong : int
        Points misclassified by a linear classifier fitted to all labels: 0 proves the classes
        linearly separable.
    direction : (d,)
        Direction with the fewest class intervals among those tried.
    fewest_runs : int
        Class intervals along it: ten if the direction separated the classes.
    """

    moment: Moment
    ratio: float
    class_ratio: float
    closest_joined: bool
    best_margin: float
    wrong: Bool[np.ndarray, " n"]
    linear_wrong: int
    direction: Float[np.ndarray, " d"]
    fewest_runs: int

    def row(self) -> dict[str, Any]:
        """Return the numbers as `reproduce theorem2` writes them."""
        return {
            "graph": "plain",
            **self.moment.row(),
            "ratio": self.ratio,
            "class_ratio": self.class_ratio,
            "closest_joined": self.closest_joined,
            "best_margin": self.best_margin,
            "wrong_side": int(self.wrong.sum()),
            "linear_wrong": self.linear_wrong,
            "fewest_runs": self.fewest_runs,
        }


@dataclass(frozen=True)
class DigitsChain:
    """The chain on both graphs.

    Attributes
    ----------
    pieces : (n,)
        Components of the oracle's graph: the subsets.
    chain, cleaned : the chain on the oracle's graph, and its moments.
    plain : the diffusion on the plain graph.
    memorised : blocks, and points right, of the network along the fewest runs of all; None where
        gaps are too narrow for float64.
    """

    graphs: DigitGraphs
    pieces: Int[np.ndarray, " n"]
    chain: Chain
    cleaned: list[Moment]
    plain: list[PlainMoment]
    memorised: tuple[int, int] | None

    @property
    def best(self) -> PlainMoment:
        """Return the moment with the fewest points on the wrong side."""
        return min(self.plain, key=lambda each: int(each.wrong.sum()))

    @property
    def orderly(self) -> PlainMoment:
        """Return the moment with the fewest class intervals."""
        return min(self.plain, key=lambda each: each.fewest_runs)


def digits_chain(per_doubling: float, seed: int) -> DigitsChain:
    """Run the chain on both graphs.

    Parameters
    ----------
    per_doubling : times looked at while time doubles; on the oracle's graph twice as many.
    """
    graphs = digit_graphs()
    subsets, times = pieces(graphs.oracle), geometric_times(LAST, per_doubling)
    finer = geometric_times(LAST, 2 * per_doubling)
    moving = moments(graphs.oracle, graphs.points, subsets, finer)
    chain, cleaned = run_chain(moving, subsets, graphs.classes, seed, check_margin=False)
    plain = [
        _measured(moment, graphs, seed)
        for moment in moments(graphs.weights, graphs.points, subsets, times)
    ]
    orderly = min(plain, key=lambda each: each.fewest_runs)
    memorised = _memorised(orderly, graphs.classes)
    return DigitsChain(graphs, subsets, chain, cleaned, plain, memorised)


def _measured(moment: Moment, graphs: DigitGraphs, seed: int) -> PlainMoment:
    x, classes = moment.points, graphs.classes
    means = np.stack([x[classes == c].mean(axis=0) for c in np.unique(classes)])
    direction, intervals = fewest_intervals(x, classes, seed)
    return PlainMoment(
        moment,
        moment.ratio,
        subset_geometry(torch.from_numpy(x), torch.from_numpy(classes)).ratio,
        bool(graphs.weights[closest_of_two_classes(x, classes)] > 0.0),
        separating_direction(x, classes, SAMPLES, seed).margin,
        cdist(x, means).argmin(axis=1) != classes,
        count_misclassified(x, classes),
        direction,
        intervals,
    )


def closest_of_two_classes(
    points: Float[np.ndarray, "n d"], classes: Int[np.ndarray, " n"]
) -> tuple[int, int]:
    """Return the closest two points of different classes."""
    best = (np.inf, 0, 0)
    for c in np.unique(classes):
        members, other = np.flatnonzero(classes == c), np.flatnonzero(classes > c)
        if len(other):
            apart = cdist(points[members], points[other])
            i, j = np.unravel_index(apart.argmin(), apart.shape)
            best = min(best, (float(apart[i, j]), int(members[i]), int(other[j])))
    return best[1:]


def count_misclassified(points: Float[np.ndarray, "n d"], classes: Int[np.ndarray, " n"]) -> int:
    """Count the points that a logistic regression with a weak penalty misclassifies.

    Coordinates are whitened first, or the directions that diffusion has shrunk would not count.
    """
    u, size, _ = np.linalg.svd(points - points.mean(axis=0), full_matrices=False)
    white = u[:, size > 1e-10 * size[0]] * np.sqrt(len(u))
    with warnings.catch_warnings():
        # Where classes are not separable it may not converge; what it has not separated is counted.
        warnings.simplefilter("ignore", ConvergenceWarning)
        fit = LogisticRegression(C=1e4, max_iter=300).fit(white, classes)
    return int((fit.predict(white) != classes).sum())


def fewest_intervals(
    points: Float[np.ndarray, "n d"], classes: Int[np.ndarray, " n"], seed: int
) -> tuple[Float[np.ndarray, " d"], int]:
    """Return the direction with the fewest class intervals, and their number.

    Random directions are tried, and those that space the class means evenly in random orders.
    """
    rng = np.random.default_rng(seed)
    x = points - points.mean(axis=0)
    means = np.stack([x[classes == c].mean(axis=0) for c in np.unique(classes)])
    orders = rng.permuted(np.tile(np.arange(len(means))[:, None], SAMPLES), axis=0)
    even = np.linalg.pinv(means - means.mean(axis=0)) @ (orders - orders.mean(axis=0))
    tried = np.hstack([rng.standard_normal((x.shape[1], SAMPLES)), even])
    along = classes[np.argsort(x @ tried, axis=0)]
    intervals = 1 + (along[1:] != along[:-1]).sum(axis=0)
    return tried[:, intervals.argmin()], int(intervals.min())


def heaviest_joining_edges(graphs: DigitGraphs, most: int) -> list[int]:
    """Return the indices of the heaviest edges between classes that share no point."""
    first, second, weight = graphs.edges
    joining = np.flatnonzero(graphs.joining)
    kept: list[int] = []
    points: set[int] = set()
    for e in joining[np.argsort(-weight[joining], kind="stable")].tolist():
        ends = {int(first[e]), int(second[e])}
        if len(kept) < most and not ends & points:
            kept.append(e)
            points |= ends
    return kept


def _memorised(moment: PlainMoment, classes: Int[np.ndarray, " n"]) -> tuple[int, int] | None:
    """Return blocks, and points right, of the network of Theorem 1 along a direction."""
    x = moment.moment.points
    try:
        net = separating_flow(x, classes, moment.direction)
    except InputError:
        return None
    return len(net.blocks), int((net.predict(x) == classes).sum())
