"""How features are scaled, and what of a graph is kept."""

from dataclasses import replace

import numpy as np
import pytest
import scipy.sparse as sp
import torch

from diffresnet.errors import InputError
from diffresnet.graphs.graph import GraphData, NodeSplit
from diffresnet.graphs.node_data import NodeData, is_bag_of_words
from diffresnet.graphs.training import train
from diffresnet_lab.nodes.presets import preset
from node_cases import two_blocks

MODELS = [
    "diff_resnet",
    "diff_resnet_once",
    "gcn",
    "gat",
    "monet",
    "sage_mean",
    "sage_maxpool",
    "cgnn",
    "gde",
    "grand_l",
    "grand_nl",
    "grand_nl_rw",
    "label_propagation",
    "appnp",
    "gcnii",
]


def test_embeddings_keep_their_values():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(60, 5)) * [1, 10, 100, 1, 0] + 3
    data = NodeData.from_graph(replace(two_blocks(), features=sp.csr_array(x)))
    scaled = (x[:, :4] - x[:, :4].mean(0)) / x[:, :4].std(0)
    scaled /= np.linalg.norm(scaled, axis=1, keepdims=True)
    found = data.features.toarray()
    np.testing.assert_allclose(found[:, :4], scaled, atol=1e-5)
    np.testing.assert_array_equal(found[:, 4], 0, "a constant column says nothing")
    assert found.dtype == np.float32


@pytest.mark.parametrize(
    ("x", "bag"),
    [
        ([[1, 0], [0, 3]], True),
        ([[1, 0], [0, -3]], False),
        ([[1, 2], [0, 3]], False),
        ([[0, 0], [0, 0]], True),
    ],
)
def test_bags_of_words_are_told_by_their_zeros(x, bag):
    assert is_bag_of_words(sp.csr_array(np.array(x, dtype=np.float32))) == bag


def isolated():
    """Two blocks of 60 and one node, the last, that nothing is joined to."""
    graph = two_blocks()
    adjacency = sp.csr_array(sp.block_diag([graph.adjacency, sp.csr_array((1, 1))]))
    features = sp.csr_array(sp.vstack([graph.features, sp.csr_array((1, 24))]))
    split = NodeSplit(np.arange(20), np.arange(20, 40), np.array([50, 60]))
    return GraphData("island", adjacency, features, np.append(graph.labels, 0), split)


def test_the_whole_graph_or_its_largest_component():
    whole = NodeData.from_graph(isolated(), whole=True)
    part = NodeData.from_graph(isolated())
    assert (len(whole), len(part)) == (61, 60)
    assert whole.split.test.tolist() == [50, 60]
    assert part.split.test.tolist() == [50]
    assert whole.to("cpu").split is whole.split


@pytest.mark.parametrize("name", MODELS)
def test_an_isolated_node_has_a_finite_answer(name):
    data = NodeData.from_graph(isolated(), whole=True)
    chosen = preset(name, data)
    labels = data.labels
    short = replace(chosen.training, epochs=3)
    model = chosen.build(data, [0])
    train(model, labels, torch.arange(20), torch.arange(20, 40), short)
    with torch.no_grad():
        scores = model(torch.arange(61))
    assert scores.isfinite().all()


def test_too_few_classes_in_the_component_that_is_kept():
    graph = isolated()
    labels = np.where(np.arange(61) == 60, 1, 0)
    with pytest.raises(InputError, match="one class among the 60 nodes of its largest component"):
        NodeData.from_graph(replace(graph, labels=labels))


def test_a_graph_without_edges_is_named_as_what_it_is():
    graph = replace(two_blocks(), adjacency=sp.csr_array((60, 60)))
    with pytest.raises(InputError, match="has no edge between two nodes"):
        NodeData.from_graph(graph)
    assert len(NodeData.from_graph(graph, whole=True)) == 60
