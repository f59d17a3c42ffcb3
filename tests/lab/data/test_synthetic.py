import numpy as np
import pytest

from diffresnet.errors import InputError
from diffresnet_lab.data.synthetic import circle, moon, spiral, xor


@pytest.mark.parametrize(("make", "points"), [(xor, 400), (circle, 1000), (moon, 1000)])
def test_a_set_has_its_points_and_two_equal_classes(make, points):
    data = make()
    assert data.points.shape == (points, 2)
    assert data.points.dtype == np.float64
    assert np.bincount(data.classes).tolist() == [points // 2] * 2
    assert len(data) == points


@pytest.mark.parametrize("make", [xor, circle, moon, spiral])
def test_a_seed_gives_one_set(make):
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    np.testing.assert_array_equal(make(20).points, make(20).points)
    assert not np.array_equal(make(20).points, make(20, seed=1).points)
    np.testing.assert_array_equal(np.random.get_state()[1], before)  # noqa: NPY002


def test_xor_is_four_discs_with_opposite_ones_of_a_class():
    data = xor(points=500, radius=0.5)
    for subset in range(4):
        disc = data.points[data.subsets == subset]
        centre = np.round(disc.mean(0))
        assert set(centre) <= {0.0, 2.0}
        radius = np.linalg.norm(disc - centre, axis=1)
        assert radius.max() <= 0.5
        assert (radius < 0.25).mean() == pytest.approx(0.25, abs=0.06)  # uniform in area
        assert set(data.classes[data.subsets == subset]) == {int(centre[0] != centre[1])}


def test_rings_have_their_radii():
    data = circle()
    radius = np.linalg.norm(data.points, axis=1)
    for c in (0, 1):
        assert radius[data.classes == c].mean() == pytest.approx(2.0 - c, abs=0.01)
        assert radius[data.classes == c].std() == pytest.approx(0.05, abs=0.01)


def test_moons_without_noise_lie_on_their_half_circles():
    data = moon(noise=0.0)
    first, second = (data.points[data.classes == c] for c in (0, 1))
    np.testing.assert_allclose(np.linalg.norm(first, axis=1), 1.0)
    np.testing.assert_allclose(np.linalg.norm(second - [1.0, 0.5], axis=1), 1.0)
    assert first[:, 1].min() > -1e-9
    assert second[:, 1].max() < 0.5 + 1e-9


def test_the_arms_of_the_spiral_are_opposite():
    data = spiral(noise=0.0)
    radius = np.linalg.norm(data.points, axis=1)
    assert radius.min() >= 1.0
    assert radius.max() <= 1.0 + 2.0 * np.pi
    sign = 1.0 - 2.0 * data.classes
    theta = radius - 1.0
    expected = (sign * radius)[:, None] * np.stack([np.cos(theta), np.sin(theta)], 1)
    np.testing.assert_allclose(data.points, expected, atol=1e-12)


def test_noise_is_gaussian_in_each_coordinate():
    difference = spiral(noise=0.1).points - spiral(noise=0.0).points
    assert difference.std(0) == pytest.approx([0.1, 0.1], rel=0.1)


@pytest.mark.parametrize(
    "call", [lambda: xor(0), lambda: xor(radius=-1.0), lambda: moon(noise=float("nan"))]
)
def test_what_makes_no_set_is_refused(call):
    with pytest.raises(InputError):
        call()
