"""The peers: linear classifiers, and label propagation in several forms."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse
from sklearn.decomposition import TruncatedSVD
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import NearestCentroid, NearestNeighbors
from sklearn.preprocessing import StandardScaler, normalize
from sklearn.semi_supervised import LabelSpreading, SelfTrainingClassifier

from diffresnet.errors import InputError

# Columns from which rows are compared by direction; fewer are standardized.
EMBEDDED = 64
NEIGHBORS = 10
DIMENSIONS = 128


@dataclass(frozen=True)
class View:
    """A set as the peers see it: standardized tables, unit rows of embeddings and of words.

    Attributes
    ----------
    linear : (n, d) for linear classifiers; embeddings as they are.
    dense : (n, d) for the graph; words projected by an SVD.
    graph : graphlearning's, of 10 neighbours.
    """

    linear: Any
    dense: np.ndarray
    graph: Any

    @classmethod
    def of(cls, x: Any) -> View:
        """Prepare rows once for all draws.

        Raises
        ------
        InputError
            If graphlearning is not installed.
        """
        try:
            import graphlearning
        except ImportError:
            raise InputError(
                "the peers need graphlearning: pip install 'diffresnet[benchmarks]'"
            ) from None
        if scipy.sparse.issparse(x):
            linear = normalize(x)
            dense = normalize(TruncatedSVD(DIMENSIONS, random_state=0).fit_transform(linear))
        elif x.shape[1] >= EMBEDDED:
            linear, dense = x, normalize(x)
        else:
            linear = dense = StandardScaler().fit_transform(x)
        search = NearestNeighbors(n_neighbors=NEIGHBORS + 1).fit(dense)
        distances, indices = search.kneighbors(dense)
        graph = graphlearning.weightmatrix.knn(dense, NEIGHBORS, knn_data=(indices, distances))
        return cls(linear, dense, graph)


Peer = Callable[[View, np.ndarray], np.ndarray]


def _logistic(view: View, few: np.ndarray) -> np.ndarray:
    seen = few >= 0
    model = LogisticRegression(max_iter=1000).fit(view.linear[seen], few[seen])
    return np.asarray(model.predict(view.linear))


def _centroid(view: View, few: np.ndarray) -> np.ndarray:
    seen = few >= 0
    return np.asarray(NearestCentroid().fit(view.linear[seen], few[seen]).predict(view.linear))


def _spreading(view: View, few: np.ndarray) -> np.ndarray:
    return np.asarray(LabelSpreading(kernel="knn").fit(view.dense, few).transduction_)


def _self_training(view: View, few: np.ndarray) -> np.ndarray:
    model = SelfTrainingClassifier(LogisticRegression(max_iter=300))
    return np.asarray(model.fit(view.dense, few).predict(view.dense))


def _graph_method(name: str, **options: Any) -> Peer:
    def run(view: View, few: np.ndarray) -> np.ndarray:
        import graphlearning

        rows = np.flatnonzero(few >= 0)
        method = getattr(graphlearning.ssl, name)(view.graph, **options)
        return np.asarray(method.fit_predict(rows, few[rows]))

    return run


PEERS: dict[str, Peer] = {
    "logistic regression": _logistic,
    "nearest centroid": _centroid,
    "LabelSpreading": _spreading,
    "self-training": _self_training,
    "Laplace": _graph_method("laplace"),
    "Poisson": _graph_method("poisson"),
    "PWLL": _graph_method("laplace", reweighting="poisson"),
    "p-eikonal": _graph_method("peikonal"),
}


def answer(peer: Peer, view: View, few: np.ndarray) -> np.ndarray:
    """Return the classes that a peer gives to all rows."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # many classes of few labels, iterations that end early
        return peer(view, few)
