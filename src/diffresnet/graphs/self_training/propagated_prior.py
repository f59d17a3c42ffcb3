"""The label-propagation prior that regularises the teacher."""

from __future__ import annotations

import numpy as np
import scipy.sparse
import torch
from jaxtyping import Float, Int
from torch import Tensor

from ..node_data import NodeData, inverse_row_norms


def propagated_prior(data: NodeData, rows: Int[Tensor, " k"]) -> Float[Tensor, "n c"]:
    """Return class probabilities of every node, by `DiffusionClassifier` from the labels of some.

    Features, of rows of length 1, and class scores diffuse along `edge_and_feature_graph`. Where a
    graph has no features, class scores diffuse alone.

    Parameters
    ----------
    rows : (k,)
        The labelled nodes; a class without one gets probability 0. Where there is one class
        alone, nothing is known and all classes are equally likely.
    """
    nodes = rows.cpu().numpy()
    codes = data.labels[rows].cpu().numpy()
    prior = torch.zeros(len(data), data.classes, device=data.device)
    if len(np.unique(codes)) < 2:
        return prior + 1.0 / data.classes
    partial_labels = np.full(len(data), -1)
    partial_labels[nodes] = codes
    # scikit-learn is large, and processes that train other models do without.
    from ...classify.estimator import DiffusionClassifier

    unit_rows = None
    if not data.structure_only:
        scale = inverse_row_norms(data.features)[:, None]
        unit_rows = scipy.sparse.csr_array(data.features.multiply(scale))
    classifier = DiffusionClassifier(device=str(data.device), random_state=0)
    classifier.fit(unit_rows, partial_labels, graph=edge_and_feature_graph(data))
    distributions = torch.from_numpy(classifier.label_distributions_).to(prior)
    prior[:, torch.from_numpy(classifier.classes_).to(data.device)] = distributions
    return prior


def edge_and_feature_graph(data: NodeData) -> scipy.sparse.csr_array:
    """Return A + K, the edges and the k-NN graph of the features."""
    return scipy.sparse.csr_array(data.adjacency + data.feature_graph)
