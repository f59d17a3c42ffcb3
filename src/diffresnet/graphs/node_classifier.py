"""The node classifier that people use: a few labelled nodes in, a label for every node out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from numbers import Integral
from typing import Any, ClassVar, Self

import numpy as np
import scipy.sparse
from sklearn.base import BaseEstimator
from sklearn.utils._param_validation import Interval, InvalidParameterError

from ..classify.estimator import seed_of
from ..device import pick_device
from ..errors import InputError
from ..labels import encode_labels
from ..similarity.adjacency import check_adjacency
from .graph import GraphData
from .pyg import graph_from_pyg


class NodeClassifier(BaseEstimator):
    """Label all nodes of a graph from a few labelled ones.

    Several self-trained Diff-ResNets learn all labels, guided by a propagation of the labels along
    edges and between nodes of similar features, and their mean answer counts. Nothing is held out.

    Parameters
    ----------
    replicas : int, default 4
        Networks whose answers are averaged.
    epochs : int, default 200
        Of training; the teacher keeps networks from overfitting.
    unlabelled : mark or list of marks, default None
        What stands for "no label" in y; see `DiffusionClassifier`.
    device : "auto", "cpu", "cuda", ...
    random_state : int, RandomState or None
        Of initial weights and dropout.

    Attributes
    ----------
    classes_ : (c,)
    transduction_ : (n,)
        Label of every node; given labels are kept.
    label_distributions_ : (n, c)
        Probabilities; uniform at nodes that no label reaches.
    confidence_ : (n,)
        Probability of the label in `transduction_`; 1 where it was given. Its mean over the other
        nodes is that of the label propagation, which is calibrated by held-out labels where there
        are two a class.
    reached_ : (n,) bool
        Whether a path leads from the node to a label, along edges or similar nodes.

    Examples
    --------
    >>> import scipy.sparse
    >>> ring = np.arange(12)
    >>> edges = scipy.sparse.csr_array((np.ones(12), (ring, ring // 6 * 6 + (ring + 1) % 6)))
    >>> few = np.where(ring == 0, "left", np.where(ring == 6, "right", ""))
    >>> NodeClassifier(epochs=20).fit(edges, few).transduction_[[3, 9]].tolist()
    ['left', 'right']
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        "replicas": [Interval(Integral, 1, None, closed="left")],
        "epochs": [Interval(Integral, 1, None, closed="left")],
        "unlabelled": "no_validation",
        "device": "no_validation",
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        replicas: int = 4,
        *,
        epochs: int = 200,
        unlabelled: Any = None,
        device: str = "auto",
        random_state: Any = None,
    ) -> None:
        self.replicas = replicas
        self.epochs = epochs
        self.unlabelled = unlabelled
        self.device = device
        self.random_state = random_state

    def fit(
        self,
        graph: Any,
        y: Any = None,
        X: Any = None,
        *,
        advance: Callable[[int], None] | None = None,
    ) -> Self:
        """Label all nodes.

        Parameters
        ----------
        graph : (n, n) sparse adjacency, GraphData, or PyTorch Geometric's Data
        y : (n,), optional
            Labels of the nodes, as `DiffusionClassifier` takes them; by default the graph's own.
        X : (n, d) array or sparse, optional
            Features of the nodes; by default the graph's own, if it has any.
        advance : called with 1 after every epoch.

        Raises
        ------
        InputError
            A ValueError with one line that says what is wrong and what to do.
        """
        try:
            self._validate_params()
        except InvalidParameterError as error:
            raise InputError(str(error)) from None
        data = _as_graph(graph)
        if X is not None:
            data = replace(data, features=_as_features(X, len(data)))
        classes: np.ndarray | None = None
        if y is not None:
            labels = encode_labels(y, self.unlabelled)
            if len(labels) != len(data):
                raise InputError(f"the graph has {len(data)} nodes and y has {len(labels)} labels")
            labels.require_classes()
            classes, data = labels.classes, replace(data, labels=labels.codes, class_names=None)
        from .labelling import label_nodes  # torch and training, which a reader of files need not
        from .node_data import NodeData

        nodes = NodeData.from_graph(data, pick_device(self.device), whole=True)
        found = label_nodes(
            nodes,
            members=self.replicas,
            epochs=self.epochs,
            seed=seed_of(self.random_state),
            advance=advance,
        )
        if classes is None:
            assert data.labels is not None
            classes = np.unique(data.labels[data.labels >= 0])
            if data.class_names is not None:
                classes = np.array([data.class_names[code] for code in classes], dtype=object)
        self.classes_ = classes
        self.transduction_ = classes[found.codes]
        self.label_distributions_ = found.probabilities
        self.confidence_ = found.confidence
        self.reached_ = found.reached
        return self

    def fit_predict(self, graph: Any, y: Any = None, X: Any = None) -> np.ndarray:
        """Label all nodes, and return their labels."""
        labels: np.ndarray = self.fit(graph, y, X).transduction_
        return labels


def _as_graph(graph: Any) -> GraphData:
    if isinstance(graph, GraphData):
        return graph
    if hasattr(graph, "edge_index"):
        return graph_from_pyg(graph)
    return GraphData("graph", check_adjacency(graph))


def _as_features(X: Any, n: int) -> scipy.sparse.csr_array:
    features = scipy.sparse.csr_array(X, dtype=np.float32)
    if features.ndim != 2 or features.shape[0] != n:
        raise InputError(f"X must have a row for each of the {n} nodes, not shape {features.shape}")
    if not np.isfinite(features.data).all():
        raise InputError("X has values that are NaN, infinite or too large for float32; mend them")
    return features
