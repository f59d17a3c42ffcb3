"""The classifier that people use: a handful of labels in, a label and a probability a row out."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal, Self, get_args

import numpy as np
import scipy.sparse
import torch
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import check_random_state
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data

from ..device import pick_device
from ..errors import InputError
from ..operators import SparseLaplacian
from ..similarity import GraphSettings, nearest_neighbours
from ..similarity.graph import as_points, weigh
from ..similarity.neighbours import Method
from ..similarity.weights import bandwidth
from .convection import paper_network, trained_convection
from .features import FlowName, integrator
from .head import default_head
from .induction import FittedFeatures, FittedScores, Induction, LinearHead, linked_probabilities
from .inputs import (
    as_host_array,
    check_graph,
    distinct_rows,
    labelled_points,
    locality_order,
    reached_from,
    sparse_projection,
)
from .labels import Labels, encode_labels
from .persistence import load_classifier, save_classifier
from .transduction import DECAY, Recipe, Transduction, transduce

# From so many columns on, rows are taken for embeddings.
EMBEDDED = 64


class DiffusionClassifier(ClassifierMixin, BaseEstimator):
    """Label all rows from a few labelled ones, along the graph of their similarities.

    Features diffuse along a nearest-neighbour graph, a linear head is trained on the labelled
    rows, and its class scores diffuse once more with the given labels held. Strength, trust in
    the head and confidence are chosen by held-out labels where a class has two or more.

    Parameters
    ----------
    n_neighbors : int, default 10
        Neighbours of each row in the graph; at most all others.
    metric : {"auto", "euclidean", "cosine"}, default "auto"
        Distance between rows in the graph: "auto" is the cosine from 64 columns on, where rows are
        embeddings as a rule and their length says little, else the Euclidean one. Put
        differently scaled columns through a StandardScaler first.
    strength : "auto" or float >= 0
        Time that features diffuse along the random walk; 0 leaves them alone.
    prior_weight : "auto" or float > 0
        Weight of the head against the neighbours when class scores spread: near 0 is Laplace
        learning from the labels alone, inf is the head alone.
    flow : {"implicit", "heat", "euler"}
        How the diffusion of features is computed.
    convection : {None, "trained", "paper"}
        None diffuses the features as they are: trained convection earned nothing on top of the
        rest (see docs/choices.md). "trained" moves them by a residual block first; "paper" is the
        paper's DiffResNet with its own graph and optimiser instead of everything here.
    head : scikit-learn classifier with predict_proba, default None
        None is softmax regression, trained to convergence.
    similarity : GraphSettings, default None
        Every choice about the graph at once, over `n_neighbors` and `metric`.
    neighbors : {"auto", "exact", "clustered", "faiss", "pynndescent"}
        How neighbours are searched; see `nearest_neighbours`.
    relabel : bool, default False
        Let `transduction_` overrule a given label where held-out scores say otherwise.
    calibrate : bool, default True
        Fit the confidence to held-out labels.
    device : "auto", "cpu", "cuda", ...
    random_state : int, RandomState or None
        For the splits of labelled rows, and for training where `convection` asks for it.

    Attributes
    ----------
    classes_ : (c,)
        The labels that occur.
    transduction_ : (n,)
        Label of every fitted row; given labels are kept unless `relabel`.
    label_distributions_ : (n, c)
        Probabilities of every fitted row; uniform at rows that no label reaches.
    confidence_ : (n,)
        Probability of the label in `transduction_`.
    reached_ : (n,) bool
        Whether the graph connects a row to any label.
    strength_, prior_weight_ : float
        What was chosen.
    recall_ : float
        Share of the true neighbours that the search found; 1 if it was exact.
    n_features_in_ : int

    Notes
    -----
    Regression and several labels a row are out of scope. Memory is that of X twice (in float32),
    the graph, and n x c scores for each of up to 5 splits.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.datasets import load_digits
    >>> X, y = load_digits(return_X_y=True)
    >>> few = np.full(len(y), -1)
    >>> for c in range(10):
    ...     rows = np.flatnonzero(y == c)[:5]
    ...     few[rows] = c
    >>> model = DiffusionClassifier(random_state=0).fit(X, few)
    >>> bool((model.transduction_ == y).mean() > 0.9)
    True
    """

    def __init__(
        self,
        n_neighbors: int = 10,
        *,
        metric: Literal["auto", "euclidean", "cosine"] = "auto",
        strength: float | Literal["auto"] = "auto",
        prior_weight: float | Literal["auto"] = "auto",
        flow: FlowName = "implicit",
        convection: Literal["trained", "paper"] | None = None,
        head: Any = None,
        similarity: GraphSettings | None = None,
        neighbors: Method = "auto",
        relabel: bool = False,
        calibrate: bool = True,
        device: str = "auto",
        random_state: Any = None,
    ) -> None:
        self.n_neighbors = n_neighbors
        self.metric = metric
        self.strength = strength
        self.prior_weight = prior_weight
        self.flow = flow
        self.convection = convection
        self.head = head
        self.similarity = similarity
        self.neighbors = neighbors
        self.relabel = relabel
        self.calibrate = calibrate
        self.device = device
        self.random_state = random_state

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags

    def fit(self, X: Any, y: Any, graph: Any = None, sample_weight: Any = None) -> Self:
        """Label all rows of X.

        Parameters
        ----------
        X : (n, d) array, sparse matrix, tensor or DataFrame; or None with a graph
            With None, class scores alone are spread along the graph.
        y : (n,)
            -1 is unlabelled among numbers; None, NaN or "" among objects.
        graph : (n, n) sparse, optional
            Similarities to use instead of the neighbour graph of X. Symmetrised by its mean.
        sample_weight : (n,), optional
            Weights of the labelled rows in the head.

        Raises
        ------
        InputError
            A ValueError with one line that says what is wrong and what to do.
        """
        self._check_parameters()
        seed = _seed(self.random_state)
        device = pick_device(self.device)
        x, y = self._read(X, y, graph)
        labels = encode_labels(y)
        if graph is not None:
            graph = check_graph(graph, len(labels.codes))
        weight = None
        if sample_weight is not None:
            reference = np.empty((len(labels.codes), 0)) if x is None else x
            weight = _check_sample_weight(sample_weight, reference, ensure_non_negative=True)
            labels_given = labels
            labels, weight, x, graph, used = _without_weightless(labels, weight, x, graph)
        self._fit_points(x, labels, graph, weight, seed, device)
        if sample_weight is not None and not used.all():
            self._label_weightless(used, labels_given)
        return self

    def _fit_points(
        self,
        x: Any,
        labels: Labels,
        graph: Any,
        weight: np.ndarray | None,
        seed: int,
        device: torch.device,
    ) -> None:
        n, n_classes = len(labels.codes), len(labels.classes)
        self._projection = None
        if x is not None:
            if scipy.sparse.issparse(x):
                self._projection = sparse_projection(x, seed)
                x = x.toarray() if self._projection is None else x @ self._projection
            x = _in_single_precision(x)
        width: np.ndarray | None = None
        self.recall_ = 1.0
        if graph is None:
            assert x is not None
            first, group = distinct_rows(x)
            w, width, self.recall_ = self._neighbour_graph(x[first], device)
            order = locality_order(w)
            w = scipy.sparse.csr_array(w[order][:, order])
            points, width = x[first[order]], width[order]
            group = np.argsort(order)[group]
        else:
            group = np.arange(n)
            points, w = x, graph
        rows = labels.rows
        row_weight = None if weight is None else weight[rows]
        at, given, point_weight = labelled_points(
            group[rows], labels.codes[rows], n_classes, row_weight
        )
        result, w = self._transduce(w, points, at, given, point_weight, seed, device)
        reached = reached_from(w, at)
        self._remember(result, points, width, reached, device)

        self.classes_ = labels.classes
        self.strength_, self.prior_weight_ = result.strength, result.prior_weight
        probabilities = self._scores.probabilities(self._scores.scores)
        probabilities[~reached] = 1.0 / n_classes
        best = probabilities.argmax(1)
        # No label reaches these; where there are features, the head still has an opinion.
        best[~reached] = result.prior[~reached].argmax(1)
        probabilities, best = probabilities[group], best[group]
        own = np.eye(n_classes)[labels.codes[rows]]
        if self.relabel and result.held_out is not None:
            own = result.held_out[np.searchsorted(at, group[rows])]
        probabilities[rows] = own
        best[rows] = own.argmax(1)
        self.label_distributions_ = probabilities
        self.transduction_ = labels.classes[best]
        self.confidence_ = probabilities[np.arange(n), best]
        self.reached_ = reached[group]

    def _label_weightless(self, used: np.ndarray, labels: Labels) -> None:
        """Rows whose label has no weight took no part: they keep it, without a distribution."""
        given = labels.classes[labels.codes[~used]]
        at = np.searchsorted(self.classes_, given).clip(max=len(self.classes_) - 1)
        known = self.classes_[at] == given
        for name in ("transduction_", "label_distributions_", "confidence_", "reached_"):
            fitted = getattr(self, name)
            full = np.empty((len(used), *fitted.shape[1:]), dtype=fitted.dtype)
            full[used] = fitted
            setattr(self, name, full)
        self.transduction_[~used] = given
        self.label_distributions_[~used] = np.eye(len(self.classes_))[at] * known[:, None]
        self.confidence_[~used] = 1.0
        self.reached_[~used] = True

    def predict_proba(self, X: Any, *, links: Any = None) -> np.ndarray:
        """Probabilities of new rows, from their neighbours among the fitted ones.

        Parameters
        ----------
        X : (m, d), as in `fit`; or None with `links`
        links : (m, n) sparse, optional
            Weights from each new row to the fitted ones; needed where fit had a graph only.

        Returns
        -------
        (m, c), in the order of `classes_`; uniform where no label reaches.
        """
        return self._predict(X, links)[0]

    def predict(self, X: Any, *, links: Any = None) -> np.ndarray:
        """Labels of new rows; see `predict_proba`."""
        probabilities = self.predict_proba(X, links=links)
        return self.classes_[probabilities.argmax(axis=1)]

    def predict_flagged(self, X: Any, *, links: Any = None) -> tuple[np.ndarray, np.ndarray]:
        """Probabilities of new rows, and for each whether any label reaches it."""
        return self._predict(X, links)

    def save(self, path: str | Path) -> None:
        """Write the fitted model to an npz file, without pickle.

        Raises
        ------
        InputError
            If it has a head that is not linear: such a head cannot be stored safely.
        """
        check_is_fitted(self)
        save_classifier(self, Path(path))

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Read a model that `save` wrote. Nothing in the file is executed."""
        return load_classifier(cls, Path(path))

    def _predict(self, X: Any, links: Any) -> tuple[np.ndarray, np.ndarray]:
        check_is_fitted(self)
        if links is not None:
            if not scipy.sparse.issparse(links) or links.shape[1] != len(self._scores.scores):
                raise InputError(f"links must be a sparse (m, {len(self._scores.scores)}) matrix")
            if X is not None:
                raise InputError("give new rows by X or by links, not both")
            return linked_probabilities(self._scores, scipy.sparse.csr_array(links))
        if self._induction is None:
            raise InputError(
                "this model was fitted on a graph without features: predict needs X=None and the "
                "links of the new rows to the fitted ones"
            )
        X = as_host_array(X)
        x = validate_data(self, X, reset=False, accept_sparse="csr", dtype=[np.float64, np.float32])
        if self._projection is not None:
            x = x @ self._projection
        elif scipy.sparse.issparse(x):
            x = x.toarray()
        x = _in_single_precision(x)
        return self._induction.probabilities(x, pick_device(self.device))

    def _check_parameters(self) -> None:
        for name in ("strength", "prior_weight"):
            value = getattr(self, name)
            if value == "auto":
                continue
            low = 0.0 if name == "strength" else np.finfo(float).tiny
            high = float("inf") if name == "strength" else np.nextafter(float("inf"), 0)
            number = isinstance(value, int | float | np.number) and not isinstance(value, bool)
            if not number or not (low <= value <= high or value == float("inf")):
                raise InputError(f'{name} must be "auto" or a number, not {value!r}')
            if name == "strength" and value == float("inf"):
                raise InputError('strength must be "auto" or a finite number >= 0')
        for name, allowed in (
            ("flow", ("implicit", "heat", "euler")),
            ("convection", (None, "trained", "paper")),
            ("neighbors", get_args(Method)),
        ):
            if getattr(self, name) not in allowed:
                raise InputError(f"{name} must be one of {allowed}, not {getattr(self, name)!r}")
        if self.head is not None and not hasattr(self.head, "predict_proba"):
            raise InputError(f"the head {self.head!r} has no predict_proba; choose one that does")
        self._settings(0)

    def _settings(self, dimensions: int) -> GraphSettings:
        if self.similarity is not None:
            return self.similarity
        if self.metric not in ("auto", "euclidean", "cosine"):
            raise InputError(f"metric must be auto, euclidean or cosine, not {self.metric!r}")
        metric = self.metric
        if metric == "auto":
            metric = "cosine" if dimensions >= EMBEDDED else "euclidean"
        k = int(self.n_neighbors)
        return GraphSettings(n_neighbors=k, metric=metric, scale_neighbor=max(k, 1))

    def _read(self, X: Any, y: Any, graph: Any) -> tuple[Any, Any]:
        if y is None:
            raise InputError("requires y to be passed, but the target y is None")
        if X is None:
            if graph is None:
                raise InputError("fit needs the features X, or a graph")
            self.n_features_in_ = 0
            return None, y
        x = validate_data(
            self,
            as_host_array(X),
            accept_sparse="csr",
            dtype=[np.float64, np.float32],
            ensure_min_samples=2,
        )
        n = len(y) if hasattr(y, "__len__") else np.asarray(y).size
        if n != x.shape[0]:
            raise InputError(f"X has {x.shape[0]} rows and y has {n} labels; they must be as many")
        return x, y

    def _neighbour_graph(
        self, points: np.ndarray, device: torch.device
    ) -> tuple[scipy.sparse.csr_array, np.ndarray, float]:
        """Symmetric weights, the bandwidth of each point, and the recall of the search."""
        how = self._settings(points.shape[1])
        found = nearest_neighbours(
            as_points(points, device),
            how.neighbors_needed,
            metric=how.metric,
            method=self.neighbors,
        )
        w = weigh(found, how)
        if how.symmetrize is None or how.normalize == "random_walk":
            w = scipy.sparse.csr_array((w + w.T) / 2)
        return w, bandwidth(found.distances, how).cpu().numpy(), found.recall

    def _transduce(
        self,
        w: scipy.sparse.csr_array,
        points: np.ndarray | None,
        at: np.ndarray,
        given: np.ndarray,
        weight: np.ndarray | None,
        seed: int,
        device: torch.device,
    ) -> tuple[Transduction, scipy.sparse.csr_array]:
        x = None if points is None else torch.from_numpy(points).to(device)
        self._block = None
        codes, n_classes = given.argmax(axis=1), given.shape[1]
        if self.convection == "paper":
            if x is None:
                raise InputError("convection='paper' moves features: it needs X")
            if self.similarity is None:
                how = GraphSettings.few_shot()
                w = weigh(nearest_neighbours(x, how.neighbors_needed, method=self.neighbors), how)
            laplacian = SparseLaplacian(w, device=device)
            # A fixed learning rate needs features of a fixed scale.
            scaled = x / x.std().clamp_min(torch.finfo(x.dtype).tiny)
            p = paper_network(laplacian, scaled, at, codes, n_classes, seed).double().cpu().numpy()
            p[at] = given
            log_p = np.log(np.maximum(p, 1e-9))
            return Transduction(log_p, p, None, None, 20.0, 0.01, 1.0, None), w
        laplacian = SparseLaplacian.random_walk(w, device=device)
        degree = torch.from_numpy(np.asarray(w.sum(axis=1))).to(device, torch.float32)
        strength = None if self.strength == "auto" else float(self.strength)
        if self.convection == "trained" and x is not None:
            time = 1.0 / DECAY if strength is None else strength
            flow = integrator(self.flow, time)
            self._block = trained_convection(laplacian, x, at, codes, n_classes, flow, seed)
            with torch.no_grad():
                x = self._block(x / x.std().clamp_min(torch.finfo(x.dtype).tiny))
        recipe = Recipe(
            head=default_head() if self.head is None else self.head,
            flow=self.flow,
            strength=strength,
            prior_weight=None if self.prior_weight == "auto" else float(self.prior_weight),
            calibrate=self.calibrate,
            seed=seed,
        )
        return transduce(laplacian, degree, x, at, given, recipe, weight), w

    def _remember(
        self,
        result: Transduction,
        points: np.ndarray | None,
        width: np.ndarray | None,
        reached: np.ndarray,
        device: torch.device,
    ) -> None:
        """Keep what new rows will need."""
        scores = np.exp(result.log_scores)
        scores[~reached] = 1.0 / scores.shape[1]
        self._scores = FittedScores(
            scores, result.prior, reached, result.prior_weight, result.sharpness
        )
        self._induction = None
        if points is None:
            return
        how = self._settings(points.shape[1])
        if width is None:  # the graph was given: new rows are linked by their features all the same
            found = nearest_neighbours(
                as_points(points, device), how.neighbors_needed, metric=how.metric
            )
            width = bandwidth(found.distances, how).cpu().numpy()
        features = None
        # With about one label a class the prior is not the head's alone; behind a trained block
        # the head reads other features: there, new rows take their neighbours' prior.
        if result.head is not None and result.held_out is not None and self._block is None:
            linear = result.head.weights
            f = result.features
            assert f is not None
            if linear is not None:
                features = FittedFeatures(
                    f.moved.cpu().numpy() if result.strength > 0 else None,
                    f.mean.double().cpu().numpy(),
                    f.centre.double().cpu().numpy(),
                    result.strength,
                    LinearHead(*linear),
                )
        self._induction = Induction(points, width, how, self._scores, features)


def _seed(random_state: Any) -> int:
    if random_state is None:
        return 0
    if isinstance(random_state, int | np.integer):
        return int(random_state)
    return int(check_random_state(random_state).randint(2**31))


def _in_single_precision(x: np.ndarray) -> np.ndarray:
    with np.errstate(over="ignore"):
        x = np.ascontiguousarray(x, dtype=np.float32)
    if not np.isfinite(x).all():
        raise InputError("the features are too large for float32; rescale them")
    return x


def _without_weightless(
    labels: Labels, weight: np.ndarray, x: Any, graph: Any
) -> tuple[Labels, np.ndarray, Any, Any, np.ndarray]:
    """Leave out rows whose label weighs nothing, as if they were not there."""
    used = (labels.codes < 0) | (weight > 0)
    codes = labels.codes[used]
    present = np.unique(codes[codes >= 0])
    if len(present) < 2:
        raise InputError("fewer than two classes have a label of positive sample_weight")
    renamed = np.where(codes >= 0, np.searchsorted(present, codes), -1)
    if graph is not None:
        graph = scipy.sparse.csr_array(graph[used][:, used])
    return (
        Labels(labels.classes[present], renamed),
        weight[used],
        None if x is None else x[used],
        graph,
        used,
    )
