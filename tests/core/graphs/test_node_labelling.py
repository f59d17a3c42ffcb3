"""Labels for all nodes: given ones stay, others are right, sure ones are surer."""

from dataclasses import replace

import numpy as np
import pytest
import scipy.sparse as sp
import torch

from diffresnet.graphs.graph import GraphData
from diffresnet.graphs.node_classifier import NodeClassifier
from diffresnet.graphs.node_data import NodeData
from node_cases import two_blocks


def codes_of(model):
    return model.transduction_.astype(int)


def label_nodes(data, epochs=200, seed=0, **options):
    advance = options.pop("advance", None)
    model = NodeClassifier(epochs=epochs, random_state=seed, **options)
    return model.fit(data, advance=advance)


def few(graph, each):
    """The graph with the labels of the first nodes alone, and the truth."""
    return replace(graph, labels=np.where(np.arange(len(graph)) < 2 * each, graph.labels, -1))


@pytest.mark.parametrize("each", [1, 4])
@pytest.mark.parametrize("featureless", [False, True])
def test_nodes_of_two_blocks(each, featureless):
    graph = two_blocks()
    known = few(graph, each)
    if featureless:
        known = replace(known, features=None)
    data = NodeData.from_graph(known, largest_component=False)
    assert data.structure_only == featureless
    found = label_nodes(data, epochs=40)
    assert (codes_of(found) == graph.labels).mean() > 0.9
    given = known.labels >= 0
    np.testing.assert_array_equal(codes_of(found)[given], graph.labels[given])
    np.testing.assert_array_equal(found.confidence_[given], 1.0)
    np.testing.assert_allclose(found.label_distributions_.sum(1), 1.0)
    np.testing.assert_array_equal(found.label_distributions_.argmax(1), codes_of(found))
    assert found.reached_.all()


def test_where_no_label_leads():
    lonely = sp.block_diag([two_blocks().adjacency, np.zeros((3, 3))], format="csr")
    labels = np.concatenate([few(two_blocks(), 3).labels, [-1, -1, -1]])
    graph = GraphData("lonely", sp.csr_array(lonely), labels=labels)
    found = label_nodes(NodeData.from_graph(graph, largest_component=False), epochs=10)
    np.testing.assert_array_equal(found.reached_, np.arange(63) < 60)
    np.testing.assert_array_equal(found.confidence_[60:], 0.5)


def test_all_labels_given():
    graph = two_blocks()
    found = label_nodes(NodeData.from_graph(graph, largest_component=False), epochs=3)
    np.testing.assert_array_equal(codes_of(found), graph.labels)
    np.testing.assert_array_equal(found.confidence_, 1.0)


def test_the_seed_decides_and_the_state_of_torch_is_left_alone():
    data = NodeData.from_graph(few(two_blocks(), 2), largest_component=False)
    torch.manual_seed(1)
    one = label_nodes(data, epochs=5, seed=3)
    after = torch.rand(1)
    torch.manual_seed(1)
    assert torch.equal(torch.rand(1), after)
    again, other = (label_nodes(data, epochs=5, seed=seed) for seed in (3, 4))
    np.testing.assert_array_equal(one.label_distributions_, again.label_distributions_)
    assert not np.array_equal(one.label_distributions_, other.label_distributions_)


def test_progress_is_told_every_epoch():
    told = []
    data = NodeData.from_graph(few(two_blocks(), 2), largest_component=False)
    label_nodes(data, replicas=1, epochs=4, advance=told.append)
    assert told == [1, 1, 1, 1]
