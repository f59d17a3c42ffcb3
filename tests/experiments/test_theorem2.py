import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import cdist

from diffresnet.similarity import similarity_graph
from diffresnet_lab.experiments.theorem2.blobs import in_unit_ball, random_blobs, xor_balls
from diffresnet_lab.experiments.theorem2.chain import geometric_times, moments, pieces, run_chain
from diffresnet_lab.experiments.theorem2.digits import (
    closest_of_two_classes,
    count_misclassified,
    digits_chain,
    fewest_intervals,
    heaviest_joining_edges,
)
from diffresnet_lab.experiments.theorem2.page import digits_result
from diffresnet_lab.experiments.theorem2.threshold import (
    balls_threshold,
    simplex_threshold,
    thresholds,
    widest_gap_in_the_plane,
)
from diffresnet_lab.theory import (
    class_intervals,
    projection_gaps,
    separating_direction,
    sufficient_ratio,
)


@given(seed=st.integers(0, 10**6), count=st.integers(2, 7))
def test_critical_angles_beat_every_angle_and_the_search_comes_near_them(seed, count):
    centres = np.random.default_rng(seed).standard_normal((count, 2))
    widest = widest_gap_in_the_plane(centres)
    angle = np.linspace(0.0, np.pi, 10_001)
    circle = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    on_circle = projection_gaps(centres, np.arange(count), circle).max()
    assert widest * (1 + 1e-9) >= on_circle >= widest - 4 * np.pi / 10_000
    # The search tries few of the orders that points can have; it is near the best, or at it.
    found = separating_direction(centres, np.arange(count)).gap
    assert 0.9 * widest <= found <= widest * (1 + 1e-9)


def test_known_thresholds():
    square = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    assert balls_threshold(square) == pytest.approx(np.sqrt(5) - 1)
    assert balls_threshold(np.hstack([square, np.zeros((4, 3))])) == pytest.approx(np.sqrt(5) - 1)
    assert balls_threshold(np.arange(5.0)[:, None] * [1.0, 0.0, 0.0]) == pytest.approx(0.0)
    for count in (3, 4, 7):
        assert balls_threshold(np.eye(count)) == pytest.approx(simplex_threshold(count))


@given(seed=st.integers(0, 10**6), count=st.integers(2, 6), dim=st.integers(2, 4))
def test_at_the_threshold_balls_just_part(seed, count, dim):
    centres = np.random.default_rng(seed).standard_normal((count, dim))
    ratio, apart = balls_threshold(centres), cdist(centres, centres)
    delta = apart[apart > 0].min()
    diameter = delta / (1 + ratio)  # L = delta - D, so L / D is the threshold
    gap = separating_direction(centres, np.arange(count), 256).gap
    assert gap == pytest.approx(diameter, rel=1e-9)
    assert ratio <= sufficient_ratio(count, dim, "ball")


def test_thresholds_grow_with_balls_and_dimensions_and_stay_below_the_bounds():
    found = {(t.dim, t.count): t for t in thresholds((2, 3), (3, 4, 5), draws=3, steps=5, seed=0)}
    for t in found.values():
        assert 0 <= t.typical <= t.worst < t.ball < t.sharp <= t.simple * (1 + 1e-9)
    for n in (3, 4, 5):
        assert found[3, n].worst >= found[2, n].worst * (1 - 1e-9)
    assert found[2, 5].worst >= found[2, 4].worst >= found[2, 3].worst >= 1 - 1e-9
    assert found[3, 4].worst >= simplex_threshold(4) * (1 - 1e-9)


@pytest.mark.parametrize("dim", [2, 5])
@pytest.mark.parametrize("make", [xor_balls, random_blobs])
def test_sets_are_convex_pieces_apart(make, dim):
    blobs = make(dim, np.random.default_rng(0))
    assert blobs.points.shape == (len(blobs.subsets), dim)
    assert len(np.unique(blobs.subsets)) > len(np.unique(blobs.classes))
    for subset in np.unique(blobs.subsets):
        own = blobs.subsets == subset
        assert len(np.unique(blobs.classes[own])) == 1
        assert np.ptp(blobs.points[own], axis=0).max() <= 1.5
    other = blobs.subsets[:, None] != blobs.subsets
    assert cdist(blobs.points, blobs.points)[other].min() > 0


def test_a_ball_is_filled_evenly():
    radius = np.linalg.norm(in_unit_ball(4000, 3, np.random.default_rng(0)), axis=1)
    assert radius.max() <= 1
    assert (radius < 0.5).mean() == pytest.approx(1 / 8, abs=0.03)


def test_times_double():
    assert geometric_times(8.0, 1) == (0.0, 1.0, 2.0, 4.0, 8.0)
    assert geometric_times(8.0, 2)[::2] == (0.0, 2.0**0.5, 8.0**0.5, 2.0**2.5)
    assert set(geometric_times(64.0, 1)) < set(geometric_times(64.0, 2))


