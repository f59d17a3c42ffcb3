import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given

from diffresnet.operators.symmetry import reversing_measure
from graph_cases import graphs, weights


def balanced(w, d):
    flow = d[:, None] * w
    return np.abs(flow - flow.T).max(initial=0.0) <= 1e-9 * max(1e-300, flow.max(initial=0.0))


def test_symmetric_weights_have_a_constant_measure():
    assert (reversing_measure(sp.csr_array(weights("symmetric", 9))) == 1.0).all()


def test_random_walk_is_reversed_by_the_degrees():
    w = weights("symmetric", 9)
    degree = w.sum(1)
    d = reversing_measure(sp.csr_array(w / degree[:, None]))
    np.testing.assert_allclose(d / d[0], degree / degree[0], rtol=1e-9)
    assert d.min() == 1.0


def test_several_components_and_isolated_points():
    w = np.zeros((20, 20))
    w[:6, :6] = weights("reversible", 6, seed=1)
    w[7:12, 7:12] = weights("reversible", 5, seed=2)
    w[12:19, 12:19] = weights("symmetric", 7, seed=3)
    order = np.random.default_rng(0).permutation(20)
    w = w[order][:, order]
    assert balanced(w, reversing_measure(sp.csr_array(w)))


def test_long_path_is_reversed_exactly():
    w = sp.diags_array([np.full(999, 1.001), np.full(999, 1.0)], offsets=[1, -1]).tocsr()
    d = reversing_measure(w)
    np.testing.assert_allclose(d[1:] / d[:-1], 1.001, rtol=1e-6)


@given(graphs("reversible"))
def test_every_random_walk_is_reversible(w):
    assert balanced(w, reversing_measure(sp.csr_array(w)))


@given(graphs("symmetric"))
def test_self_loops_change_nothing(w):
    looped = w + np.eye(len(w))
    assert (reversing_measure(sp.csr_array(looped)) == 1.0).all()


def test_directed_graphs_have_none():
    assert reversing_measure(sp.csr_array(weights("none", 9))) is None


def test_one_way_edge_has_none():
    w = weights("symmetric", 9)
    w[0, 1] = 0.0
    assert reversing_measure(sp.csr_array(w)) is None


def test_cycle_that_prefers_one_way_has_none():
    # The pattern is symmetric; the products of the weights around the two ways differ.
    w = np.array([[0, 2.0, 1.0], [1.0, 0, 2.0], [2.0, 1.0, 0]])
    assert reversing_measure(sp.csr_array(w)) is None


def test_one_directed_component_is_enough():
    w = np.zeros((9, 9))
    w[:5, :5] = weights("reversible", 5)
    w[5:, 5:] = weights("none", 4)
    assert reversing_measure(sp.csr_array(w)) is None


def test_useless_measure_is_none():
    w = sp.diags_array([np.full(40, 10.0), np.full(40, 0.1)], offsets=[1, -1]).tocsr()
    assert reversing_measure(w) is None


def test_no_points():
    assert reversing_measure(sp.csr_array((0, 0))).shape == (0,)


@pytest.mark.parametrize("kind", ["symmetric", "reversible", "none"])
def test_stored_zeros_are_no_edges_and_stay(kind):
    w = weights(kind, 6)
    rows, columns = np.indices(w.shape).reshape(2, -1)
    full = sp.csr_array((w.ravel(), (rows, columns)), shape=w.shape)
    full.data[np.flatnonzero(full.data == 0)] = 0.0
    before = full.data.copy(), full.indptr.copy()
    d = reversing_measure(full)
    assert (d is None) == (kind == "none")
    np.testing.assert_array_equal(full.data, before[0])
    np.testing.assert_array_equal(full.indptr, before[1])


def test_single_precision_weights():
    w = sp.csr_array(weights("reversible", 30).astype(np.float32))
    assert reversing_measure(w) is not None
