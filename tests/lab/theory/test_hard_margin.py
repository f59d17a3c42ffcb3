import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.svm import SVC

from diffresnet_lab.theory import projection_gaps
from diffresnet_lab.theory.hard_margin import hard_margin_direction
from diffresnet_lab.theory.subsets import sorted_subsets


@given(seed=st.integers(0, 10**6), dim=st.integers(2, 6))
def test_two_subsets_get_the_hard_margin(seed, dim):
    rng = np.random.default_rng(seed)
    subsets = np.repeat([0, 1], 15)
    points = rng.standard_normal((30, dim))
    points[subsets == 1, 0] += 8.0
    start = np.eye(dim)[0]
    if projection_gaps(points, subsets, start[None])[0] <= 0.0:
        return
    u = hard_margin_direction(sorted_subsets(points, subsets), start)
    margin = 2.0 / np.linalg.norm(SVC(kernel="linear", C=1e8, tol=1e-9).fit(points, subsets).coef_)
    assert projection_gaps(points, subsets, u[None])[0] == pytest.approx(margin, rel=1e-4)


@given(seed=st.integers(0, 10**6), count=st.integers(2, 6))
def test_in_the_plane_no_angle_with_the_same_order_is_better(seed, count):
    rng = np.random.default_rng(seed)
    subsets = np.repeat(np.arange(count), 4)
    points = 3 * rng.standard_normal((count, 2))[subsets] + 0.1 * rng.random((4 * count, 2))
    angle = np.linspace(0.0, 2 * np.pi, 2001)
    circle = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    gaps = projection_gaps(points, subsets, circle)
    data = sorted_subsets(points, subsets)
    best = circle[gaps.argmax()]
    reached = projection_gaps(points, subsets, hard_margin_direction(data, best)[None])[0]
    # Where none separates, the direction comes back as it was.
    assert reached >= gaps.max() - 1e-12
    order = np.argsort([(points[subsets == k] @ best).mean() for k in range(count)])
    if gaps.max() > 0:
        for u, gap in zip(circle, gaps, strict=True):
            low = [(points[subsets == k] @ u).min() for k in order]
            if gap > 0 and (np.diff(low) > 0).all():
                assert gap <= reached + 1e-9


def test_equal_points_change_nothing():
    u = np.array([0.6, 0.8])
    np.testing.assert_array_equal(
        hard_margin_direction(sorted_subsets(np.zeros((4, 2)), np.arange(4)), u), u
    )