def test_moments_do_not_depend_on_those_between():
    blobs = xor_balls(3, np.random.default_rng(0))
    weights = similarity_graph(blobs.points)
    *_, whole = moments(weights, blobs.points, blobs.subsets, (16.0,))
    *_, pieced = moments(weights, blobs.points, blobs.subsets, (0.0, 3.0, 16.0))
    np.testing.assert_allclose(whole.points, pieced.points, atol=1e-9)
    assert whole.ratio == pytest.approx(pieced.ratio)


@pytest.mark.parametrize("make", [xor_balls, random_blobs])
def test_the_chain_separates_with_nothing_trained(make):
    blobs = make(3, np.random.default_rng(0))
    weights = similarity_graph(blobs.points)
    assert len(np.unique(pieces(weights))) == len(np.unique(blobs.subsets))
    moving = moments(weights, blobs.points, blobs.subsets, geometric_times(4096.0, 1))
    chain, past = run_chain(moving, blobs.subsets, blobs.classes)
    assert chain.complete
    assert chain.right == len(blobs.points)
    assert chain.ratio == past[-1].ratio > chain.needed
    assert chain.ratio > past[0].ratio
    assert all(moment.ratio <= chain.needed for moment in past[:-1])
    assert chain.direction_at <= chain.certificate_at
    assert chain.ball_at <= chain.bound_at == past[-1].time


@pytest.fixture(scope="module")
def digits():
    return digits_chain(0.25, seed=42)


def test_the_oracle_keeps_the_edges_inside_classes(digits):
    graphs = digits.graphs
    first, second, weight = graphs.edges
    assert 0.01 < graphs.joining.mean() < 0.1
    kept = graphs.oracle.tocoo()
    assert (graphs.classes[kept.row] == graphs.classes[kept.col]).all()
    assert kept.nnz == 2 * (~graphs.joining).sum()
    assert kept.sum() == pytest.approx(2 * weight[~graphs.joining].sum())
    for piece in np.unique(digits.pieces):
        assert len(np.unique(graphs.classes[digits.pieces == piece])) == 1


def test_on_the_oracles_graph_every_digit_comes_out_right(digits):
    assert digits.chain.complete
    assert digits.chain.right == 1797
    assert digits.chain.subsets == len(np.unique(digits.pieces)) >= 10
    assert (
        digits.cleaned[-1].ratio > digits.chain.needed == sufficient_ratio(digits.chain.subsets, 64)
    )


def test_on_the_plain_graph_the_chain_breaks(digits):
    start = digits.plain[0]
    assert start.ratio == pytest.approx(digits.cleaned[0].ratio)
    assert all(each.ratio < start.ratio for each in digits.plain[1:])
    assert all(each.best_margin < 0 for each in digits.plain)
    assert 0 < digits.best.wrong.sum() < start.wrong.sum()
    assert digits.best.wrong.sum() < digits.plain[-1].wrong.sum()
    assert 10 < digits.orderly.fewest_runs < start.fewest_runs


def test_class_intervals_are_those_of_the_theory(digits):
    for each in digits.plain[:3]:
        along = each.moment.points @ each.direction
        assert len(class_intervals(along, digits.graphs.classes)) == each.fewest_runs
    assert digits.memorised is None or digits.memorised[1] == 1797


def test_heaviest_edges_between_classes_come_first_and_share_no_point(digits):
    first, second, weight = digits.graphs.edges
    chosen = heaviest_joining_edges(digits.graphs, 6)
    assert len(chosen) == 6
    assert weight[chosen[0]] == weight[digits.graphs.joining].max()
    assert (np.diff(weight[chosen]) <= 0).all()
    ends = np.concatenate([first[chosen], second[chosen]])
    assert len(np.unique(ends)) == 12
    assert (digits.graphs.classes[first[chosen]] != digits.graphs.classes[second[chosen]]).all()


def test_the_closest_points_of_two_classes():
    rng = np.random.default_rng(0)
    points, classes = rng.standard_normal((60, 3)), rng.integers(0, 4, 60)
    i, j = closest_of_two_classes(points, classes)
    apart = np.where(classes[:, None] == classes, np.inf, cdist(points, points))
    assert apart[i, j] == apart.min()


def test_counts_where_they_are_known():
    square = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    assert count_misclassified(square, np.array([0, 0, 1, 1])) == 0
    assert count_misclassified(square, np.array([0, 1, 1, 0])) >= 1
    assert fewest_intervals(square, np.array([0, 0, 1, 1]), seed=0)[1] == 2
    assert fewest_intervals(square, np.array([0, 1, 1, 0]), seed=0)[1] == 3


def test_the_page_of_digits_has_their_numbers(digits):
    part = digits_result(digits)
    json.dumps(part.rows, allow_nan=False)
    assert [row["graph"] for row in part.rows[:2]] == ["oracle", "oracle"]
    assert part.values["best"]["wrong_side"] == digits.best.wrong.sum()
    assert part.values["edges"]["joining"] == digits.graphs.joining.sum()
    assert part.values["overlapping"] == len(digits.plain)
    marked = [line[4].unfavourable for line in part.tables["digits"].rows]
    assert marked == [True] * len(digits.plain)
