import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from diffresnet.errors import InputError
from diffresnet_lab.theory.subsets import sorted_subsets


@given(st.lists(st.integers(-3, 3), min_size=1, max_size=30))
def test_each_subset_is_a_segment(names):
    subsets = np.array(names)
    points = np.random.default_rng(len(names)).standard_normal((len(names), 2))
    data = sorted_subsets(points, subsets)
    each = data.each()
    assert len(data) == len(each) == len(set(names))
    assert data.sizes.tolist() == [len(own) for own in each]
    for own, mean, name in zip(each, data.means, sorted(set(names)), strict=True):
        np.testing.assert_allclose(own + data.shift, points[subsets == name], atol=1e-12)
        np.testing.assert_allclose(mean + data.shift, points[subsets == name].mean(0), atol=1e-12)
    np.testing.assert_allclose(data.points.mean(axis=0), 0.0, atol=1e-12)


@pytest.mark.parametrize(
    ("points", "subsets"),
    [
        (np.zeros((0, 2)), np.zeros(0, dtype=np.int64)),
        (np.zeros((3, 0)), np.arange(3)),
        (np.zeros((3, 2)), np.arange(2)),
        (np.array([[np.inf]]), np.arange(1)),
    ],
)
def test_what_is_no_set_of_points_is_refused(points, subsets):
    with pytest.raises(InputError):
        sorted_subsets(points, subsets)
