"""The classifier that people use: a handful of labels in, a label and a probability a row out."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from numbers import Integral, Real
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, ClassVar, Literal, Self

import numpy as np
import scipy.sparse
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.metrics import accuracy_score
from sklearn.utils import check_array, check_random_state
from sklearn.utils._param_validation import (
    HasMethods,
    Interval,
    InvalidParameterError,
    Options,
    StrOptions,
)
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data

from ..device import pick_device
from ..errors import InputError
from ..labels import Labels, encode_labels, marks_beside
from ..similarity import GraphSettings
from ..similarity.adjacency import check_weights, symmetric_weights
from ..similarity.backends import SEARCHES
from .audit import LabelAudit
from .class_prior import ClassPrior
from .explanation import Contribution, Explainer, Explanation
from .feature_names import require_names
from .features import FlowName
from .fitted import FittedModel, real_array
from .head import default_head
from .partitions.fit import fit_shards
from .partitions.shards import Shards
from .persistence import read_model, write_model
from .point_graph import NeighbourConfig
from .points import Projection, as_host_array, is_plain
from .problem import SolverConfig
from .proposals import ProposedClass, propose_points
from .row_graph import RowGraph
from .suggestion import suggest_points
from .transduction import Transducer, Transduction

# From so many columns on, rows are taken for embeddings.
EMBEDDED = 64
# Attributes of a fitted classifier that are kept in a model file, besides its classes.
FITTED = ("transduction_", "label_distributions_", "confidence_", "reached_")
# The same, of files that are new enough to have them.
NOVELTY = ("novelty_", "novel_")


class DiffusionClassifier(ClassifierMixin, BaseEstimator):
    """Label all rows from a few labelled ones, along the graph of their similarities.

    Features diffuse along a nearest-neighbour graph, a linear head is trained on the labelled
    rows, and its class scores are propagated with the given labels held. Diffusion time, weight
    of the head and temperature of the confidence are chosen by cross-validation where a class has
    two labels or more.

    Parameters
    ----------
    n_neighbors : int, default 10
        Neighbours of each row in the graph; at most all others.
    metric : {"auto", "euclidean", "cosine"}, default "auto"
        Distance between rows in the graph: "auto" is the cosine from 64 columns on, where rows are
        embeddings as a rule and their length says little, else the Euclidean one. Standardized
        columns are compared by the Euclidean one.
    scale : {"auto", "standard", None}, default "auto"
        Whether columns are brought to one scale. "standard" centres each and divides it by its
        standard deviation; the rows at an end where most of a column lie, such as 0 of a rare
        category, do not count in it. None leaves columns as they are. "auto" decides by their
        spreads. Columns are left alone unless one spreads more than six times as far as the
        lower quartile of them; then they have units and are standardized. Among columns that are
        alike otherwise, as in an embedding, only the strays are brought to the middle spread.
        Components of a PCA are left alone. Sparse counts, as of words, get tf-idf weights.
    diffusion_time : "auto" or float >= 0
        Time that features diffuse along the random walk; 0 leaves them alone.
    prior_weight : "auto" or float > 0
        Weight of the head against the neighbours when class scores are propagated: near 0 is
        Laplace learning from the labels alone, inf is the head alone.
    flow : {"implicit", "heat", "euler"}
        How the diffusion of features is computed.
    convection : {None, "trained", "paper"}
        None diffuses the features as they are: trained convection added no accuracy to the
        rest (see docs/choices.md). "trained" moves them by a residual block first; "paper" is the
        paper's DiffResNet with its own graph and optimiser instead of everything here.
    head : scikit-learn classifier with predict_proba, default None
        None is softmax regression, trained to convergence.
    similarity : GraphSettings, default None
        Every choice about the graph at once, over `n_neighbors` and `metric`.
    neighbors : str, one of `diffresnet.similarity.SEARCHES`
        How neighbours are searched, of fitted and of new rows; see `nearest_neighbours`.
    unlabelled : mark or list of marks, default None
        What stands for "no label" in y besides None, NaN and "". None is -1 where labels are
        numbers throughout; otherwise exactly these marks.
    class_prior : {None, "uniform", "estimate"} or dict, default None
        Shares of the classes among all rows. "uniform" is all alike, a dict has the share of each
        class, and "estimate" finds them from the answers; then scores are weighed until the
        probabilities of the rows have these shares on average. None leaves scores as they are.
    relabel : bool, default False
        Overrule the given labels that `audit` calls suspicious, and learn from the others alone.
    calibrate : bool, default True
        Fit the temperature of the confidence to held-out labels, a share of which may be wrong.
    device : "auto", "cpu", "cuda", ...
    random_state : int, RandomState or None
        For the splits of labelled rows, and for training where `convection` asks for it.
    strength : deprecated name of `diffusion_time`

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
    class_shares_ : (c,)
        Mean of the probabilities: shares of the classes among the rows. `class_prior` may want
        others than the given labels leave room for; a warning then says so.
    novelty_ : (n,)
        How much a row looks like none of the classes, from 0 to 1: one half where a row of a
        hidden class and one of a known class would score it as often. 0 at labelled rows. It
        changes no label and no confidence. With one label a class it only ranks rows, below 0.5.
    novel_ : (n,) bool
        Whether a row is flagged as of none of the classes. The aim is to flag at most 2% of the
        rows of known classes; nothing is flagged where too few labels can be held out.
    diffusion_time_, prior_weight_ : float
        What was chosen.
    scaled_ : bool
        Whether any column was scaled.
    recall_ : float
        Share of the true neighbours that the search found; 1 if it was exact.
    n_features_in_ : int
    feature_names_in_ : (d,) of str
        Only where X or `feature_names` named the features.

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
        scale: Literal["auto", "standard"] | None = "auto",
        diffusion_time: float | Literal["auto"] = "auto",
        prior_weight: float | Literal["auto"] = "auto",
        flow: FlowName = "implicit",
        convection: Literal["trained", "paper"] | None = None,
        head: Any = None,
        similarity: GraphSettings | None = None,
        neighbors: str = "auto",
        unlabelled: Any = None,
        class_prior: ClassPrior = None,
        relabel: bool = False,
        calibrate: bool = True,
        device: str = "auto",
        random_state: Any = None,
        strength: Any = "deprecated",
    ) -> None:
        self.n_neighbors = n_neighbors
        self.metric = metric
        self.scale = scale
        self.diffusion_time = diffusion_time
        self.prior_weight = prior_weight
        self.flow = flow
        self.convection = convection
        self.head = head
        self.similarity = similarity
        self.neighbors = neighbors
        self.unlabelled = unlabelled
        self.class_prior = class_prior
        self.relabel = relabel
        self.calibrate = calibrate
        self.device = device
        self.random_state = random_state
        self.strength = strength

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags

    def fit(
        self,
        X: Any,
        y: Any,
        graph: Any = None,
        sample_weight: Any = None,
        feature_names: Sequence[str] | None = None,
    ) -> Self:
        """Label all rows of X.

        Parameters
        ----------
        X : (n, d) array, sparse matrix, tensor or DataFrame; or None with a graph
            With None, class scores alone are propagated along the graph. `Shards`, a path or a
            Dask array are read in parts, and labelled in partitions; see docs/past-one-machine.md.
        y : (n,)
            None, NaN and "" are unlabelled, and so is -1 among numbers; see `diffresnet.labels`.
        graph : (n, n) sparse, optional
            Similarities to use instead of the neighbour graph of X. Symmetrised by its mean.
        sample_weight : (n,), optional
            Weights of the labelled rows in the head. A label of weight 0 takes no part.
        feature_names : (d,), optional
            Names of the columns of an array X, to be held against those of new rows.

        Raises
        ------
        InputError
            A ValueError with one line that says what is wrong and what to do.
        """
        self._check_parameters()
        if isinstance(X, Shards | str | Path) or hasattr(X, "dask"):
            shards = X if isinstance(X, Shards) else Shards.of(X)
            return self._fit_shards(shards, y, graph=graph, sample_weight=sample_weight)
        x, y = self._check_rows(X, y, graph)
        if feature_names is not None:
            if x is None or len(feature_names) != x.shape[1]:
                width = 0 if x is None else x.shape[1]
                raise InputError(
                    f"X has {width} columns and {len(feature_names)} names", "feature_names"
                )
            self.feature_names_in_ = np.asarray(feature_names, dtype=object)
        every = labels = encode_labels(y, self.unlabelled, binary=True)
        if graph is not None:
            graph = symmetric_weights(graph, len(labels))
        weight, used = None, np.ones(len(labels), dtype=bool)
        if sample_weight is not None:
            reference = np.empty((len(labels), 0)) if x is None else x
            weight = _check_sample_weight(sample_weight, reference, ensure_non_negative=True)
            used = ~labels.labelled | (weight > 0)
            labels, weight = labels.subset(used), weight[used]
            x = None if x is None else x[used]
            graph = None if graph is None else scipy.sparse.csr_array(graph[used][:, used])
        labels.require_classes()
        rows = self._join(x, graph)
        self._remember(self._transducer().fit(rows, labels, weight), np.flatnonzero(used))
        if not used.all():
            self._add_weightless(used, every)
        self._is_weighted = sample_weight is not None
        return self

    def refit(self, y: Any, X: Any = None, *, feature_names: Sequence[str] | None = None) -> Self:
        """Label all rows again after labels have come, gone or changed, and rows been added.

        The scale of columns, the projection, the graph and the diffused features are kept, and
        extended by new rows. So are the choices of cross-validation, unless more than half as many
        labels as they were made by have come, gone or changed, rows have grown by more than half,
        or a class has come or gone; then they are made again, as by `fit`. With `relabel` and
        `convection` they always are. Parameters are those of `fit`, even if they were set anew.
        Without new rows, all answers are those of `fit` with the same choices.

        Parameters
        ----------
        y : (n + m,)
            Labels of all fitted rows, in their order, and then of those of X. A class may be new.
        X : (m, d), optional
            New rows, as in `fit`.
        feature_names : (d,), optional
            Names of the columns of an array X; refused where they are not those of `fit`.

        Raises
        ------
        InputError
            If the model comes from a file, which has no rows, or was fitted with sample weights, or
            new rows are given to one that was fitted on a given graph.

        Examples
        --------
        >>> from sklearn.datasets import load_digits
        >>> X, y = load_digits(return_X_y=True)
        >>> few = np.where(np.arange(len(y)) < 60, y, -1)
        >>> model = DiffusionClassifier(random_state=0).fit(X[:1500], few[:1500])
        >>> few[60:70] = y[60:70]
        >>> model.refit(few, X[1500:]).transduction_.shape
        (1797,)
        """
        before = self._fitted("refit")
        if self._is_weighted:
            raise InputError("labels with sample weights cannot be refitted; fit them all again")
        rows, x = before.rows, None
        if X is not None:
            rows.require_own_graph()
            x = self._check_new_rows(X, feature_names)
        new = 0 if x is None else x.shape[0]
        labels = encode_labels(y, self.unlabelled, binary=True)
        if len(labels) != len(before.codes) + new:
            raise InputError(
                f"y has {len(labels)} labels for {len(before.codes)} fitted rows and {new} new ones"
            )
        labels.require_classes()
        if x is not None:
            rows = rows.extend(x)
        self._remember(before.refit(rows, labels), np.arange(len(labels)))
        return self

    def _remember(self, found: Transduction, rows: np.ndarray) -> None:
        """Set the fitted attributes; `rows` are those of the user that take part."""
        self._transduction, self._fitted_rows = found, rows
        self._model, points = found.model, found.rows.points
        assert found.model.novelty is not None
        self.novelty_, self.novel_ = (
            points.spread_back(of) for of in found.model.novelty.of_points()
        )
        self.classes_ = found.classes
        self.reached_, self.label_distributions_ = found.reached, found.distributions
        self.transduction_ = found.classes[found.codes]
        self.confidence_ = found.confidence
        self.class_shares_ = _mean_shares(found.distributions)
        self.diffusion_time_, self.prior_weight_ = found.diffusion_time, found.model.prior_weight
        self.recall_ = found.rows.joined.recall
        self.scaled_ = found.rows.projection.scale is not None

    def _fit_shards(self, shards: Shards, y: Any, **none: Any) -> Self:
        """Label all rows of shards."""
        none |= {"convection": self.convection}
        none |= {"relabel": self.relabel or None}
        none |= {"flow": None if self.flow == "implicit" else self.flow}
        for name, value in none.items():
            if value is not None:
                raise InputError("a fit to shards has no such thing; leave it out", name)
        labels = encode_labels(y, self.unlabelled, binary=True)
        if len(labels) != len(shards):
            raise InputError(f"the shards have {len(shards)} rows and y has {len(labels)} labels")
        labels.require_classes()
        found = fit_shards(
            shards,
            labels,
            self._fit_projection,
            self._neighbour_config,
            self._transducer().config,
            self.class_prior,
        )
        n, of_partitions = len(shards), found.partitions
        self.classes_, self.n_features_in_ = labels.classes, shards.columns
        with TemporaryFile() as file:  # without a name; it goes with the array
            shape = n, len(labels.classes)
            self.label_distributions_ = np.memmap(file, np.float32, "w+", shape=shape)
        codes = np.empty(n, dtype=np.int32)
        self.confidence_, self.reached_ = np.empty(n), np.empty(n, dtype=bool)
        self.novelty_, self.novel_ = np.empty(n), np.empty(n, dtype=bool)
        for span, answers in zip(shards.spans(), found.shards(), strict=True):
            codes[span], self.confidence_[span] = answers.codes, answers.confidence
            self.reached_[span] = answers.reached
            self.novelty_[span], self.novel_[span] = answers.novelty, answers.novel
            self.label_distributions_[span] = answers.distributions
        self.transduction_ = labels.classes[codes]
        self.class_shares_ = _mean_shares(self.label_distributions_)
        self.diffusion_time_ = of_partitions.diffusion_time
        self.prior_weight_ = of_partitions.prior_weight
        self.recall_, self.scaled_ = of_partitions.graph.recall, found.scaled
        for name in ("_model", "_transduction"):  # of a fit before
            self.__dict__.pop(name, None)
        return self

    def _fit_projection(self, x: Any) -> Projection:
        return Projection.fit(x, seed_of(self.random_state), self.scale)

    def _neighbour_config(self, projection: Projection, columns: int) -> NeighbourConfig:
        """Return the settings of the graph of projected rows."""
        # The distances of a standardized table lie between rows, not between their directions
        # from the mean: with 64 columns and more the Euclidean metric was better by up to 5 points.
        embedded = columns >= EMBEDDED and not projection.standardizes
        device = pick_device(self.device)
        return NeighbourConfig(self._graph_settings(embedded), self.neighbors, device)

    def _join(self, x: Any, graph: scipy.sparse.csr_array | None = None) -> RowGraph:
        """Scale and project rows, and join them to a graph."""
        projection, features = Projection(), None
        if x is not None:
            projection = self._fit_projection(x)
            features = projection.apply(x)
        columns = 0 if features is None else features.shape[1]
        return RowGraph.of(projection, self._neighbour_config(projection, columns), features, graph)

    def _transducer(self) -> Transducer:
        time = self._time()
        config = SolverConfig(
            head=default_head() if self.head is None else self.head,
            flow=self.flow,
            diffusion_time=None if time == "auto" else float(time),
            prior_weight=None if self.prior_weight == "auto" else float(self.prior_weight),
            calibrate=self.calibrate,
            seed=seed_of(self.random_state),
        )
        own = self.similarity is not None
        return Transducer(config, self.convection, own, self.class_prior, self.relabel)

    def _add_weightless(self, used: np.ndarray, labels: Labels) -> None:
        """Add the rows whose label has no weight: they keep it, without a distribution."""
        given = labels.classes[labels.codes[~used]]
        codes = np.searchsorted(self.classes_, given).clip(max=len(self.classes_) - 1)
        known = self.classes_[codes] == given
        for name in FITTED + NOVELTY:
            fitted = getattr(self, name)
            full = np.empty((len(used), *fitted.shape[1:]), dtype=fitted.dtype)
            full[used] = fitted
            setattr(self, name, full)
        self.transduction_[~used] = given
        self.label_distributions_[~used] = np.eye(len(self.classes_))[codes] * known[:, None]
        self.confidence_[~used] = 1.0
        self.reached_[~used] = True
        self.novelty_[~used], self.novel_[~used] = 0.0, False
        self.class_shares_ = _mean_shares(self.label_distributions_)

    def predict_proba(
        self, X: Any, *, links: Any = None, feature_names: Sequence[str] | None = None
    ) -> np.ndarray:
        """Return the probabilities of new rows, from their neighbours among the fitted ones.

        Parameters
        ----------
        X : (m, d), as in `fit`; or None with `links`
        links : (m, n) sparse, optional
            Weights from each new row to the fitted ones; needed where fit had a graph only.
        feature_names : (d,), optional
            Names of the columns of an array X; refused where they are not those of `fit`.

        Returns
        -------
        (m, c), in the order of `classes_`; uniform where no label reaches.
        """
        return self.predict_flagged(X, links=links, feature_names=feature_names)[0]

    def predict(
        self, X: Any, *, links: Any = None, feature_names: Sequence[str] | None = None
    ) -> np.ndarray:
        """Return the labels of new rows; see `predict_proba`."""
        probabilities = self.predict_proba(X, links=links, feature_names=feature_names)
        return self.classes_[probabilities.argmax(axis=1)]

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Return the share of right predictions among the rows that have a label.

        Parameters
        ----------
        X : (m, d), as in `fit`
        y : (m,)
            Labels. What marked unlabelled rows in `fit` marks them here, and they do not count.
        sample_weight : (m,), optional
            Weights of the rows.

        Raises
        ------
        InputError
            If no row has a label.
        """
        predicted = self.predict(X)
        # A fold alone may be too small to tell what -1 is.
        labels = encode_labels(y, marks_beside(self.classes_, self.unlabelled))
        if len(labels) != len(predicted):
            raise InputError(f"X has {len(predicted)} rows and y has {len(labels)} labels")
        rows = labels.rows
        if len(rows) == 0:
            raise InputError("no row has a label, so there is nothing to score the model on")
        if sample_weight is not None:
            sample_weight = _check_sample_weight(sample_weight, predicted)[rows]
        true = labels.classes[labels.codes[rows]]
        return accuracy_score(true, predicted[rows], sample_weight=sample_weight)

    def suggest(self, n: int, X: Any = None, y: Any = None) -> np.ndarray:
        """Return the rows whose labels would help most, the most useful first.

        Parameters
        ----------
        n : int
        X : (m, d), optional
            Rows as in `fit`, where there are no labels to fit yet. By default the fitted rows, and
            what is not sure about them.
        y : (m,), optional
            Labels of some of X, which are not suggested again.

        Returns
        -------
        (n,) row numbers, of rows that differ and have no label. After `relabel`, a row whose label
        was overruled counts as one without.

        Raises
        ------
        InputError
            If there are fewer such rows, y is not of the rows of X, or the model comes from a file,
            which has no rows.

        Examples
        --------
        >>> from sklearn.datasets import load_digits
        >>> X, y = load_digits(return_X_y=True)
        >>> rows = DiffusionClassifier().suggest(20, X)  # no label is needed
        >>> few = np.full(len(y), -1)
        >>> few[rows] = y[rows]
        >>> model = DiffusionClassifier().fit(X, few)
        >>> bool((model.transduction_ == y).mean() > 0.95)
        True
        >>> len(model.suggest(5))
        5
        """
        return self.suggest_with_gain(n, X, y)[0]

    def suggest_with_gain(self, n: int, X: Any = None, y: Any = None) -> tuple[np.ndarray, float]:
        """Return rows to label, and by how much their labels are expected to raise confidence.

        Parameters are those of `suggest`. The gain is in mean confidence of all rows without a
        label, from 0 to 1; NaN where rows are given by X, as nothing is fitted to them.
        """
        if isinstance(n, bool) or not isinstance(n, Integral):
            raise InputError(f"n is a whole number of rows, not {n!r}", "n")
        if X is None and y is not None:
            raise InputError("the labels y are of the rows X; give both, or neither", "y")
        if X is not None:
            types = [np.float64, np.float32]
            x = check_array(as_host_array(X), accept_sparse="csr", dtype=types)
            graph = self._join(x)
            rows, uncertain = np.arange(x.shape[0]), np.ones(x.shape[0])
            known = np.empty(0, dtype=np.int64)
            if y is not None:
                labels = encode_labels(y, self.unlabelled, binary=True)
                if len(labels) != len(rows):
                    raise InputError(f"X has {len(rows)} rows and y has {len(labels)} labels", "y")
                known = labels.rows
            labelled = np.unique(graph.points.of_row[known])
        else:
            fitted = self._fitted("suggest")
            graph, labelled, rows = fitted.rows, fitted.labels.at, self._fitted_rows
            uncertain = 1.0 - self.confidence_[rows]
        of_row = graph.points.of_row
        uncertainty = np.bincount(of_row, uncertain, minlength=graph.joined.weights.shape[0])
        seed = seed_of(self.random_state)
        found = suggest_points(graph.domain, int(n), labelled, uncertainty, seed)
        _, first = np.unique(of_row, return_index=True)
        return rows[first[found.points]], found.gain if X is None else float("nan")

    def explain(self, row: int) -> Explanation:
        """Return why a fitted row has its label: what every given label contributes to its score.

        The contributions and the base add up to the score, of which the confidence is a softmax;
        docs/choices.md says how. A row whose own label is kept explains itself. One whose label
        `relabel` overruled is explained by the labels that are kept.

        Parameters
        ----------
        row : int
            Of X as it was fitted.

        Raises
        ------
        InputError
            If there is no such row, the model comes from a file, which has no rows, or it is the
            trained network of `convection="paper"`.

        Examples
        --------
        >>> import numpy as np
        >>> X = np.array([[0.0], [1.0], [2.0], [3.0], [10.0], [11.0], [12.0], [13.0]])
        >>> y = ["low", None, None, None, None, None, None, "high"]
        >>> why = DiffusionClassifier(n_neighbors=2).fit(X, y).explain(2)
        >>> why.label, why.contributions[0].row, why.contributions[0].path
        ('low', 0, (2, 1, 0))
        """
        explainer = self._check_explainable()
        if isinstance(row, bool) or not isinstance(row, Integral):
            raise InputError(f"a row is a whole number, not {row!r}", "row")
        row, last = int(row), len(self.transduction_) - 1
        if not 0 <= row <= last:
            raise InputError(f"there is no row {row}; rows are from 0 to {last}", "row")
        label = self.transduction_[row]
        at = int(np.searchsorted(self._fitted_rows, row))
        fitted = at < len(self._fitted_rows) and self._fitted_rows[at] == row
        if not fitted or self._transduction.is_given[at]:
            return Explanation(row, label, (Contribution(row, label, 1.0, 0.0, (row,)),), 0.0)
        code = int(np.searchsorted(self.classes_, label))
        return explainer.explain(at, code, self.classes_, self._fitted_rows)

    def strongest_labels(self, count: int = 3) -> tuple[np.ndarray, np.ndarray]:
        """Return for every fitted row the given labels of its class that add most to its score.

        It takes one linear solve for each given label, however many rows there are.

        Returns
        -------
        rows : (n, count) labelled rows of the same label, the strongest first, -1 for none: where a
            row has a label of its own, or no label reaches it. Equal rows are one here, named by
            the first that has the likeliest label of them, where `explain` lists each.
        shares : (n, count) of each in what all labels of that class add to the score.

        Raises
        ------
        InputError
            As `explain`, and if `count` is below 1.
        """
        explainer = self._check_explainable()
        if isinstance(count, bool) or not isinstance(count, Integral) or count < 1:
            raise InputError(f"count is a whole number of 1 or more, not {count!r}", "count")
        # Of points, by `class_prior` as well.
        answers = self._model.probabilities(np.arange(len(self._model.scores))).argmax(axis=1)
        found, found_shares = explainer.strongest(answers, int(count))
        rows = np.full((len(self.transduction_), count), -1)
        shares = np.zeros(rows.shape)
        free = ~self._transduction.is_given
        some = np.ix_(self._fitted_rows[free], np.arange(found.shape[1]))
        rows[some] = np.where(found[free] >= 0, self._fitted_rows[found[free]], -1)
        shares[some] = found_shares[free]
        return rows, shares

    def audit(self) -> LabelAudit:
        """Return the given labels, the likeliest to be wrong first, and which are suspicious.

        Each is judged by models that have not seen it: those of the folds that hold it out, then
        again by models that have not learned from the labels suspected first. That takes one more
        fit, unless `relabel` has done it.

        Returns
        -------
        LabelAudit of the labelled rows that take part; with `relabel`, suspicious ones are
        those that were overruled.

        Raises
        ------
        InputError
            If nothing can be held out, with about one label a class or `convection="paper"`, or
            the model comes from a file, which has no given labels.

        Examples
        --------
        >>> from sklearn.datasets import load_digits
        >>> X, y = load_digits(return_X_y=True)
        >>> few = np.where(np.arange(len(y)) < 150, y, -1)
        >>> few[:8] = 9 - few[:8]  # eight wrong labels
        >>> found = DiffusionClassifier(random_state=0).fit(X, few).audit()
        >>> int((found.suspects < 8).sum()), int((found.suspects >= 8).sum())
        (7, 2)
        """
        fitted = self._fitted("audit")
        if fitted.auditor is None:
            raise InputError(
                "no label can be held out to be audited: that takes two labels of most classes, "
                "and no network of convection='paper'"
            )
        return LabelAudit.of(fitted.auditor, self._fitted_rows[fitted.judged], self.classes_)

    def propose_classes(self) -> list[ProposedClass]:
        """Return groups of novel rows that may be classes of their own, the largest first.

        Rows that are alone, or two, are in no group.

        Raises
        ------
        InputError
            If the model comes from a file, which has no rows.
        """
        fitted, rows = self._fitted("group"), self._fitted_rows
        joined = fitted.rows.joined
        of_row, novel = joined.points.of_row, np.zeros(joined.weights.shape[0], dtype=bool)
        novel[of_row] = self.novel_[rows]
        _, first = np.unique(of_row, return_index=True)
        groups = propose_points(fitted.rows.domain, fitted.labels, novel)
        return [
            ProposedClass(rows[np.isin(of_row, points)], rows[first[typical]])
            for points, typical in groups
        ]

    def _check_explainable(self) -> Explainer:
        explainer = self._fitted("explain").explainer
        if explainer is None:
            raise InputError(
                "the scores of a trained network, convection='paper', are no sum over labels"
            )
        return explainer

    def _fitted(self, what: str) -> Transduction:
        """Return the rows and labels of the fit, or refuse what takes them."""
        self._fitted_model()
        if not hasattr(self, "_transduction"):
            raise InputError(f"a model from a file has no rows to {what}; fit it")
        return self._transduction

    def _fitted_model(self) -> FittedModel:
        """Return what labels new rows."""
        check_is_fitted(self)
        if not hasattr(self, "_model"):
            raise InputError(
                "a fit to shards has answers for their rows alone; fit again with the new ones"
            )
        return self._model

    def predict_flagged(
        self, X: Any, *, links: Any = None, feature_names: Sequence[str] | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return probabilities of new rows, and for each whether any label reaches it."""
        model = self._fitted_model()
        if links is not None:
            return model.predict_linked(self._check_links(X, links))
        if model.points is None:
            return model.predict(X, pick_device(self.device))  # says what it needs
        x = self._check_new_rows(X, feature_names)
        return model.predict(model.projection.apply(x), pick_device(self.device))

    def predict_with_novelty(
        self, X: Any, *, feature_names: Sequence[str] | None = None
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Return what `predict_flagged` and `predict_novelty` do, by one search for neighbours."""
        model = self._fitted_model()
        x = self._check_new_rows(X, feature_names)
        return model.predict_with_novelty(model.projection.apply(x), pick_device(self.device))

    def predict_novelty(
        self, X: Any, *, links: Any = None, feature_names: Sequence[str] | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return the novelty (m,) of new rows, and for each whether it is flagged as novel.

        Parameters are those of `predict_proba`, and the numbers those of `novelty_` and `novel_`.
        New rows count for themselves: many of one new kind do not show that there is one.

        Raises
        ------
        InputError
            If the model comes from a file of before there was a novelty.
        """
        model = self._fitted_model()
        if links is not None:
            return model.predict_novelty_linked(self._check_links(X, links))
        if model.points is None:
            return model.predict_novelty(X, pick_device(self.device))  # says what it needs
        x = self._check_new_rows(X, feature_names)
        return model.predict_novelty(model.projection.apply(x), pick_device(self.device))

    def save(self, path: str | Path) -> None:
        """Write the fitted model to an npz file, without pickle.

        Raises
        ------
        InputError
            If it has a head of its own: such a head cannot be stored safely.
        """
        write_model(Path(path), *self.to_arrays())

    def to_arrays(self) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        """Return the fitted model as facts for JSON and arrays; raises as `save` does."""
        model = self._fitted_model()
        if self.head is not None:
            raise InputError("only a model with the default head can be saved: it needs no pickle")
        parameters = self.get_params(deep=False)
        for name in ("head", "similarity", "diffusion_time"):
            del parameters[name]
        parameters["strength"] = self._time()  # the name that model files have had from the start
        if not isinstance(self.random_state, int | None):
            parameters["random_state"] = None
        if isinstance(self.class_prior, dict):
            parameters["class_prior"] = {str(k): float(v) for k, v in self.class_prior.items()}
        facts, arrays = model.to_arrays()
        header = {
            "parameters": parameters,
            "similarity": None if self.similarity is None else self.similarity.to_dict(),
            "text_labels": self.classes_.dtype == object,
            "n_features_in": self.n_features_in_,
            "feature_names": [str(name) for name in getattr(self, "feature_names_in_", [])],
            "strength": self.diffusion_time_,
            "recall": self.recall_,
        }
        kept = ("classes_", *FITTED, *NOVELTY)
        arrays |= {name.rstrip("_"): getattr(self, name) for name in kept}
        return header | facts, arrays

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Read a model that `save` wrote. Nothing in the file is executed."""
        return read_model(Path(path), cls.from_arrays)

    @classmethod
    def from_arrays(cls, header: dict[str, Any], arrays: dict[str, np.ndarray]) -> Self:
        """Make a model of what `to_arrays` returned; what does not fit is any ValueError."""
        parameters = dict(header["parameters"])
        parameters.setdefault("scale", None)  # files of before columns were scaled
        similarity = header["similarity"]
        model = cls(
            diffusion_time=parameters.pop("strength"),
            similarity=None if similarity is None else GraphSettings.from_dict(similarity),
            **parameters,
        )
        for name in ("classes_", *FITTED):
            setattr(model, name, arrays[name.rstrip("_")])
        if header["text_labels"]:
            model.classes_ = model.classes_.astype(object)
            model.transduction_ = model.transduction_.astype(object)
        model._model = FittedModel.from_arrays(header, arrays)
        rows, classes = len(model.transduction_), len(model.classes_)
        real_array(model.label_distributions_, rows, classes)
        real_array(model.confidence_, rows)
        real_array(model.reached_, rows)
        model.novelty_, model.novel_ = np.full(rows, np.nan), np.zeros(rows, dtype=bool)
        if model._model.novelty is not None:
            model.novelty_ = real_array(arrays["novelty"], rows)
            model.novel_ = real_array(arrays["novel"], rows)
        if model._model.scores.shape[1] != classes:
            raise ValueError("another number of classes")
        model.n_features_in_ = int(header["n_features_in"])
        if header["feature_names"]:
            model.feature_names_in_ = np.array(header["feature_names"], dtype=object)
        model.diffusion_time_, model.prior_weight_ = header["strength"], header["prior_weight"]
        model.recall_ = header["recall"]
        model.scaled_ = model._model.projection.scale is not None
        model.class_shares_ = _mean_shares(model.label_distributions_)
        return model

    @property
    def strength_(self) -> float:
        """Deprecated name of `diffusion_time_`."""
        warnings.warn("strength_ is called diffusion_time_ now", FutureWarning, stacklevel=2)
        return self.diffusion_time_

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        "n_neighbors": [Interval(Integral, 1, None, closed="left")],
        "metric": [StrOptions({"auto", "euclidean", "cosine"})],
        "scale": [None, StrOptions({"auto", "standard"})],
        "diffusion_time": [StrOptions({"auto"}), Interval(Real, 0, None, closed="left")],
        "prior_weight": [
            StrOptions({"auto"}),
            Options(Real, {float("inf")}),
            Interval(Real, 0, None, closed="neither"),
        ],
        "flow": [StrOptions({"implicit", "heat", "euler"})],
        "convection": [None, StrOptions({"trained", "paper"})],
        "head": [None, HasMethods("predict_proba")],
        "similarity": [None, GraphSettings],
        "neighbors": [StrOptions(set(SEARCHES))],
        "unlabelled": "no_validation",
        "class_prior": [None, StrOptions({"uniform", "estimate"}), dict],
        "relabel": ["boolean"],
        "calibrate": ["boolean"],
        "device": "no_validation",
        "random_state": ["random_state"],
        "strength": "no_validation",
    }

    def _check_parameters(self) -> None:
        try:
            self._validate_params()
        except InvalidParameterError as error:
            raise InputError(str(error)) from None
        if self.strength != "deprecated":
            warnings.warn("strength is called diffusion_time now", FutureWarning, stacklevel=3)

    def _time(self) -> Any:
        return self.diffusion_time if self.strength == "deprecated" else self.strength

    def _graph_settings(self, embedded: bool) -> GraphSettings:
        if self.similarity is not None:
            return self.similarity
        metric = self.metric
        if metric == "auto":
            metric = "cosine" if embedded else "euclidean"
        k = int(self.n_neighbors)
        return GraphSettings(n_neighbors=k, metric=metric, scale_neighbor=k)

    def _check_rows(self, X: Any, y: Any, graph: Any) -> tuple[Any, Any]:
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

    def _check_links(self, X: Any, links: Any) -> scipy.sparse.csr_array:
        points = len(self._model.scores)
        if not scipy.sparse.issparse(links) or links.shape[1] != points:
            raise InputError(f"links must be a sparse (m, {points}) matrix")
        if X is not None:
            raise InputError("give new rows by X or by links, not both")
        return check_weights(links)

    def _check_new_rows(self, X: Any, feature_names: Sequence[str] | None) -> Any:
        if feature_names is not None:
            require_names(getattr(self, "feature_names_in_", feature_names), feature_names)
        x = as_host_array(X)
        named = hasattr(self, "feature_names_in_")
        if (feature_names is not None or not named) and is_plain(x, self.n_features_in_):
            return x  # scikit-learn would find nothing, in half the time that a row takes
        with warnings.catch_warnings():
            if feature_names is not None:  # scikit-learn would miss them in the array
                warnings.filterwarnings("ignore", message="X does not have valid feature names")
            return validate_data(
                self, x, reset=False, accept_sparse="csr", dtype=[np.float64, np.float32]
            )


def _mean_shares(distributions: np.ndarray) -> np.ndarray:
    """Return the mean of distributions; a row of zeros, whose label is no class, is left out."""
    total = distributions.sum(axis=0, dtype=np.float64)
    return np.asarray(total / total.sum())


def seed_of(random_state: Any) -> int:
    """Return the seed that scikit-learn's `random_state` stands for; 0 for None."""
    if random_state is None:
        return 0
    if isinstance(random_state, int | np.integer):
        return int(random_state)
    return int(check_random_state(random_state).randint(2**31))
