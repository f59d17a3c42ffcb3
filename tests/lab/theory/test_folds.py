import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from diffresnet.errors import InputError
from diffresnet_lab.theory.class_intervals import ClassIntervals, class_intervals
from diffresnet_lab.theory.folds import Fold, fold_line, next_merge
from run_cases import banded, banded_cases


def fold_all(p, folds):
    for fold in folds:
        p = fold(p)
    return p


@given(banded_cases(dimensions=st.just(1)))
def test_folds_leave_each_class_in_one_piece(case):
    p = case.points[:, 0]
    folds = fold_line(p, case.classes)
    before, after = (
        class_intervals(p, case.classes),
        class_intervals(fold_all(p, folds), case.classes),
    )
    classes = len(np.unique(case.classes))
    assert len(after) == classes
    assert len(folds) <= 2 * (len(before) - classes)
    if classes == 2:
        assert len(folds) == len(before) - 2
    assert all(fold.scale > -1.0 and fold.scale != 0.0 for fold in folds)


@given(banded_cases(dimensions=st.just(1), bands=st.integers(3, 12)), st.booleans())
def test_one_or_two_folds_merge_two_runs_and_leave_the_others(case, turn_first):
    p = case.points[:, 0]
    runs = class_intervals(p, case.classes)
    if runs.one_per_class:
        return
    merge = next_merge(runs, -np.inf if turn_first else np.inf)
    assert 1 <= len(merge) <= 2
    if turn_first and (
        runs.classes[-1] in runs.classes[:-1] or runs.classes[0] in runs.classes[1:]
    ):
        assert len(merge) == 1
    moved = class_intervals(fold_all(p, merge), case.classes)
    assert len(moved) == len(runs) - 1
    assert np.subtract(runs.counts, moved.counts).sum() == 1
    assert np.subtract(runs.counts, moved.counts).min() == 0


@given(st.integers(0, 2**31), st.sampled_from([2, 3, 5]))
def test_gaps_hold_over_many_folds(seed, classes):
    case = banded(seed, 1, 30, classes, 1.0, 1.0)
    p = case.points[:, 0]
    before = class_intervals(p, case.classes)
    after = class_intervals(fold_all(p, fold_line(p, case.classes)), case.classes)
    assert after.gap > 0.01 * before.gap  # halving thirty times would leave 1e-9


def test_evenly_spaced_points_are_folded_onto_each_other():
    p = np.arange(9.0)
    (fold, *others) = fold_line(p, np.arange(9) % 2)
    assert (fold.crease, fold.scale, fold.side) == (7.0, 1.0, 1)
    assert fold(p).tolist() == [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 6.0]
    assert len(others) == 6


def test_the_left_end_is_folded_where_only_that_merges():
    at = np.arange(4.0)
    (fold,) = next_merge(ClassIntervals(at, at, np.array([0, 1, 0, 2])), 0.0)
    assert fold.side == -1
    assert fold(at)[2:].tolist() == [2.0, 3.0]
    assert fold(at)[0] > 1.0


def test_an_inner_run_is_carried_with_what_lies_beyond_it():
    p, classes = np.arange(5.0), np.array([0, 1, 2, 1, 3])
    squeeze, fold = fold_line(p, classes)
    assert squeeze.crease == 3.0
    assert 2.0 < fold.crease < 3.0
    moved = fold(squeeze(p))
    assert moved[:4].tolist() == [0.0, 1.0, 2.0, 1.0]
    assert 0.0 < moved[4] < 1.0


def test_a_run_is_squeezed_before_it_is_carried_far():
    runs = ClassIntervals(
        np.array([0.0, 2.0, 4.0, 6.0, 8.0]),
        np.array([1.0, 3.0, 5.0, 7.0, 12.0]),
        np.array([0, 1, 2, 3, 1]),
    )
    squeeze, fold = next_merge(runs, enough=np.inf)
    assert (squeeze.crease, squeeze.side, fold.side) == (3.0, -1, -1)
    assert -1.0 < squeeze.scale < 0.0 < fold.scale
    assert 3.0 < fold.crease < 4.0
    joined, beyond = fold(squeeze(np.array([3.0, 1.0])))
    assert joined == pytest.approx(12.0)  # the far end of the run of its class
    assert beyond > joined + 1.0


def test_a_fold_is_a_residual_step():
    p = np.linspace(-2.0, 2.0, 9)
    fold = Fold(crease=0.5, scale=0.25, side=-1)
    np.testing.assert_allclose(fold(p), np.where(p < 0.5, 0.5 - 0.25 * (p - 0.5), p))


def test_many_runs_of_points_still_fold():
    case = banded(3, 1, 60, 2, 0.0, 1.0)
    p = case.points[:, 0]
    assert len(class_intervals(fold_all(p, fold_line(p, case.classes)), case.classes)) == 2


def test_gaps_that_vanish_are_refused():
    # Gaps of one last bit between runs of uneven widths.
    last = np.cumsum(np.random.default_rng(299).random(12))
    first = np.append(0.0, np.nextafter(last[:-1], np.inf))
    with pytest.raises(InputError, match=r"fold \d+ leaves gaps too narrow"):
        fold_line(np.concatenate([first, last]), np.tile(np.arange(12) % 2, 2))
