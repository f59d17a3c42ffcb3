from dataclasses import replace

import numpy as np
import pytest
import scipy.sparse

from diffresnet_lab.experiments.prop1.cases import (
    SubsetCase,
    digits_cases,
    hulls_apart,
    synthetic_case,
)
from diffresnet_lab.experiments.prop1.figures import rates_figure
from diffresnet_lab.experiments.prop1.geometry import geometry_rows
from diffresnet_lab.experiments.prop1.page import assumption_columns, case_row
from diffresnet_lab.experiments.prop1.rates import follow_case
from diffresnet_lab.experiments.prop1.window import connecting_k, cut, digits_edges, xor_window
from diffresnet_lab.pages.style import svg
from diffresnet_lab.pages.table import table


@pytest.fixture(scope="module")
def xor_case():
    return follow_case(synthetic_case("XOR"), looks=40)


@pytest.fixture(scope="module")
def circle_case():
    return follow_case(synthetic_case("circle", decades=3.0), looks=20)


@pytest.fixture(scope="module")
def joined_case():
    """XOR with every point linked to every other: one component."""
    case = synthetic_case("XOR")
    n = len(case.points)
    distance = np.linalg.norm(case.points[:, None] - case.points, axis=2)
    dense = np.exp(-(distance**2)) * (1 - np.eye(n))
    walk = scipy.sparse.csr_array(dense / dense.sum(1, keepdims=True))
    return follow_case(replace(case, weights=walk, decades=4.0), looks=20)


def test_where_the_assumptions_hold_the_graph_foretells_the_rate(xor_case):
    assert xor_case.applies
    assert xor_case.fitted == pytest.approx(xor_case.graph.contraction, rel=1e-6)
    assert xor_case.graph.contraction == pytest.approx(0.9265, abs=5e-5)
    assert xor_case.graph.classes == 4
    assert xor_case.end.distance == pytest.approx(1.708, abs=5e-4)
    # Hulls only shrink, so D never grows.
    assert (np.diff(xor_case.motion.diameter) < 1e-15).all()


def test_rings_are_not_convex_and_shrink_all_the_same(circle_case):
    assert circle_case.settled
    assert not circle_case.convex
    assert not circle_case.applies
    assert circle_case.end.diameter == 0.0
    assert circle_case.fitted == pytest.approx(circle_case.graph.contraction, rel=1e-2)
    assert circle_case.motion.ratio[circle_case.lowest] < circle_case.motion.ratio[0]


def test_one_component_swallows_all_subsets(joined_case):
    assert joined_case.graph.classes == 1
    assert joined_case.case.cross_weight > 0.1
    assert not joined_case.applies
    assert joined_case.end == type(joined_case.end)(0.0, 0.0)
    assert joined_case.motion.distance[-1] < 1e-2


def test_a_subset_in_two_pieces_keeps_its_diameter():
    path = scipy.sparse.csr_array(np.kron(np.eye(4), np.array([[0.6, 0.4], [0.4, 0.6]])))
    points = np.array([[0.0], [1.0], [3.0], [4.0], [10.0], [11.0], [13.0], [14.0]])
    case = SubsetCase("pairs", points, np.repeat([0, 1], 4), path, 0, 6.0)
    found = follow_case(case)
    assert not found.settled
    assert found.fitted is None
    assert (found.end.diameter, found.end.distance) == pytest.approx((3.0, 7.0))
    assert found.motion.diameter[-1] == pytest.approx(3.0)
    np.testing.assert_allclose(found.predicted(), 7.0 / 3.0)


def test_the_table_marks_where_the_ratio_falls(xor_case, circle_case, joined_case):
    rows = [case_row(case) for case in (xor_case, circle_case, joined_case)]
    assert [row["own_class"] for row in rows] == [True, True, False]
    assert [row["assumptions_hold"] for row in rows] == [True, False, False]
    assert [row["paper_steps"] for row in rows] == [200, 200, 200]
    assert rows[0]["ratio_paper"] == pytest.approx(7.2e6, rel=2e-2)
    shown = table(rows, assumption_columns())
    assert [line[6].unfavourable for line in shown.rows] == [False, True, True]
    svg(rates_figure((xor_case, circle_case, joined_case)))


