import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diffresnet.errors import InputError
from diffresnet_lab.theory import (
    failure_probability,
    projection_gaps,
    separating_direction,
    sufficient_ratio,
)

SQUARE = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])


def blobs(seed, n, dim, size, points=5):
    rng = np.random.default_rng(seed)
    subsets = np.repeat(np.arange(n), points)
    return rng.standard_normal((n, dim))[subsets] + size * rng.random((len(subsets), dim)), subsets


def smallest_gap(points, subsets, u):
    """By the definition: intervals sorted by their middles, one after another."""
    ends = [
        ((points[subsets == k] @ u).min(), (points[subsets == k] @ u).max()) for k in {*subsets}
    ]
    ends.sort(key=lambda interval: interval[0] + interval[1])
    return min((b[0] - a[1] for a, b in itertools.pairwise(ends)), default=np.inf)


@given(seed=st.integers(0, 10**6), n=st.integers(1, 6), dim=st.integers(1, 5))
def test_gaps_are_those_of_the_definition(seed, n, dim):
    points, subsets = blobs(seed, n, dim, 1.0)
    directions = np.random.default_rng(seed).standard_normal((300, dim))
    expected = [smallest_gap(points, subsets, u) for u in directions]
    np.testing.assert_allclose(projection_gaps(points, subsets, directions), expected, atol=1e-12)


@given(seed=st.integers(0, 10**6), n=st.integers(2, 6), dim=st.integers(1, 5))
def test_a_gap_is_positive_exactly_if_no_two_intervals_meet(seed, n, dim):
    points, subsets = blobs(seed, n, dim, 0.5)
    for u in np.random.default_rng(seed).standard_normal((20, dim)):
        p = [points[subsets == k] @ u for k in range(n)]
        meet = any(
            a.min() <= b.max() and b.min() <= a.max() for k, a in enumerate(p) for b in p[:k]
        )
        assert (projection_gaps(points, subsets, u[None])[0] > 0) == (not meet)


@given(
    seed=st.integers(0, 10**6),
    n=st.integers(2, 5),
    dim=st.integers(1, 5),
    scale=st.floats(1e-3, 1e3),
)
def test_gaps_turn_and_grow_with_the_points(seed, n, dim, scale):
    rng = np.random.default_rng(seed)
    points, subsets = blobs(seed, n, dim, 0.5)
    directions = rng.standard_normal((9, dim))
    turn = np.linalg.qr(rng.standard_normal((dim, dim)))[0]
    mix, names = rng.permutation(len(points)), rng.permutation(n) - 2
    moved = (scale * points @ turn + rng.standard_normal(dim))[mix]
    np.testing.assert_allclose(
        projection_gaps(moved, names[subsets[mix]], -directions @ turn),
        scale * projection_gaps(points, subsets, directions),
        atol=1e-9 * scale,
    )


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize(("n", "size"), [(3, 0.1), (5, 0.05), (7, 0.01), (6, 1.0)])
def test_in_the_plane_the_search_beats_every_angle(seed, n, size):
    points, subsets = blobs(seed, n, 2, size)
    angle = np.linspace(0.0, np.pi, 20_001)
    circle = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    best = projection_gaps(points, subsets, circle).max()
    found = separating_direction(points, subsets)
    if best > 0:
        assert found.separated
        assert found.gap >= best - 1e-12
    else:
        assert found.margin > -1


@given(seed=st.integers(0, 10**6), n=st.integers(1, 6), dim=st.integers(1, 8))
@settings(max_examples=15)
def test_what_is_found_is_what_is_said(seed, n, dim):
    points, subsets = blobs(seed, n, dim, 0.2)
    found = separating_direction(points, subsets, samples=64, seed=seed)
    assert np.linalg.norm(found.direction) == pytest.approx(1.0)
    assert found.gap == pytest.approx(smallest_gap(points, subsets, found.direction), abs=1e-12)
    assert found.extent == pytest.approx(np.ptp(points @ found.direction))
    assert found.certificate == failure_probability(points, subsets)
    assert found.failure_probability == min(1.0, found.certificate) ** 64
    assert found.tried > 64 or n == 1
    if n > 1:
        assert found.margin <= 1 / (n - 1) + 1e-12


