import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from diffresnet_lab.theory.class_intervals import ClassIntervals, class_intervals
from diffresnet_lab.theory.level_function import level_function, max_knots
from run_cases import banded_cases

SPREADS = st.sampled_from([0.0, 0.3, 10.0])


@given(banded_cases(bands=st.integers(3, 12)), SPREADS)
def test_every_run_is_inside_the_interval_of_its_class(case, half_extent):
    p = case.points @ case.direction
    classes = np.unique(case.classes, return_inverse=True)[1]
    runs = class_intervals(p, classes)
    h = level_function(runs, half_extent)
    thresholds = np.concatenate([[-np.inf], h.thresholds, [np.inf]])
    rank = np.argsort(h.order)[classes]
    inside = np.minimum(h(p) - thresholds[rank], thresholds[rank + 1] - h(p))
    assert (inside > half_extent).all()
    share = 0.5 if len(h.order) == 2 else 0.375
    assert inside.min() >= share * h.spacing * (1.0 - 1e-9)


@given(banded_cases(bands=st.integers(3, 12)), SPREADS)
def test_it_is_nowhere_steeper_than_stated(case, half_extent):
    runs = class_intervals(
        case.points @ case.direction, np.unique(case.classes, return_inverse=True)[1]
    )
    h = level_function(runs, half_extent)
    slopes = h.slope + np.append(0.0, np.cumsum(h.slope_changes))
    assert h.spacing == max(4.0 * half_extent, runs.gap)
    bound = (len(h.order) - 1) * h.spacing / runs.gap
    assert np.abs(slopes).max() <= bound * (1.0 + 1e-9)
    assert (np.diff(h.knots) >= 0.0).all()


@given(banded_cases(bands=st.integers(3, 12)))
def test_there_is_a_knot_a_run_and_one_more_for_each_wide_one(case):
    runs = class_intervals(
        case.points @ case.direction, np.unique(case.classes, return_inverse=True)[1]
    )
    classes = len(runs.counts)
    beside = np.minimum(np.append(np.inf, runs.gaps), np.append(runs.gaps, np.inf))
    wide = 4 * (classes - 1) * runs.widths > beside
    two_most = np.argsort(-runs.counts, kind="stable")[:2]
    extra = int((wide & ~np.isin(runs.classes, two_most)).sum())
    knots = len(level_function(runs, 1.0).knots)
    assert max_knots(runs) == len(runs) - 2 + extra
    assert knots <= max_knots(runs)
    if classes == 2:
        assert knots == len(runs) - 2


def test_a_knot_that_would_not_turn_is_left_out():
    at = np.array([0.0, 1.0, 2.0, 3.0, 4.0])
    # 0, 2 and 1 by their number of runs: the lowest, the highest, and the one between.
    runs = ClassIntervals(at, at, np.array([0, 1, 2, 0, 2]))
    assert level_function(runs, 0.0).knots.tolist() == [2.0, 3.0]


def test_a_wide_run_between_is_level():
    runs = ClassIntervals(
        np.array([0.0, 2.0, 8.0, 10.0, 12.0]),
        np.array([1.0, 7.0, 9.0, 11.0, 13.0]),
        np.array([0, 1, 2, 0, 2]),
    )
    h = level_function(runs, 0.25)
    assert h(np.array([2.0, 4.0, 7.0])) == pytest.approx([0.0, 0.0, 0.0])
    assert len(h.knots) == 4
    assert h.knots[:2].tolist() == [2.0, 7.0]


@pytest.mark.parametrize("outer", [0, 4])
def test_a_wide_outer_run_that_is_neither_lowest_nor_highest_is_level(outer):
    classes = np.array([0, 1, 2, 1, 2])
    if outer:
        classes = classes[::-1].copy()
    first = np.arange(5) * 2.0
    h = level_function(ClassIntervals(first, first + 1.0, classes), 0.1)
    assert h(first[[outer]] + [0.0]) == pytest.approx(h(first[[outer]] + [1.0]), abs=1e-12)
