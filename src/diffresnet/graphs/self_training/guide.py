"""What the labels of a few nodes say of all others before anything is trained."""

from __future__ import annotations

import numpy as np
import scipy.sparse
import torch
from jaxtyping import Float, Int
from torch import Tensor

from ..node_data import NodeData, row_scale


def diffused_labels(data: NodeData, rows: Int[Tensor, " k"]) -> Float[Tensor, "n c"]:
    """Class probabilities of every node, by `DiffusionClassifier` from the labels of some.

    Features and class scores diffuse along the edges of the graph and those between similar nodes
    together; features are rows of length 1. Where a graph has none, class scores diffuse alone.

    Parameters
    ----------
    rows : (k,)
        The nodes whose labels are read; a class that none of them has gets probability 0. Where
        they have one class alone, nothing is known: all classes are as likely.
    """
    at = rows.cpu().numpy()
    codes = data.labels[rows].cpu().numpy()
    said = torch.zeros(len(data), data.classes, device=data.device)
    if len(np.unique(codes)) < 2:
        return said + 1.0 / data.classes
    given = np.full(len(data), -1)
    given[at] = codes
    # scikit-learn is large, and processes that train other models do without.
    from ...classify.estimator import DiffusionClassifier

    unit = None
    if not data.structure_only:
        unit = scipy.sparse.csr_array(data.features.multiply(row_scale(data.features)[:, None]))
    model = DiffusionClassifier(device=str(data.device), random_state=0)
    model.fit(unit, given, graph=guiding_graph(data))
    found = torch.from_numpy(model.label_distributions_).to(said)
    said[:, torch.from_numpy(model.classes_).to(data.device)] = found
    return said


def guiding_graph(data: NodeData) -> scipy.sparse.csr_array:
    """A + K, with K the nodes whose features are alike (`NodeData.similar`)."""
    return scipy.sparse.csr_array(data.adjacency + data.similar)
