"""The chain of Theorem 2 on real digits: complete on an oracle's graph, broken on the kNN graph."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
import scipy.sparse
import torch
from jaxtyping import Bool, Float, Int
from scipy.spatial.distance import cdist
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from diffresnet.errors import InputError
from diffresnet.similarity import GraphSettings, similarity_graph

from ...theory import separating_direction, separating_flow
from ...theory.geometry import subset_geometry
from .chain import SAMPLES, Chain, Moment, geometric_times, moments, pieces, run_chain

LAST = 4096.0


@dataclass(frozen=True)
class DigitGraphs:
    """Scikit-learn's digits, their kNN graph, and what of it an oracle leaves.

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
        """Both ends and the weight of every edge, once."""
        w = scipy.sparse.triu(self.weights, 1).tocoo()
        return w.row.astype(np.int64), w.col.astype(np.int64), w.data

    @property
    def joining(self) -> Bool[np.ndarray, " e"]:
        """Which edges join two classes."""
        first, second, _ = self.edges
        return np.asarray(self.classes[first] != self.classes[second])

    @property
    def oracle(self) -> scipy.sparse.csr_array:
        """The graph without the edges that join two classes: the true labels are needed for it."""
        w = self.weights.tocoo()
        own = self.classes[w.row] == self.classes[w.col]
        kept = (w.data[own], (w.row[own], w.col[own]))
        return scipy.sparse.csr_array(scipy.sparse.coo_array(kept, shape=w.shape))

    @property
    def outvoted(self) -> Bool[np.ndarray, " n"]:
        """Points that have more than half of their weight in other classes."""
        return np.asarray(self.oracle.sum(axis=1) < 0.5 * self.weights.sum(axis=1))


def digit_graphs() -> DigitGraphs:
    """The 1,797 digits and their default graph, in float64."""
    pixels, classes = load_digits(return_X_y=True)
    points = np.asarray(pixels, dtype=np.float64) / 16.0
    settings = GraphSettings()
    weights, found = similarity_graph(points, settings=settings, return_neighbours=True)
    nearest = found.indices[:, : settings.n_neighbors].numpy()
    links = float((classes[nearest] != classes[:, None]).mean())
    return DigitGraphs(points, classes.astype(np.int64), weights, links)


@dataclass(frozen=True)
class Mixed:
    """Digits at one time of the diffusion on the plain graph.

    Attributes
    ----------
    ratio, class_ratio : float
        L/D of the components of the oracle's graph, and of the ten classes.
    joined : bool
        Whether the closest two points of different classes are joined by an edge.
    overlap : float
        The margin of the best direction found for the classes: negative, as they overlap.
    wrong : (n,)
        Points that are nearer to the mean of another class than to that of their own.
    unseparated : int
        Points on the wrong side of the linear scores fitted to all labels: none if the fit has
        found that the classes are linearly separable.
    direction : (d,)
        Along which the fewest runs were found.
    runs : int
        Stretches of one class along it: ten if the direction separated the classes.
    """

    moment: Moment
    ratio: float
    class_ratio: float
    joined: bool
    overlap: float
    wrong: Bool[np.ndarray, " n"]
    unseparated: int
    direction: Float[np.ndarray, " d"]
    runs: int


