import numpy as np
import pytest
import scipy.integrate
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import pdist

from diffresnet.errors import InputError
from diffresnet_lab.theory import failure_probability, projection_gaps, sufficient_ratio
from diffresnet_lab.theory.sufficient_ratio import enclosing_ball, slab_probability, slab_width

FORMS = ("ball", "sharp", "simple")


@pytest.mark.parametrize("dim", [2, 3, 4, 7, 20])
@pytest.mark.parametrize("width", [0.01, 0.3, 0.9])
def test_the_slab_has_the_area_of_its_belt(dim, width):
    # In coordinates s = sin(angle) the density is (1 - s^2)^((d - 3) / 2): integrate the angle.
    area = [
        scipy.integrate.quad(lambda a: np.cos(a) ** (dim - 2), 0.0, end)[0]
        for end in (np.arcsin(width), np.pi / 2)
    ]
    assert slab_probability(np.array(width), dim) == pytest.approx(area[0] / area[1], rel=1e-9)


@pytest.mark.parametrize("dim", [2, 3, 10, 500])
@pytest.mark.parametrize("probability", [1e-9, 0.02, 0.5, 1.0])
def test_the_width_is_the_inverse(dim, probability):
    width = slab_width(probability, dim)
    assert slab_probability(np.array(width), dim) == pytest.approx(probability, rel=1e-7)


def test_on_a_line_a_unit_vector_is_a_sign():
    np.testing.assert_array_equal(slab_probability(np.array([0.5, 1.0, 3.0]), 1), [0.0, 1.0, 1.0])


@pytest.mark.parametrize("n", [2, 3, 4, 12])
def test_closed_forms_in_the_plane_and_in_space(n):
    plane = 2.0 / np.sin(np.pi / (n * (n - 1)))
    assert sufficient_ratio(n, 2) == pytest.approx(plane)
    assert sufficient_ratio(n, 2, "simple") == pytest.approx(plane)
    # |S^1| / |S^2| = 1/2, and projections of the sphere of R^3 are uniform.
    assert sufficient_ratio(n, 3) == pytest.approx(n * (n - 1))
    assert sufficient_ratio(n, 3, "simple") == pytest.approx(n * (n - 1))


def test_the_simple_form_is_that_of_the_areas():
    # |S^3| = 2 pi^2 and |S^4| = 8 pi^2 / 3 in R^5.
    assert sufficient_ratio(5, 5, "simple") == pytest.approx(2 * 5 * 4 * 3 / 4)


@given(n=st.integers(2, 2000), dim=st.integers(2, 3000))
def test_the_forms_are_in_order_and_grow(n, dim):
    ball, sharp, simple = (sufficient_ratio(n, dim, form) for form in FORMS)
    assert 1.0 < ball < sharp <= simple * (1 + 1e-9)
    for form in FORMS:
        assert sufficient_ratio(n + 1, dim, form) > sufficient_ratio(n, dim, form)
    if n > 2:
        assert sufficient_ratio(n, dim + 1) > sharp
    # At the sharp ratio the belts of all pairs just cover the sphere.
    pairs = n * (n - 1) / 2
    assert pairs * slab_probability(np.array(2 / sharp), dim) == pytest.approx(1.0, rel=1e-6)


def test_one_subset_needs_nothing_and_a_line_little():
    assert sufficient_ratio(1, 5) == 0.0
    assert {sufficient_ratio(n, 1, form) for n in (2, 9) for form in FORMS} == {0.5}


@given(st.lists(st.lists(st.integers(-50, 50), min_size=1, max_size=4), min_size=2, max_size=4))
def test_on_a_line_more_than_half_keeps_subsets_apart(sets):
    points = np.array([[float(v)] for own in sets for v in own])
    subsets = np.repeat(np.arange(len(sets)), [len(own) for own in sets])
    diameter = max(max(own) - min(own) for own in sets)
    distance = min(
        abs(a - b) for i, own in enumerate(sets) for a in own for other in sets[:i] for b in other
    )
    gap = projection_gaps(points, subsets, np.array([[1.0]]))[0]
    if distance > diameter * sufficient_ratio(len(sets), 1):
        assert gap > 0
    # Half is not enough: a point in the middle between two.
    assert projection_gaps(np.array([[0.0], [2.0], [1.0]]), np.array([0, 0, 1]), np.eye(1))[0] < 0


