from dataclasses import replace

import numpy as np
import pytest
import scipy.sparse as sp
import torch

from diffresnet.errors import InputError
from diffresnet.graphs.graph import GraphData
from diffresnet.graphs.node_data import NodeData, row_scale
from diffresnet_lab.nodes.presets import preset
from diffresnet_lab.nodes.published import published_name
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
    np.testing.assert_allclose(data.dense_x, expected, rtol=1e-6)
    assert data.dense_x.dtype == torch.float32
    assert bag.data[0] == 0.0, "the graph's own features are left alone"
    assert bag.nnz == 6


def test_rows_of_length_one():
    data = node_data()
    unit = data.with_unit_rows()
    lengths = np.linalg.norm(unit.features.toarray(), axis=1)
    np.testing.assert_allclose(lengths[lengths > 0], 1.0, rtol=1e-6)
    np.testing.assert_allclose(unit.with_unit_rows().dense_x, unit.dense_x, rtol=1e-6)
    assert unit.features.dtype == np.float32
    assert data.features.toarray()[0].sum() == pytest.approx(1.0)


def test_rows_of_zeros_stay():
    features = sp.csr_array(np.array([[3.0, 4.0], [0.0, 0.0]]))
    assert row_scale(features) == pytest.approx([0.2, 1.0])


def test_features_as_a_factor():
    data = node_data()
    weights = torch.randn(24, 5, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(data.x.differentiable(weights), data.dense_x @ weights)


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
    np.testing.assert_allclose(data.citation.toarray(), smooth, atol=1e-12)
    x = np.random.default_rng(0).normal(size=(len(data), 3))
    single = torch.from_numpy(x).float()
    np.testing.assert_allclose(data.propagation(single), smooth @ x, atol=1e-5)
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


def test_a_graph_that_is_merely_called_so_gets_no_settings_of_the_authors():
    ours = replace(node_data(), name="pubmed")
    assert published_name(ours) == ""
    longest = ours.laplacian.max_step()
    assert preset("diff_resnet", ours).settings["gamma"] <= 0.9 * longest
    for model in ("gcnii", "grand_l"):
        assert preset(model, ours).settings == preset(model, node_data()).settings
    n = len(ours)
    theirs = replace(ours, features=sp.csr_array((n, 500), dtype=np.float32), classes=3)
    assert published_name(theirs) == "pubmed"
    assert preset("diff_resnet", theirs).settings["gamma"] == 0.4
    assert published_name(replace(theirs, name="hub")) == ""