def test_the_digits_three_times():
    whole, classes, pieces = digits_cases()
    for case in (whole, classes, pieces):
        sums = case.weights.sum(1)
        assert np.isclose(sums, 1.0).sum() + (sums == 0.0).sum() == 1797
    assert whole.cross_weight > 0.01
    assert classes.cross_weight == pieces.cross_weight == 0.0
    assert len(np.unique(classes.subsets)) == 10
    for piece in np.unique(pieces.subsets):
        assert len(np.unique(classes.subsets[pieces.subsets == piece])) == 1


@pytest.mark.parametrize(("shift", "apart"), [(2.5, True), (1.0, False)])
def test_hulls_apart(shift, apart):
    angle = np.linspace(0.0, 2.0 * np.pi, 40)
    ring = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    points = np.concatenate([ring, ring + np.array([shift, 0.0])])
    assert hulls_apart(points, np.repeat([0, 1], 40)) is apart


def test_hulls_that_the_means_do_not_tell_apart():
    # Thin triangles along one line: the difference of means is no normal of a plane between.
    a = np.array([[0.0, 0.0], [10.0, 1.0], [10.0, 0.9]])
    assert hulls_apart(np.concatenate([a, a - [0.0, 0.3]]), np.repeat([0, 1], 3))


def test_a_ring_in_a_ring_is_not_apart():
    case = synthetic_case("circle")
    assert not hulls_apart(case.points, case.subsets)


def test_the_window_of_xor():
    window = xor_window((3, 10, 20, 40), (0.3, 0.5))
    assert window.applies == [10, 20]
    assert window.broken.tolist() == [True, False, False, False]
    assert window.joined.tolist() == [False, False, False, True]
    assert window.ratio[1, 2] == pytest.approx(7.2e6, rel=2e-2)
    assert (window.ratio[:, 1:3].min(0) > window.ratio[:, [0, 3]].max(1)).all()
    assert (window.cross_weight[:, :3] == 0).all()
    assert window.contraction[1, 2] == pytest.approx(0.9265, abs=5e-5)
    rows = window.rows()
    assert len(rows) == 8
    assert (rows[6]["ntop"], rows[6]["sigma"]) == (20, 0.5)
    assert rows[6]["ratio"] == window.ratio[1, 2]


def test_cutting_a_graph_counts_what_it_cuts():
    w = scipy.sparse.csr_array(np.array([[5.0, 1.0, 3.0], [1.0, 5.0, 0.0], [0.0, 0.0, 5.0]]))
    inside, edges, weight = cut(w, np.array([0, 0, 1]))
    assert edges == pytest.approx(1 / 3)
    assert weight == pytest.approx(3 / 5)
    assert inside.toarray().tolist() == [[5.0, 1.0, 0.0], [1.0, 5.0, 0.0], [0.0, 0.0, 5.0]]


def test_more_neighbours_of_digits_join_more_and_break_less():
    cross, pieces = digits_edges((1, 5, 20))
    assert (np.diff(cross) > 0).all()
    assert (np.diff(pieces) < 0).all()
    assert pieces[-1] >= 10


@pytest.mark.parametrize("n", [20, 150])
def test_the_smallest_connecting_k(n):
    connected, closed = connecting_k(n, seed=0)
    rng = np.random.default_rng((n, 0))
    angle, radius = 2.0 * np.pi * rng.random(n), np.sqrt(rng.random(n))
    points = radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], 1)
    distance = np.linalg.norm(points[:, None] - points, axis=2)
    near = np.argsort(distance, axis=1)[:, 1:]

    def reach(k):
        follows = np.eye(n, dtype=bool)
        follows[np.arange(n)[:, None], near[:, :k]] = True
        both = follows | follows.T
        for _ in range(10):
            follows, both = follows @ follows, both @ both
        return both.all(), follows.all(0).any()  # connected; somebody whom all follow

    assert reach(connected)[0]
    assert not reach(connected - 1)[0]
    assert reach(closed)[1]
    assert not reach(closed - 1)[1]


def test_both_geometries_agree_on_every_set():
    rows = geometry_rows(600, seed=0)
    assert [row["set"] for row in rows][:2] == ["XOR", "digits"]
    assert all(row["relative_difference"] < 1e-12 for row in rows)
