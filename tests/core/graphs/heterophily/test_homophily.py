"""The homophily estimate: exact with all labels, near with few, and what the folds are."""

import numpy as np
import pytest
import scipy.sparse as sp

from diffresnet.graphs.heterophily.homophily import (
    adjusted_homophily,
    estimate_homophily,
    homophily_error,
    labelled_edges,
    propagation_skill,
    stratified_folds,
)
from diffresnet_lab.nodes.heterophilous_graphs import (
    block_graph,
    cyclic_compatibility,
    uniform_compatibility,
)


def some(labels, each, seed=0):
    """As many labels of each class, and -1."""
    order = np.random.default_rng(seed).permutation(len(labels))
    kept = [order[labels[order] == code][:each] for code in np.unique(labels)]
    known = np.full(len(labels), -1)
    known[np.concatenate(kept)] = labels[np.concatenate(kept)]
    return known


def dense_oracle(adjacency, labels):
    """Edge by edge, as Platonov et al. write it."""
    a, n = adjacency.toarray(), len(labels)
    edges = [(i, j) for i in range(n) for j in range(i) if a[i, j]]
    same = np.mean([labels[i] == labels[j] for i, j in edges])
    degrees = a.sum(1)
    chance = sum((degrees[labels == k].sum() / (2 * len(edges))) ** 2 for k in np.unique(labels))
    return (same - chance) / (1 - chance)


@pytest.mark.parametrize("homophily", [0.0, 0.3, 0.9])
def test_it_is_exact_with_all_labels(homophily):
    graph = block_graph(uniform_compatibility(3, homophily), 90, seed=1)
    want = dense_oracle(graph.adjacency, graph.labels)
    assert adjusted_homophily(graph.adjacency, graph.labels) == pytest.approx(want, abs=1e-6)
    assert estimate_homophily(graph.adjacency, graph.labels) == pytest.approx(want, abs=1e-6)


def test_its_scale():
    pairs = sp.csr_array(np.kron(np.eye(4), [[0.0, 1.0], [1.0, 0.0]]))
    assert adjusted_homophily(pairs, np.repeat([0, 1], 4)) == 1.0
    assert adjusted_homophily(pairs, np.arange(8) % 2) == -1.0
    # edges at random: 0, however unequal the classes are
    labels = (np.arange(2000) < 1600).astype(int)
    random = block_graph(np.full((2, 2), 0.5), 2000, seed=0).adjacency
    shuffled = np.random.default_rng(0).permutation(labels)
    assert abs(adjusted_homophily(random, shuffled)) < 0.05


def test_where_labels_say_nothing():
    graph = block_graph(uniform_compatibility(3, 0.5), 90)
    one_each = some(graph.labels, 1)
    assert np.isnan(propagation_skill(graph.adjacency, one_each))
    one_class = np.where(graph.labels == 0, 0, -1)
    assert np.isnan(adjusted_homophily(graph.adjacency, one_class))
    assert np.isnan(estimate_homophily(sp.csr_array((90, 90)), one_each))
    # many labels, but no walk from one to another
    many = some(graph.labels, 20)
    away = graph.adjacency.multiply((many < 0)[:, None] & (many < 0)).tocsr()
    assert away.nnz
    for adjacency in (sp.csr_array((90, 90)), sp.csr_array(away)):
        assert np.isnan(propagation_skill(adjacency, many))
        assert np.isnan(estimate_homophily(adjacency, many))


def test_edges_between_labelled_nodes_are_counted():
    path = sp.csr_array(np.eye(5, k=1) + np.eye(5, k=-1))
    assert labelled_edges(path, np.array([0, 1, 0, -1, 1])) == 2


@pytest.mark.parametrize(
    ("compatibility", "adjusted"),
    [
        (uniform_compatibility(5, 0.9), 0.875),
        (uniform_compatibility(5, 0.2), 0.0),
        (cyclic_compatibility(5, 0.0), -0.25),
    ],
)
@pytest.mark.parametrize("each", [20, 140])
def test_few_labels_come_near(compatibility, adjusted, each):
    """Within three standard errors of a share of so many edges, and 0.15 for the shrinkage."""
    graph = block_graph(compatibility, 1500, seed=3)
    for seed in range(4):
        known = some(graph.labels, each, seed)
        edges = labelled_edges(graph.adjacency, known)
        found = estimate_homophily(graph.adjacency, known)
        assert abs(found - adjusted) < 0.15 + 3 * 0.5 / np.sqrt(edges + 10)
        assert (found > 0.2) == (adjusted > 0.2)


def test_far_labels_are_judged_by_propagation():
    """Without an edge between two labels, walks tell a homophilous ring from a random one."""
    ring = np.arange(400)
    edges = sp.csr_array((np.ones(400), (ring, (ring + 1) % 400)), shape=(400, 400))
    edges = sp.csr_array(edges + edges.T)
    blocks = ring * 4 // 400 % 2
    for labels, like in ((blocks, True), (np.random.default_rng(0).permutation(blocks), False)):
        known = np.where(ring % 5 == 0, labels, -1)
        assert labelled_edges(edges, known) == 0
        assert (estimate_homophily(edges, known) > 0.5) == like


def test_classes_that_attract_one_another_are_not_alike():
    """Walks of even length lead back to the same class, and must not count for it."""
    graph = block_graph(cyclic_compatibility(2, 0.1), 1000, seed=0)
    for seed in range(5):
        assert propagation_skill(graph.adjacency, some(graph.labels, 20, seed)) < -0.2


def test_its_error_where_edges_are_random():
    """The spread of estimates over labels drawn at random, within a third."""
    for classes, each in ((2, 20), (5, 20), (3, 100)):
        graph = block_graph(np.full((classes, classes), 1 / classes), 1000, seed=classes)
        known = [some(graph.labels, each, seed) for seed in range(60)]
        found = [estimate_homophily(graph.adjacency, labels) for labels in known]
        want = np.mean([homophily_error(graph.adjacency, labels) for labels in known])
        assert np.std(found) == pytest.approx(want, rel=1 / 3)
    assert np.isnan(homophily_error(graph.adjacency, np.where(graph.labels == 0, 0, -1)))


def test_folds_have_as_many_of_each_class():
    codes = np.repeat([0, 1, 2], [12, 8, 1])
    fold = stratified_folds(codes, 4)
    assert (np.bincount(fold[codes == 0]) == 3).all()
    assert (np.bincount(fold[codes == 1]) == 2).all()
    np.testing.assert_array_equal(fold, stratified_folds(codes, 4))
    assert stratified_folds(np.array([0, 0, 1]), 4).max() == 1