@given(
    seed=st.integers(0, 10**6),
    n=st.integers(2, 8),
    dim=st.integers(1, 12),
    form=st.sampled_from(["ball", "sharp", "simple"]),
)
def test_theorem_2(seed, n, dim, form):
    """Any sets whose L/D is above the sufficient ratio are separated."""
    rng = np.random.default_rng(seed)
    subsets = np.repeat(np.arange(n), 4)
    centres = rng.standard_normal((n, dim)) * rng.choice([0.01, 1.0, 100.0], dim)
    shape = rng.standard_normal((4 * n, dim)) * rng.choice([0.01, 1.0], dim)
    apart = [np.linalg.norm(a - b) for k, a in enumerate(centres) for b in centres[:k]]
    # Points within r of their centre: D <= 2 r, and L >= delta - 2 r.
    ratio = 1.01 * sufficient_ratio(n, dim, form)
    r = min(apart) / (2 * ratio + 2)
    shape *= r / np.linalg.norm(shape, axis=1).max()
    found = separating_direction(centres[subsets] + shape, subsets, samples=512)
    assert found.separated


def test_points_at_equal_distances_have_the_known_gap():
    for n in (3, 5, 9):
        gap = separating_direction(np.eye(n) / np.sqrt(2), np.arange(n)).gap
        assert gap == pytest.approx(np.sqrt(6 / (n * (n**2 - 1))))


def test_a_seed_gives_one_direction_and_touches_no_global_state():
    points, subsets = blobs(1, 6, 4, 0.1)
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    first, second = (separating_direction(points, subsets, seed=3) for _ in range(2))
    np.testing.assert_array_equal(first.direction, second.direction)
    np.testing.assert_array_equal(np.random.get_state()[1], before)  # noqa: NPY002


def test_on_a_line_there_is_one_direction():
    points = np.array([[0.0], [1.0], [3.0], [4.0]])
    found = separating_direction(points, np.array([0, 0, 1, 1]))
    assert (abs(found.direction[0]), found.gap, found.margin) == (1.0, 2.0, 0.5)
    assert not separating_direction(points, np.array([0, 1, 0, 1])).separated


def test_one_subset_is_separated_by_any_direction():
    found = separating_direction(SQUARE, np.zeros(4, dtype=np.int64))
    assert found.separated
    assert (found.gap, found.margin, found.failure_probability) == (np.inf, np.inf, 0.0)
    alone = separating_direction(np.ones((1, 3)), np.zeros(1, dtype=np.int64))
    assert alone.separated
    assert alone.margin == np.inf


@pytest.mark.parametrize("offset", [0.0, 1e6])
def test_equal_points_in_two_subsets_are_never_separated(offset):
    points = np.vstack([np.random.default_rng(0).standard_normal((300, 7)), np.ones((2, 7))])
    subsets = np.append(np.zeros(301, dtype=np.int64), 1)
    assert not separating_direction(points + offset, subsets, samples=300).separated
    with pytest.raises(InputError, match="no direction separates the 2 subsets"):
        separating_direction(points + offset, subsets, samples=300, on_failure="raise")
    same = separating_direction(np.zeros((2, 3)), np.arange(2))
    assert (same.separated, same.gap, same.margin) == (False, 0.0, 0.0)


def test_an_overlap_is_measured_against_the_extent():
    # Mixed in the first coordinate only by a little, in the second, which hardly varies, in full.
    rng = np.random.default_rng(0)
    points = np.column_stack([np.linspace(0.0, 1.0, 100), 1e-6 * rng.random(100)])
    subsets = (np.arange(100) > 50).astype(np.int64)
    subsets[[45, 55]] = 1, 0
    found = separating_direction(points, subsets)
    assert not found.separated
    assert found.margin > -0.15


def test_a_rigid_motion_finds_as_wide_a_gap():
    points, subsets = blobs(5, 5, 4, 0.1)
    turn = np.linalg.qr(np.random.default_rng(1).standard_normal((4, 4)))[0]
    gap = separating_direction(points, subsets).gap
    assert separating_direction(5.0 * points @ turn - 3.0, subsets).gap == pytest.approx(
        5.0 * gap, rel=0.02
    )


def test_what_cannot_be_searched_is_refused(unchecked):
    subsets = np.arange(4)
    with pytest.raises(InputError, match="NaN"):
        separating_direction(np.where(SQUARE == 1, np.nan, SQUARE), subsets)
    with pytest.raises(InputError, match="one subset a point"):
        separating_direction(SQUARE, subsets[:3])
    with pytest.raises(InputError, match="samples"):
        separating_direction(SQUARE, subsets, samples=0)
    with pytest.raises(InputError, match="on_failure"):
        separating_direction(SQUARE, subsets, on_failure="ignore")