@pytest.mark.parametrize(("n", "dim", "form"), [(0, 2, "sharp"), (3, 0, "sharp"), (3, 2, "best")])
def test_what_makes_no_sense_is_refused(n, dim, form, unchecked):
    with pytest.raises(InputError):
        sufficient_ratio(n, dim, form)


def blobs(seed, n, dim, size):
    rng = np.random.default_rng(seed)
    subsets = np.repeat(np.arange(n), 5)
    return rng.standard_normal((n, dim))[subsets] + size * rng.random((5 * n, dim)), subsets


@given(
    seed=st.integers(0, 10**6),
    n=st.integers(2, 5),
    dim=st.integers(2, 6),
    size=st.sampled_from([0.01, 0.1, 0.3]),
)
def test_no_more_directions_fail_than_the_certificate_says(seed, n, dim, size):
    points, subsets = blobs(seed, n, dim, size)
    p = failure_probability(points, subsets)
    drawn = np.random.default_rng(seed + 1).standard_normal((2000, dim))
    failed = (projection_gaps(points, subsets, drawn) <= 0).mean()
    # Five standard deviations of a share of 2,000 draws.
    assert failed <= p + 5 * np.sqrt(max(p, 1e-3) / 2000)


@given(seed=st.integers(0, 10**6), n=st.integers(2, 5), dim=st.integers(1, 6))
def test_the_certificate_knows_no_frame_and_no_unit(seed, n, dim):
    points, subsets = blobs(seed, n, dim, 0.1)
    turn = np.linalg.qr(np.random.default_rng(seed).standard_normal((dim, dim)))[0]
    moved = 1e3 * points @ turn + 7.0
    assert failure_probability(moved, -subsets) == pytest.approx(
        failure_probability(points, subsets), rel=1e-6, abs=1e-12
    )


def test_a_certificate_at_its_ends():
    rng = np.random.default_rng(0)
    points = rng.standard_normal((6, 3))
    assert failure_probability(points, np.zeros(6, dtype=np.int64)) == 0.0
    assert failure_probability(points, np.arange(6)) == 0.0  # single points
    assert failure_probability(np.zeros((2, 3)), np.arange(2)) == 1.0  # one place
    two = np.array([[0.0, 0.0], [2.0, 0.0], [5.0, 0.0]])  # |u . e| <= 1/4 in the plane
    expected = 2 / np.pi * np.arcsin(1 / 4)
    assert failure_probability(two, np.array([0, 0, 1])) == pytest.approx(expected, rel=1e-2)


@given(seed=st.integers(0, 10**6), n=st.integers(1, 12), dim=st.integers(1, 8))
def test_a_ball_holds_its_points_and_is_hardly_larger_than_jung_allows(seed, n, dim):
    points = np.random.default_rng(seed).standard_normal((n, dim))
    centre, radius = enclosing_ball(points)
    reach = np.linalg.norm(points - centre, axis=1).max()
    assert reach == pytest.approx(radius, abs=1e-12)
    diameter = pdist(points).max() if n > 1 else 0.0
    assert diameter / 2 - 1e-12 <= radius <= 1.03 * diameter * np.sqrt(dim / (2 * dim + 2)) + 1e-12


def test_the_ball_of_a_simplex_is_as_large_as_jung_allows():
    corners = np.eye(6)
    assert enclosing_ball(corners)[1] == pytest.approx(np.sqrt(5 / 6))


def test_values_that_are_not_finite_are_refused():
    with pytest.raises(InputError, match="NaN"):
        failure_probability(np.array([[np.nan], [1.0]]), np.arange(2))
