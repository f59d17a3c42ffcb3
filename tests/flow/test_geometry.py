import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from diffresnet.errors import InputError
from diffresnet.flow import SubsetGeometry, geometry, subset_geometry


def brute_force(points, subsets):
    d = np.linalg.norm(points[:, None] - points[None], axis=2)
    same = subsets[:, None] == subsets[None]
    distance = d[~same].min() if (~same).any() else np.inf
    return d[same].max(), distance


@given(st.integers(1, 40), st.integers(1, 4), st.integers(1, 5), st.integers(0, 2**32 - 1))
def test_brute_force(n, d, subsets, seed):
    rng = np.random.default_rng(seed)
    points, own = rng.normal(size=(n, d)), rng.integers(0, subsets, n)
    found = subset_geometry(torch.from_numpy(points), torch.from_numpy(own))
    diameter, distance = brute_force(points, own)
    assert found.diameter == pytest.approx(diameter, rel=1e-12)
    assert found.distance == pytest.approx(distance, rel=1e-12)


def test_chunks(monkeypatch):
    rng = np.random.default_rng(0)
    points, own = rng.normal(size=(53, 3)), rng.integers(0, 4, 53)
    monkeypatch.setattr(geometry, "CHUNK", 7)
    found = subset_geometry(torch.from_numpy(points), torch.from_numpy(own))
    assert (found.diameter, found.distance) == pytest.approx(brute_force(points, own))


def test_far_below_rounding_of_the_coordinates():
    # Late in a flow each subset is nearly a point.
    points = torch.tensor([[1.0, 1.0], [1.0 + 1e-12, 1.0], [3.0, 1.0]], dtype=torch.float64)
    found = subset_geometry(points, torch.tensor([0, 0, 1]))
    assert found.diameter == pytest.approx(1e-12, rel=1e-3)
    assert found.ratio == pytest.approx(2e12, rel=1e-3)


def test_single_precision_and_names_of_subsets():
    points = torch.tensor([[0.0], [1.0], [5.0]])
    found = subset_geometry(points, torch.tensor([7, 7, -3], dtype=torch.int32))
    assert found == SubsetGeometry(1.0, 4.0)
    assert found.ratio == 4.0


def test_one_subset_and_one_point():
    assert subset_geometry(torch.zeros(1, 2), torch.zeros(1)) == SubsetGeometry(0.0, float("inf"))
    assert SubsetGeometry(0.0, 1.0).ratio == float("inf")


@pytest.mark.parametrize(("n", "m"), [(0, 0), (3, 2)])
def test_bad_shapes(n, m):
    with pytest.raises(InputError, match="at least one point, and one subset a point"):
        subset_geometry(torch.zeros(n, 2), torch.zeros(m))
