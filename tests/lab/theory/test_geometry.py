import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from diffresnet.errors import InputError
from diffresnet_lab.theory import geometry
from diffresnet_lab.theory.diameter import diameter, hull_corners
from diffresnet_lab.theory.geometry import SubsetGeometry, subset_geometry


def brute_force(points, subsets):
    d = np.sqrt(((points[:, None] - points[None]) ** 2).sum(2))
    same = subsets[:, None] == subsets[None]
    distance = d[~same].min() if (~same).any() else np.inf
    return d[same].max(), distance


def check(points, own, rel=1e-12):
    """Both ways that are taken: all pairs, and those that matter."""
    for small in (0, len(points)):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(geometry, "SMALL", small)
            check_one(points, own, rel)


def check_one(points, own, rel):
    found = subset_geometry(torch.from_numpy(points), torch.from_numpy(own))
    widest, distance = brute_force(points, own)
    assert found.diameter == pytest.approx(widest, rel=rel, abs=0.0)
    assert found.distance == pytest.approx(distance, rel=rel, abs=0.0)
    assert max(found.diameters.values()) == found.diameter
    for name, value in found.diameters.items():
        assert value == pytest.approx(brute_force(points[own == name], own[own == name])[0], rel)
    if found.closest is not None:
        pair = np.isin(own, found.closest)
        assert brute_force(points[pair], own[pair])[1] == pytest.approx(distance, rel)


SEEDS = st.integers(0, 2**32 - 1)
SHAPES = ("ball", "sphere", "line", "one point", "lattice", "repeated", "plane")


