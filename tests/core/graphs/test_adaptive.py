"""Which network is trained: the self-trained one as it was, or channels under heterophily."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from diffresnet import NodeClassifier
from diffresnet.graphs.adaptive import AdaptiveNodes
from diffresnet.graphs.graph import GraphData
from diffresnet.graphs.node_data import NodeData
from diffresnet.graphs.self_training.network import TRAINING, SelfTrainedNodes, SelfTrainingConfig
from diffresnet.graphs.training import train_for
from diffresnet_lab.nodes.heterophilous_graphs import (
    block_graph,
    cyclic_compatibility,
    uniform_compatibility,
)

CONFIG = SelfTrainingConfig(width=8)


def few(graph: GraphData, each: int = 20) -> GraphData:
    """The graph with the labels of the first nodes of each class alone."""
    known = np.full(len(graph), -1)
    for code in np.unique(graph.labels):
        rows = np.flatnonzero(graph.labels == code)[:each]
        known[rows] = code
    return replace(graph, labels=known)


def test_a_homophilous_graph_is_learnt_as_before_to_the_bit():
    data = NodeData.from_graph(few(block_graph(uniform_compatibility(3, 0.8), 300)))
    rows = torch.nonzero(data.labels >= 0)[:, 0]
    scores = []
    for kind in (SelfTrainedNodes, AdaptiveNodes):
        torch.manual_seed(0)
        model = kind(data, CONFIG, [1, 2])
        train_for(model, data.labels, rows, TRAINING, epochs=10)
        scores.append(model(torch.arange(len(data))))
    assert torch.equal(*scores)
    assert model.diffuses
    assert model.homophily > 0.5


@pytest.mark.parametrize(
    ("graph", "changes", "diffuses"),
    [
        (block_graph(cyclic_compatibility(3, 0.0), 300), {}, False),
        (block_graph(cyclic_compatibility(3, 0.0), 300), {"homophily_threshold": -math.inf}, True),
        (block_graph(cyclic_compatibility(3, 0.0), 300), {"homophily_labels": 21}, True),
        (block_graph(uniform_compatibility(3, 0.8), 300), {"homophily_threshold": 1.1}, False),
    ],
)
def test_the_threshold_and_the_labels_decide(graph, changes, diffuses):
    data = NodeData.from_graph(few(graph))
    rows = torch.nonzero(data.labels >= 0)[:, 0]
    model = AdaptiveNodes(data, replace(CONFIG, **changes), [1])
    model.prepare(rows)
    assert model.diffuses == diffuses
    model.prepare(rows[:3])  # afresh, with labels that are too few
    assert model.diffuses


def test_neighbours_of_the_next_class_are_used():
    graph = block_graph(cyclic_compatibility(3, 0.0), 300, feature_signal=0.2, seed=2)
    known = few(graph)
    test = known.labels < 0
    model = NodeClassifier(1, epochs=40, random_state=0)
    found = model.fit(known).transduction_
    data = NodeData.from_graph(known, largest_component=False)
    torch.manual_seed(0)
    before = SelfTrainedNodes(data, SelfTrainingConfig(), [0])
    rows = torch.nonzero(data.labels >= 0)[:, 0]
    train_for(before, data.labels, rows, TRAINING, epochs=40)
    diffused = before(torch.arange(300))[0].argmax(-1).numpy()
    right = [(labels == graph.labels)[test].mean() for labels in (found, diffused)]
    assert right[0] > right[1] + 0.1  # 240 nodes: a standard error of 0.03
    assert not model.diffuses_
    assert model.homophily_ < 0.0
    np.testing.assert_allclose(model.label_distributions_.sum(1), 1.0)
    assert abs(model.confidence_[test].mean() - right[0]) < 0.15


def test_the_classifier_tells_that_it_diffused():
    model = NodeClassifier(1, epochs=2).fit(few(block_graph(uniform_compatibility(3, 0.8), 300)))
    assert model.diffuses_
    assert model.homophily_ > 0.5
