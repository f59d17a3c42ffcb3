"""The node classifier that people use: a few labelled nodes in, a label for every node out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from numbers import Integral
from typing import Any, ClassVar, Self

import numpy as np
import scipy.sparse
import torch
from sklearn.base import BaseEstimator
from sklearn.utils._param_validation import Interval, InvalidParameterError

from ..classify.calibrator import Calibrator
from ..classify.estimator import seed_of
from ..classify.points import as_host_array, reached_from
from ..device import pick_device
from ..errors import InputError
from ..labels import encode_labels, hide_marked
from ..similarity.adjacency import check_adjacency
from .adaptive import AdaptiveNodes
from .graph import GraphData
from .node_data import NodeData
from .notes import alike
from .pyg import graph_from_pyg
from .self_training.network import TRAINING, SelfTrainingConfig
from .self_training.propagated_prior import edge_and_feature_graph
from .training import train_for


class NodeClassifier(BaseEstimator):
    """Label all nodes of a graph from a few labelled ones.

    Several self-trained Diff-ResNets learn all labels, guided by a propagation of the labels along
    edges and between nodes of similar features, and their mean answer counts. Nothing is held out.
    Where the labels show that edges join unlike nodes (heterophily), mixtures of networks that see
    features and neighbours apart are trained instead, see `ChannelMixtureNodes`.

    Parameters
    ----------
    replicas : int, default 4
        Networks whose answers are averaged.
    epochs : int, default 200
        Of training; the teacher keeps networks from overfitting.
    unlabelled : mark or list of marks, default None
        What stands for "no label" in y, or in the labels of the graph; see `DiffusionClassifier`.
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
        are two a class; for channels it is their accuracy on held-out labels.
    homophily_ : float
        Adjusted homophily, estimated from the labels: 1 where edges join like nodes alone, 0 where
        they are random, below 0 where like nodes avoid one another; NaN where labels say nothing.
    diffuses_ : bool
        Whether labels were diffused along edges; False where channels were trained instead, which
        takes an estimate below 0.2, plus its standard error, from 10 labels a class or more.
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
        graph : (n, n) sparse adjacency, GraphData, PyTorch Geometric's Data, or NodeData
            All nodes are labelled; NodeData is taken as it is, with its own labels.
        y : (n,), optional
            Labels of the nodes, as `DiffusionClassifier` takes them; by default the graph's own.
        X : (n, d) array, tensor or sparse, optional
            Features of the nodes; by default the graph's own, if it has any. Features that are the
            same at all nodes say nothing and are left out.
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
        classes: np.ndarray | None = None
        data = None
        if isinstance(graph, NodeData):
            nodes = graph
        else:
            data = _as_graph(graph)
            if X is not None:
                data = replace(data, features=_as_features(X, len(data)))
            if y is not None:
                labels = encode_labels(y, self.unlabelled)
                if len(labels) != len(data):
                    raise InputError(
                        f"the graph has {len(data)} nodes and y has {len(labels)} labels"
                    )
                labels.require_classes()
                classes = labels.classes
                data = replace(data, labels=labels.codes, class_names=None)
            elif data.labels is not None:
                marked = hide_marked(data.labels, self.unlabelled, data.class_names)
                data = replace(data, labels=marked)
            if data.features is not None and alike(data.features):
                # They would join each node to others at random.
                data = replace(data, features=None)
            nodes = NodeData.from_graph(data, pick_device(self.device), largest_component=False)
        self._fit(nodes, advance)
        if classes is None:
            classes = np.array(nodes.class_names, dtype=object)
            if data is not None and data.class_names is None:
                classes = np.unique(data.labels[data.labels >= 0])  # type: ignore[index,operator]
        self.classes_ = classes
        self.transduction_ = classes[self._codes]
        return self

    def _fit(self, nodes: NodeData, advance: Callable[[int], None] | None) -> None:
        """Train on all labels, and average what the networks say."""
        seed = seed_of(self.random_state)
        given = nodes.labels.cpu().numpy()
        known, rows = given >= 0, np.flatnonzero(given >= 0)
        with torch.random.fork_rng(devices=[nodes.device] if nodes.device.type == "cuda" else []):
            torch.manual_seed(seed)
            seeds = [self.replicas * seed + replica for replica in range(self.replicas)]
            model = AdaptiveNodes(nodes, SelfTrainingConfig(), seeds)
            labelled = torch.from_numpy(rows).to(nodes.device)
            train_for(model, nodes.labels, labelled, TRAINING, self.epochs, advance)
        with torch.no_grad():
            logits = model(torch.arange(len(nodes), device=nodes.device))
        scores = torch.log_softmax(logits.double(), -1).mean(0).exp().cpu().numpy()
        self._codes = np.where(known, given, scores.argmax(axis=1))
        self.homophily_, self.diffuses_ = model.homophily, model.diffuses
        self.reached_ = reached_from(edge_and_feature_graph(nodes), rows)
        calibrator, predicted = Calibrator(), self.reached_ & ~known
        if predicted.any():
            confidence = model.network.expected_accuracy(predicted)
            calibrator = Calibrator.fit_mean(scores[predicted], confidence)
        certain = np.eye(nodes.classes)[given[known]]
        self.label_distributions_ = calibrator.probabilities(scores, self.reached_, (rows, certain))
        self.confidence_ = self.label_distributions_[np.arange(len(nodes)), self._codes]

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


def _as_features(X: Any, n: int) -> scipy.sparse.csr_array | None:
    X = as_host_array(X)
    dtype = getattr(X, "dtype", None) or np.asarray(X).dtype
    if dtype.kind not in "fiub":
        raise InputError(f"X must hold real numbers, not {dtype}")
    features = scipy.sparse.csr_array(X, dtype=np.float32)
    if features.ndim != 2 or features.shape[0] != n:
        raise InputError(f"X must have a row for each of the {n} nodes, not shape {features.shape}")
    if not np.isfinite(features.data).all():
        raise InputError("X has values that are NaN, infinite or too large for float32; mend them")
    return features if features.shape[1] else None