def cloud(rng, shape, n, d):
    x = rng.normal(size=(n, d))
    if shape == "sphere":
        return x / np.linalg.norm(x, axis=1, keepdims=True)
    if shape == "line":
        return x[:, :1] * rng.normal(size=d)
    if shape == "plane":  # thin, but with a volume: by rounding alone
        return x @ np.diag([1.0] * min(d, 2) + [1e-15] * max(0, d - 2))
    if shape == "one point":
        return np.tile(x[:1], (n, 1))
    if shape == "lattice":
        return np.round(2.0 * x)
    if shape == "repeated":
        return x[rng.integers(0, max(1, n // 8), n)]
    return x


@given(st.integers(1, 300), st.integers(1, 6), st.integers(1, 5), st.sampled_from(SHAPES), SEEDS)
def test_brute_force(n, d, subsets, shape, seed):
    rng = np.random.default_rng(seed)
    check(cloud(rng, shape, n, d), rng.integers(0, subsets, n))


@given(st.integers(2, 4), st.floats(-16.0, 2.0), st.sampled_from(SHAPES), SEEDS)
def test_subsets_far_smaller_than_their_coordinates(d, decades, shape, seed):
    # As late in a flow: each subset is nearly a point, somewhere.
    rng = np.random.default_rng(seed)
    own = np.repeat(np.arange(3), 90)
    x = rng.normal(size=(3, d))[own] + 10.0**decades * cloud(rng, shape, 270, d)
    check(x, own)


@given(st.integers(1, 5), st.floats(-12.0, 0.0), SEEDS)
def test_subsets_that_nearly_touch(d, decades, seed):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(120, d))
    x = np.concatenate([x, x[rng.permutation(120)] + 10.0**decades * rng.normal(size=(120, d))])
    check(x, np.repeat(np.arange(2), 120))


@pytest.mark.parametrize("d", [1, 2, 3, 5, 40])
@pytest.mark.parametrize("subsets", [1, 3, 90, 400])
def test_in_small_blocks(monkeypatch, d, subsets):
    rng = np.random.default_rng(d)
    monkeypatch.setattr(geometry, "CHUNK", 37)
    own = rng.integers(0, subsets, 400)
    check(rng.normal(size=(400, d)) + 0.05 * own[:, None], own)


@given(st.integers(2, 60), st.integers(1, 6), st.sampled_from(SHAPES), SEEDS)
def test_radii_rule_out_no_pair_that_matters(n, d, shape, seed):
    x = cloud(np.random.default_rng(seed), shape, n, d)
    expected = brute_force(x, np.zeros(n))[0]
    assert diameter(torch.from_numpy(x), chunk=1) == pytest.approx(expected, rel=1e-12, abs=0.0)


@pytest.mark.parametrize("size", [1.0, 1e-6, 1e-11])
def test_corners_of_a_tiny_cloud_far_from_the_origin(size):
    x = np.random.default_rng(0).normal(size=(2000, 2))
    moved = 1.0 + size * np.round(x * 2**10) / 2**10
    here, there = hull_corners(torch.from_numpy(x)), hull_corners(torch.from_numpy(moved))
    assert len(here) < 40
    assert len(there) < 80
    widest = brute_force(there.numpy(), np.zeros(len(there)))[0]
    assert widest == pytest.approx(brute_force(moved, np.zeros(2000))[0], rel=1e-12, abs=0.0)


def test_far_below_rounding_of_the_coordinates():
    points = torch.tensor([[1.0, 1.0], [1.0 + 1e-12, 1.0], [3.0, 1.0]], dtype=torch.float64)
    found = subset_geometry(points, torch.tensor([0, 0, 1]))
    assert found.diameter == pytest.approx(1e-12, rel=1e-3)
    assert found.ratio == pytest.approx(2e12, rel=1e-3)


@pytest.mark.parametrize("small", [0, 200])
@pytest.mark.parametrize("d", [2, 20])
@pytest.mark.parametrize("size", [1e-150, 1e-30, 1e30, 1e300])
def test_very_small_and_very_large_coordinates(monkeypatch, small, d, size):
    monkeypatch.setattr(geometry, "SMALL", small)
    rng = np.random.default_rng(0)
    x, own = rng.normal(size=(200, d)), np.repeat(np.arange(2), 100)
    plain = subset_geometry(torch.from_numpy(x), torch.from_numpy(own))
    found = subset_geometry(torch.from_numpy(size * x), torch.from_numpy(own))
    assert found.diameter == pytest.approx(size * plain.diameter, rel=1e-12)
    assert found.distance == pytest.approx(size * plain.distance, rel=1e-12)


@pytest.mark.parametrize("d", [2, 30])
@pytest.mark.parametrize("precision", ["highest", "high", "medium"])
def test_single_precision(d, precision):
    rng = np.random.default_rng(1)
    x = rng.normal(size=(500, d)).astype(np.float32)
    own = rng.integers(0, 3, 500)
    before = torch.get_float32_matmul_precision()
    try:
        torch.set_float32_matmul_precision(precision)
        check(x, own, rel=1e-6)
    finally:
        torch.set_float32_matmul_precision(before)


def test_names_of_subsets():
    points = torch.tensor([[0.0], [1.0], [5.0]])
    found = subset_geometry(points, torch.tensor([7, 7, -3], dtype=torch.int32))
    assert found == SubsetGeometry(1.0, 4.0)
    assert found.ratio == 4.0
    assert found.diameters == {-3: 0.0, 7: 1.0}
    assert found.closest == (-3, 7)


def test_half_precision_and_a_leaf_that_wants_gradients():
    points = torch.tensor([[0.0], [1.0], [5.0]], requires_grad=True)
    for x in (points, points.half(), points.bfloat16()):
        assert subset_geometry(x, torch.tensor([0, 0, 1])) == SubsetGeometry(1.0, 4.0)


def test_one_subset_and_one_point():
    assert subset_geometry(torch.zeros(1, 2), torch.zeros(1)) == SubsetGeometry(0.0, math.inf)
    assert subset_geometry(torch.zeros(1, 2), torch.zeros(1)).closest is None
    assert SubsetGeometry(0.0, 1.0).ratio == math.inf


@pytest.mark.parametrize(("n", "m"), [(0, 0), (3, 2)])
def test_bad_shapes(n, m):
    with pytest.raises(InputError, match="at least one point, and one subset a point"):
        subset_geometry(torch.zeros(n, 2), torch.zeros(m))


def test_no_coordinates():
    with pytest.raises(InputError, match="at least one coordinate"):
        subset_geometry(torch.zeros(3, 0), torch.zeros(3))


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_points_that_are_not_numbers(bad):
    points = torch.zeros(4, 2)
    points[2, 1] = bad
    with pytest.raises(InputError, match="NaN or infinite"):
        subset_geometry(points, torch.zeros(4))
