"""The label-propagation prior: whose labels it reads, and where nothing is known."""

from dataclasses import replace

import numpy as np
import pytest
import scipy.sparse as sp
import torch

from diffresnet import DiffusionClassifier
from diffresnet.graphs.node_data import NodeData
from diffresnet.graphs.self_training.propagated_prior import propagated_prior
from node_cases import node_data, two_blocks


def test_it_is_the_classifier_on_edges_and_feature_knn_graph():
    data = node_data()
    rows = torch.tensor([0, 1, 6, 9])
    x = data.features.toarray()
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    few = np.full(len(data), -1)
    few[rows] = data.labels[rows]
    graph = sp.csr_array(data.adjacency.toarray() + data.feature_graph.toarray())
    expected = DiffusionClassifier(random_state=0).fit(x, few, graph=graph).label_distributions_
    prior = propagated_prior(data, rows)
    np.testing.assert_allclose(prior, expected, atol=1e-3)
    np.testing.assert_allclose(prior.sum(1), 1.0, atol=1e-6)
    assert float((prior.argmax(1) == data.labels).float().mean()) > 0.9


@pytest.mark.parametrize("each", [1, 5])
def test_no_other_label_is_read(each):
    data = node_data()
    rows = torch.arange(2 * each)
    hidden = data.labels.clone()
    hidden[2 * each :] = 0
    other = propagated_prior(replace(data, labels=hidden), rows)
    assert torch.equal(propagated_prior(data, rows), other)


def test_a_class_without_a_label_gets_nothing():
    data = replace(node_data(), classes=4)
    labels = data.labels.clone()
    labels[data.labels == 1] = 3
    prior = propagated_prior(replace(data, labels=labels), torch.arange(10))
    assert not bool(prior[:, 1:3].any())
    np.testing.assert_allclose(prior.sum(1), 1.0, atol=1e-6)


def test_of_one_class_nothing_is_known():
    data = node_data()
    prior = propagated_prior(data, torch.arange(0, 10, 2))
    assert torch.equal(prior, torch.full((len(data), 2), 0.5))


def test_nodes_without_words_or_edges():
    graph = two_blocks()
    features = graph.features.copy()
    features.data[features.indptr[7] : features.indptr[8]] = 0.0
    edges = graph.adjacency.toarray()
    edges[12] = edges[:, 12] = 0.0
    lonely = replace(graph, features=features, adjacency=sp.csr_array(edges))
    for whole in (lonely, replace(lonely, features=None)):
        data = NodeData.from_graph(whole, largest_component=False)
        prior = propagated_prior(data, torch.arange(4))
        assert bool(prior.isfinite().all())
        np.testing.assert_allclose(prior.sum(1), 1.0, atol=1e-6)
