from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from diffresnet.errors import InputError
from diffresnet_lab.data.synthetic import xor
from diffresnet_lab.theory.margin import linear_margin, separates


def test_a_corner_apart_from_three_others():
    square = np.array([[0.0, 0.0], [4.0, 0.0], [0.0, 4.0], [4.0, 4.0]])
    found = linear_margin(square + 7.0, np.array(["far", "near", "near", "near"]))
    # In units of half the side the plane x + y = -1 is at distance 1 from either class.
    assert found.margin == pytest.approx(1.0, abs=1e-7)
    assert found.separable


def test_xor_is_not_separable():
    data = xor()
    found = linear_margin(data.points, data.classes)
    assert found.margin == pytest.approx(0.0, abs=1e-8)
    assert not found.separable
    assert linear_margin(data.points, data.subsets).separable  # the four discs as four classes are


@given(st.integers(0, 2**31), st.integers(1, 5), st.integers(2, 4), st.booleans())
def test_it_is_at_least_that_of_the_scores_that_made_the_labels(seed, d, classes, huge):
    rng = np.random.default_rng(seed)
    points = rng.uniform(-1.0, 1.0, (80, d))
    weights, bias = rng.uniform(-0.5, 0.5, (classes, d)), rng.uniform(-0.2, 0.2, classes)
    scores = points @ weights.T + bias
    ordered = np.sort(scores, axis=1)
    keep = ordered[:, -1] - ordered[:, -2] > 0.02
    if len(np.unique(scores[keep].argmax(axis=1))) < 2:
        return
    points = points[keep] * (1e6 if huge else 1.0) + (1e7 if huge else 0.0)
    found = linear_margin(points, scores[keep].argmax(axis=1))
    half = 0.5 * np.ptp(points, axis=0) / (1e6 if huge else 1.0)
    assert found.separable
    # Scores of coordinates divided by half <= 1 are those of weights that are within the bounds.
    assert (half <= 1.0).all()
    assert found.margin >= 0.02 - 1e-6


@given(st.integers(0, 2**31), st.integers(1, 4), st.integers(2, 4))
def test_points_of_two_classes_at_one_place_are_not_separable(seed, d, classes):
    rng = np.random.default_rng(seed)
    points = rng.standard_normal((20, d))
    labels = np.arange(20) % classes
    points[1] = points[0]
    found = linear_margin(points, labels)
    assert not found.separable
    assert found.margin == pytest.approx(0.0, abs=1e-8)


def test_the_exact_check_sees_the_last_bit():
    points = np.array([[1.0], [np.nextafter(1.0, 2.0)]])
    weights = np.array([[0.0], [1.0]])
    assert separates(points, np.array([0, 1]), 2.0 * weights, np.array([0.0, -2.0])) is False
    just_between = Fraction(1) + Fraction(1, 2**54)  # no float, but a bias of this size is
    assert float(just_between) == 1.0
    shifted = points - 1.0
    assert separates(shifted, np.array([0, 1]), weights, np.array([0.0, -(2.0**-54)]))


def test_ties_do_not_separate():
    points = np.array([[0.0], [1.0]])
    assert not separates(points, np.array([0, 1]), np.zeros((2, 1)), np.zeros(2))


@pytest.mark.parametrize(
    ("points", "labels"),
    [
        (np.zeros((3, 2)), np.zeros(3)),
        (np.full((2, 1), np.nan), np.array([0, 1])),
        (np.zeros((0, 2)), np.zeros(0)),
    ],
)
def test_bad_input_is_refused(points, labels):
    with pytest.raises(InputError, match="at least two classes"):
        linear_margin(points, labels)
