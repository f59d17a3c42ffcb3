"""Synthetic graphs whose edges join unlike nodes: their homophily is the one asked for."""

import numpy as np
import pytest

from diffresnet.errors import InputError
from diffresnet_lab.nodes.heterophilous_graphs import (
    block_graph,
    cyclic_compatibility,
    grid_graph,
    hub_graph,
    rewire_to_other_classes,
    uniform_compatibility,
)


def edges_between_classes(graph):
    ends = graph.adjacency.tocoo()
    counts = np.zeros((graph.labels.max() + 1,) * 2)
    np.add.at(counts, (graph.labels[ends.row], graph.labels[ends.col]), 1)
    return counts / counts.sum(1, keepdims=True)


@pytest.mark.parametrize(
    "compatibility", [uniform_compatibility(4, 0.3), cyclic_compatibility(4, 0.1)]
)
def test_classes_link_as_they_are_told(compatibility):
    np.testing.assert_allclose(compatibility.sum(1), 1.0)
    found = edges_between_classes(block_graph(compatibility, 4000, seed=1))
    np.testing.assert_allclose(found, compatibility, atol=0.02)


@pytest.mark.parametrize(
    "graph", [hub_graph(200), grid_graph(12), block_graph(np.full((2, 2), 0.5))]
)
def test_graphs_are_undirected_without_loops(graph):
    assert (graph.adjacency != graph.adjacency.T).nnz == 0
    assert not graph.adjacency.diagonal().any()
    assert set(graph.adjacency.data) == {1.0}
    assert graph.features.shape[0] == len(graph) == len(graph.labels)


def test_hubs_have_many_neighbours():
    degrees = hub_graph(1000).adjacency.sum(1)
    assert degrees.max() > 8 * np.median(degrees)


def test_a_cell_counts_its_marked_neighbours():
    graph = grid_graph(6, unknown=0.0, seed=2)
    assert graph.adjacency.sum(1).max() == 8
    counts = graph.features.toarray().argmax(1)
    np.testing.assert_array_equal(counts, graph.adjacency @ graph.labels)


@pytest.mark.parametrize("cyclic", [False, True])
def test_rewired_edges_lead_to_other_classes(cyclic):
    graph = block_graph(uniform_compatibility(4, 1.0), 2000)
    rewired = rewire_to_other_classes(graph, 0.75, cyclic=cyclic, seed=1)
    found = edges_between_classes(rewired)
    np.testing.assert_allclose(found.diagonal(), 0.25, atol=0.03)
    assert (found[0, 2] < 0.01) == cyclic
    assert rewired.edges == pytest.approx(graph.edges, rel=0.02)
    same = rewire_to_other_classes(graph, 0.0)
    assert (same.adjacency != graph.adjacency).nnz == 0


def test_what_cannot_be_rewired():
    graph = block_graph(np.full((2, 2), 0.5), 50)
    with pytest.raises(InputError, match="between 0 and 1"):
        rewire_to_other_classes(graph, 1.5)
