"""Labels for all nodes of a graph, from those that have one: nothing is held out or tested."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from scipy.special import softmax

from ..classify.calibration import sharpness_for
from ..classify.inputs import reached_from
from .node_data import NodeData
from .self_training.network import TRAINING, SelfTrainedNodes, SelfTrainingConfig
from .self_training.propagated_prior import edge_and_feature_graph
from .training import train_for

MEMBERS = 4
"""Networks whose answers are averaged."""
EPOCHS = 200
"""Of training: no node is left to say when to stop, and the teacher keeps from overfitting."""


@dataclass(frozen=True)
class NodeLabels:
    """A class for every node, and how sure it is.

    Attributes
    ----------
    codes : (n,)
        Classes from 0 on, as `NodeData.class_names` names them; given labels are kept.
    probabilities : (n, c)
        Uniform at nodes that no label reaches.
    confidence : (n,)
        Probability of the class in `codes`; 1 where it was given.
    reached : (n,) bool
        Whether a path leads from the node to a label, along edges or similar nodes.
    """

    codes: Int[np.ndarray, " n"]
    probabilities: Float[np.ndarray, "n c"]
    confidence: Float[np.ndarray, " n"]
    reached: Bool[np.ndarray, " n"]


def label_nodes(
    data: NodeData,
    *,
    members: int = MEMBERS,
    epochs: int = EPOCHS,
    seed: int = 0,
    advance: Callable[[int], None] | None = None,
) -> NodeLabels:
    """Label all nodes from those with a label, by the best Diff-ResNet.

    Several networks learn all labels, guided by `propagated_prior`, for a fixed number of epochs,
    and their mean speaks. Confidence is scaled so that its mean over the nodes without a label is
    that of the guide, which is fitted to held-out labels where there are two a class.

    Parameters
    ----------
    data : NodeData
        Of `NodeData.from_graph(graph, largest_component=False)` or `from_pyg`; labels -1 where
        there is none.
    members, epochs : int
    seed : int
        Of the networks and their dropout.
    advance : called with 1 after every epoch.

    Examples
    --------
    >>> from dataclasses import replace
    >>> import numpy as np, scipy.sparse
    >>> from diffresnet.graphs.graph import GraphData
    >>> ring = np.arange(12)
    >>> edges = scipy.sparse.csr_array((np.ones(12), (ring, ring // 6 * 6 + (ring + 1) % 6)))
    >>> few = np.where(ring == 0, 0, np.where(ring == 6, 1, -1))
    >>> graph = GraphData("two rings", edges, labels=few)
    >>> data = NodeData.from_graph(graph, largest_component=False)
    >>> label_nodes(data, epochs=20).codes.tolist()
    [0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1]
    """
    given = data.labels.cpu().numpy()
    known = given >= 0
    rows = torch.from_numpy(np.flatnonzero(known)).to(data.device)
    with torch.random.fork_rng(devices=[data.device] if data.device.type == "cuda" else []):
        torch.manual_seed(seed)
        seeds = [members * seed + member for member in range(members)]
        model = SelfTrainedNodes(data, SelfTrainingConfig(), seeds)
        train_for(model, data.labels, rows, TRAINING, epochs, advance)
    with torch.no_grad():
        scores = model(torch.arange(len(data), device=data.device))
    log_p = torch.log_softmax(scores.double(), -1).mean(0).cpu().numpy()
    codes = np.where(known, given, log_p.argmax(1))
    reached = reached_from(edge_and_feature_graph(data), np.flatnonzero(known))
    asked = reached & ~known
    assert model.prior is not None
    sharpness = 1.0
    if asked.any():
        sure = model.prior.cpu().numpy()[asked].max(1).mean()
        sharpness = sharpness_for(log_p[asked], float(sure))
    probabilities = softmax(sharpness * log_p, axis=1)
    probabilities[~reached] = 1.0 / data.classes
    probabilities[known] = np.eye(data.classes)[given[known]]
    confidence = probabilities[np.arange(len(data)), codes]
    return NodeLabels(codes, probabilities, confidence, reached)
