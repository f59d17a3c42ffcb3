from dataclasses import replace

import numpy as np
import pytest
import scipy.sparse as sp
import torch

from diffresnet.errors import InputError
from diffresnet.graphs.graph import GraphData, NodeSplit
from diffresnet.graphs.node_data import NodeData, inverse_row_norms, is_bag_of_words
from node_cases import node_data, two_blocks


def edges(n, pairs):
    i, j = np.array(pairs).T
    return sp.csr_array((np.ones(len(pairs)), (i, j)), shape=(n, n))


def graph(labels, features=None, n=4):
    path = [(i, i + 1) for i in range(n - 1)]
    return GraphData("path", edges(n, path), features, np.array(labels))


def test_binary_rows_that_sum_to_one():
    bag = sp.csr_array(np.array([[2.0, 0.5, 0.0], [0, 0, 0], [0, 0, 3.0], [1, 1, 1]], np.float32))
    bag.data[0] = 0.0  # stored, but not there
    data = NodeData.from_graph(graph([0, 1, 0, 1], bag))
    expected = [[0, 1, 0], [0, 0, 0], [0, 0, 1], [1 / 3] * 3]
    np.testing.assert_allclose(data.features.toarray(), expected, rtol=1e-6)
    np.testing.assert_allclose(data.dense_features, expected, rtol=1e-6)
    assert data.dense_features.dtype == torch.float32
    assert bag.data[0] == 0.0, "the graph's own features are left alone"
    assert bag.nnz == 6


def test_rows_of_length_one():
    data = node_data()
    unit = data.with_unit_rows()
    lengths = np.linalg.norm(unit.features.toarray(), axis=1)
    np.testing.assert_allclose(lengths[lengths > 0], 1.0, rtol=1e-6)
    np.testing.assert_allclose(unit.with_unit_rows().dense_features, unit.dense_features, rtol=1e-6)
    assert unit.features.dtype == np.float32
    assert data.features.toarray()[0].sum() == pytest.approx(1.0)


def test_rows_of_zeros_stay():
    features = sp.csr_array(np.array([[3.0, 4.0], [0.0, 0.0]]))
    assert inverse_row_norms(features) == pytest.approx([0.2, 1.0])


def test_features_as_a_factor():
    data = node_data()
    weights = torch.randn(24, 5, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(
        data.feature_matrix.differentiable(weights), data.dense_features @ weights
    )


def test_nodes_without_features_are_told_apart():
    data = NodeData.from_graph(graph([0, 1, 0, 1]))
    np.testing.assert_array_equal(data.features.toarray(), np.eye(4))


def test_classes_are_counted_from_zero():
    data = NodeData.from_graph(graph([7, -1, 3, 7]))
    assert data.labels.tolist() == [1, -1, 0, 1]
    assert data.classes == 2


def test_only_the_largest_component():
    adjacency = edges(6, [(0, 1), (2, 3), (4, 3), (3, 3)])
    labels = np.array([5, 5, 0, 1, 2, 5])
    data = NodeData.from_graph(GraphData("two", adjacency, None, labels))
    assert len(data) == 3
    assert data.edges == 2
    assert data.labels.tolist() == [0, 1, 2]
    assert data.classes == 3  # class 5 is not in it


@pytest.mark.parametrize("labels", [[0, 0, 0, 0], [-1, -1, 2, -1], [-1] * 4])
def test_too_few_classes(labels):
    with pytest.raises(InputError, match="two are needed"):
        NodeData.from_graph(graph(labels))


def test_no_labels():
    with pytest.raises(InputError, match="'path' has no labels"):
        NodeData.from_graph(GraphData("path", edges(2, [(0, 1)])))


def test_operators_against_dense_ones():
    data = node_data()
    a = data.adjacency.toarray() + np.eye(len(data))
    root = a.sum(1) ** -0.5
    smooth = root[:, None] * a * root
    np.testing.assert_allclose(data.normalized_adjacency.toarray(), smooth, atol=1e-12)
    x = np.random.default_rng(0).normal(size=(len(data), 3))
    single = torch.from_numpy(x).float()
    np.testing.assert_allclose(data.propagation_matrix(single), smooth @ x, atol=1e-5)
    expected = (np.diag(smooth.sum(1)) - smooth) @ x
    np.testing.assert_allclose(data.laplacian.product(single), expected, atol=1e-5)


def test_to_a_device():
    data = node_data()
    moved = data.to("cpu")
    assert moved.device == torch.device("cpu")
    assert moved.adjacency is data.adjacency
    assert len(moved) == len(data) == 60
    assert data.edges == two_blocks().edges


@pytest.mark.parametrize(
    ("name", "nodes", "edges", "features", "classes"),
    [("cora", 2485, 5069, 1433, 7), ("citeseer", 2110, 3668, 3703, 6)],
)
def test_the_benchmarks_have_their_published_sizes(
    data_file, name, nodes, edges, features, classes
):
    from diffresnet.graphs.graph import read_graph

    data = NodeData.from_graph(read_graph(data_file(f"graphs/{name}.npz")))
    assert (len(data), data.edges, data.features.shape[1], data.classes) == (
        nodes,
        edges,
        features,
        classes,
    )


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


def test_a_reduced_graph_is_taken_as_it_is():
    part = isolated().largest_component()
    data, again = NodeData.from_undirected(part), NodeData.from_graph(isolated())
    assert data.adjacency is part.adjacency
    np.testing.assert_array_equal(data.features.toarray(), again.features.toarray())
    assert torch.equal(data.labels, again.labels)


def test_the_whole_graph_or_its_largest_component():
    whole = NodeData.from_graph(isolated(), largest_component=False)
    part = NodeData.from_graph(isolated())
    assert (len(whole), len(part)) == (61, 60)
    assert whole.split.test.tolist() == [50, 60]
    assert part.split.test.tolist() == [50]
    assert whole.to("cpu").split is whole.split


def test_too_few_classes_in_the_component_that_is_kept():
    graph = isolated()
    labels = np.where(np.arange(61) == 60, 1, 0)
    with pytest.raises(InputError, match=r"has one class; two are needed \(60 of 61 nodes are in"):
        NodeData.from_graph(replace(graph, labels=labels))


def test_a_graph_without_edges_is_named_as_what_it_is():
    graph = replace(two_blocks(), adjacency=sp.csr_array((60, 60)))
    with pytest.raises(InputError, match="has no edge between two nodes"):
        NodeData.from_graph(graph)
    assert len(NodeData.from_graph(graph, largest_component=False)) == 60