@dataclass(frozen=True)
class DigitsChain:
    """What the chain does on both graphs.

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
    plain: list[Mixed]
    memorised: tuple[int, int] | None

    @property
    def best(self) -> Mixed:
        """The plain graph when the fewest points are on the wrong side."""
        return min(self.plain, key=lambda mixed: int(mixed.wrong.sum()))

    @property
    def orderly(self) -> Mixed:
        """The plain graph when there are the fewest runs."""
        return min(self.plain, key=lambda mixed: mixed.runs)


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
        _mixed(moment, graphs, seed)
        for moment in moments(graphs.weights, graphs.points, subsets, times)
    ]
    orderly = min(plain, key=lambda mixed: mixed.runs)
    return DigitsChain(graphs, subsets, chain, cleaned, plain, _memorised(orderly, graphs.classes))


def _mixed(moment: Moment, graphs: DigitGraphs, seed: int) -> Mixed:
    x, classes = moment.points, graphs.classes
    means = np.stack([x[classes == c].mean(axis=0) for c in np.unique(classes)])
    direction, runs = fewest_runs(x, classes, seed)
    return Mixed(
        moment,
        moment.ratio,
        subset_geometry(torch.from_numpy(x), torch.from_numpy(classes)).ratio,
        bool(graphs.weights[closest_strangers(x, classes)] > 0.0),
        separating_direction(x, classes, SAMPLES, seed).margin,
        cdist(x, means).argmin(axis=1) != classes,
        unseparated(x, classes),
        direction,
        runs,
    )


def closest_strangers(
    points: Float[np.ndarray, "n d"], classes: Int[np.ndarray, " n"]
) -> tuple[int, int]:
    """The closest two points of different classes."""
    best = (np.inf, 0, 0)
    for c in np.unique(classes):
        own, other = np.flatnonzero(classes == c), np.flatnonzero(classes > c)
        if len(other):
            apart = cdist(points[own], points[other])
            i, j = np.unravel_index(apart.argmin(), apart.shape)
            best = min(best, (float(apart[i, j]), int(own[i]), int(other[j])))
    return best[1:]


def unseparated(points: Float[np.ndarray, "n d"], classes: Int[np.ndarray, " n"]) -> int:
    """Points that a logistic regression without much of a penalty leaves wrong.

    Coordinates are whitened first, or the directions that diffusion has shrunk would not count.
    """
    u, size, _ = np.linalg.svd(points - points.mean(axis=0), full_matrices=False)
    white = u[:, size > 1e-10 * size[0]] * np.sqrt(len(u))
    with warnings.catch_warnings():
        # Where classes are not separable it may not converge; what it has not separated is counted.
        warnings.simplefilter("ignore", ConvergenceWarning)
        fit = LogisticRegression(C=1e4, max_iter=300).fit(white, classes)
    return int((fit.predict(white) != classes).sum())


def fewest_runs(
    points: Float[np.ndarray, "n d"], classes: Int[np.ndarray, " n"], seed: int
) -> tuple[Float[np.ndarray, " d"], int]:
    """The direction with the fewest stretches of one class, among random ones and those that space
    the means of the classes evenly in random orders."""
    rng = np.random.default_rng(seed)
    x = points - points.mean(axis=0)
    means = np.stack([x[classes == c].mean(axis=0) for c in np.unique(classes)])
    orders = rng.permuted(np.tile(np.arange(len(means))[:, None], SAMPLES), axis=0)
    even = np.linalg.pinv(means - means.mean(axis=0)) @ (orders - orders.mean(axis=0))
    tried = np.hstack([rng.standard_normal((x.shape[1], SAMPLES)), even])
    along = classes[np.argsort(x @ tried, axis=0)]
    runs = 1 + (along[1:] != along[:-1]).sum(axis=0)
    return tried[:, runs.argmin()], int(runs.min())


def heaviest_joining(graphs: DigitGraphs, most: int) -> list[int]:
    """The heaviest edges between two classes that share no point, as indices into the edges."""
    first, second, weight = graphs.edges
    joining = np.flatnonzero(graphs.joining)
    chosen: list[int] = []
    seen: set[int] = set()
    for e in joining[np.argsort(-weight[joining], kind="stable")].tolist():
        ends = {int(first[e]), int(second[e])}
        if len(chosen) < most and not ends & seen:
            chosen.append(e)
            seen |= ends
    return chosen


def _memorised(mixed: Mixed, classes: Int[np.ndarray, " n"]) -> tuple[int, int] | None:
    x = mixed.moment.points
    try:
        net = separating_flow(x, classes, mixed.direction)
    except InputError:
        return None
    return len(net.blocks), int((net.predict(x) == classes).sum())
