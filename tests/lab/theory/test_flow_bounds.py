import math

import numpy as np
import pytest

from diffresnet_lab.theory.class_intervals import ClassIntervals
from diffresnet_lab.theory.flow_bounds import flow_bounds

AT = np.arange(6) * 2.0


def runs(*classes, width=1.0):
    return ClassIntervals(AT[: len(classes)], AT[: len(classes)] + width, np.array(classes))


def test_two_classes():
    bounds = flow_bounds(runs(0, 1, 0, 1, 0), half_extent=3.0, dimension=4)
    assert bounds.blocks == 3
    assert bounds.strength == 24.0
    assert bounds.distance == pytest.approx(1.0 / (4.0 * math.sqrt(2.0)))


def test_more_classes_take_a_block_more_for_each_wide_run_between():
    assert flow_bounds(runs(0, 1, 2, 0, 1, 2), 1.0, 3).blocks == 6
    assert flow_bounds(runs(0, 1, 2, 0, 1, 2, width=0.01), 1.0, 3).blocks == 4


def test_no_extent_still_moves_points():
    assert flow_bounds(runs(0, 1, 0), 0.0, 2).strength == 2.0


def test_on_a_line_only_the_folds_are_bounded():
    bounds = flow_bounds(runs(0, 1, 2, 0, 1), 0.0, 1)
    assert (bounds.blocks, bounds.strength, bounds.distance) == (4, math.inf, 0.0)
    assert flow_bounds(runs(0, 1, 0, 1), 0.0, 1).blocks == 2


def test_classes_of_one_run_each_take_nothing():
    bounds = flow_bounds(runs(2, 0, 1), 1.0, 2)
    assert (bounds.blocks, bounds.strength, bounds.distance) == (0, 0.0, 0.5)
