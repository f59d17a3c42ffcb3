import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from diffresnet.errors import InputError
from diffresnet_lab.theory.class_intervals import ClassIntervals, class_intervals, refuse_overlap
from run_cases import banded_cases


@given(banded_cases())
def test_runs_are_the_bands(case):
    p = case.points @ case.direction
    runs = class_intervals(p, case.classes)
    assert len(runs) == case.bands.max() + 1
    for k in range(len(runs)):
        own = p[case.bands == k]
        assert (runs.first[k], runs.last[k]) == (own.min(), own.max())
        assert (case.classes[case.bands == k] == runs.classes[k]).all()
    assert runs.gap > 0.0
    np.testing.assert_array_equal(runs.gaps, runs.first[1:] - runs.last[:-1])
    assert ((runs.last[:-1] < runs.middles) & (runs.middles < runs.first[1:])).all()
    assert runs.counts.sum() == len(runs)
    assert runs.one_per_class == (runs.counts.max() == 1)
    refuse_overlap(p, case.bands)


def test_neighbouring_subsets_of_one_class_are_one_run():
    runs = class_intervals(np.array([0.0, 1.0, 5.0, 6.0, 9.0]), np.array([0, 0, 1, 1, 0]))
    assert runs.first.tolist() == [0.0, 5.0, 9.0]
    assert runs.last.tolist() == [1.0, 6.0, 9.0]
    assert runs.widths.tolist() == [1.0, 1.0, 0.0]
    assert not runs.one_per_class


def test_one_class_is_one_run():
    runs = class_intervals(np.array([2.0, 1.0]), np.array([0, 0]))
    assert len(runs) == 1
    assert runs.gap == np.inf
    assert runs.one_per_class


def test_mirroring_twice_changes_nothing():
    runs = ClassIntervals(np.array([0.0, 2.0]), np.array([1.0, 5.0]), np.array([1, 0]))
    mirrored = runs.mirrored()
    assert mirrored.first.tolist() == [-5.0, -1.0]
    assert mirrored.last.tolist() == [-2.0, 0.0]
    assert mirrored.classes.tolist() == [0, 1]
    np.testing.assert_array_equal(mirrored.mirrored().first, runs.first)


def test_points_of_two_classes_at_one_position_are_counted():
    p = np.array([0.0, 1.0, 1.0, 1.0, 2.0, 3.0, 3.0])
    with pytest.raises(InputError, match=r"5 of 7 points"):
        class_intervals(p, np.array([0, 0, 1, 0, 1, 0, 1]))


@given(st.integers(0, 2**31), st.integers(2, 30), st.integers(2, 4))
def test_overlap_is_counted_as_by_comparing_all_pairs(seed, n, subsets):
    rng = np.random.default_rng(seed)
    p = rng.integers(0, 4 * n, n).astype(float)
    s = rng.integers(0, subsets, n)
    spans = {k: (p[s == k].min(), p[s == k].max()) for k in np.unique(s)}
    inside = sum(
        any(low <= at <= high for k, (low, high) in spans.items() if k != own)
        for at, own in zip(p, s, strict=True)
    )
    # A subset that lies in a hole of another has all its points inside; that one may have none.
    if inside == 0:
        refuse_overlap(p, s)
    else:
        with pytest.raises(InputError, match=f"{inside} of {n} points lie between"):
            refuse_overlap(p, s)
