"""Answers that agree with given shares of the classes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import softmax
from sklearn.datasets import load_digits, make_blobs

from diffresnet import DiffusionClassifier
from diffresnet.classify.class_prior import class_shares, estimate_shares, match_shares
from diffresnet.errors import InputError


@given(seed=st.integers(0, 300), c=st.integers(2, 6))
def test_probabilities_average_to_the_shares(seed, c):
    rng = np.random.default_rng(seed)
    p = softmax(2 * rng.normal(size=(80, c)), axis=1)
    shares = rng.dirichlet(np.full(c, 2.0))
    q = p * np.exp(match_shares(p, shares))
    q /= q.sum(axis=1, keepdims=True)
    assert np.allclose(q.mean(axis=0), shares, atol=1e-4)


def test_shares_that_hold_already_change_nothing():
    p = softmax(np.random.default_rng(0).normal(size=(50, 3)), axis=1)
    factors = match_shares(p, p.mean(axis=0))
    assert np.allclose(factors - factors.mean(), 0.0, atol=1e-4)


def test_a_share_of_0_is_never_answered():
    p = softmax(np.random.default_rng(0).normal(size=(50, 3)), axis=1)
    q = p * np.exp(match_shares(p, np.array([0.5, 0.5, 0.0])))
    assert set(q.argmax(axis=1)) == {0, 1}


def test_shares_are_estimated_from_answers_of_a_balanced_classifier():
    rng = np.random.default_rng(0)
    true = np.array([0.7, 0.25, 0.05])
    codes = rng.choice(3, size=4000, p=true)
    x = rng.normal(size=(4000, 3)) + 2.0 * np.eye(3)[codes]
    p = softmax(2.0 * x, axis=1)  # the exact posterior of equal shares
    assert np.allclose(estimate_shares(p), true, atol=0.02)


@pytest.fixture(scope="module")
def uneven():
    """Classes of 300, 60 and 20 rows that overlap, with 5 labels each."""
    x, y = make_blobs([300, 60, 20], 2, centers=[[0, 0], [3, 0], [0, 3]], random_state=0)
    few = np.full(len(y), -1)
    for c in range(3):
        few[np.flatnonzero(y == c)[:5]] = c
    return x, y, few


@pytest.mark.parametrize("prior", ["uniform", {0: 300 / 380, 1: 60 / 380, 2: 20 / 380}])
def test_the_answers_have_the_wanted_shares(uneven, prior):
    x, y, few = uneven
    model = DiffusionClassifier(class_prior=prior).fit(x, few)
    wanted = np.full(3, 1 / 3) if prior == "uniform" else list(prior.values())
    assert np.allclose(model.class_shares_, wanted, atol=1e-3)
    assert (model.transduction_[few >= 0] == y[few >= 0]).all()
    assert np.allclose(
        model.predict_proba(x[few < 0]), model.label_distributions_[few < 0], atol=0.01
    )


def test_true_shares_do_not_hurt_and_estimated_ones_come_near(uneven):
    x, y, few = uneven
    accuracy = {
        name: (DiffusionClassifier(class_prior=prior).fit(x, few).transduction_ == y).mean()
        for name, prior in {
            "none": None,
            "true": {0: 300 / 380, 1: 60 / 380, 2: 20 / 380},
            "estimate": "estimate",
            "uniform": "uniform",
        }.items()
    }
    assert accuracy["true"] >= accuracy["none"]
    assert accuracy["estimate"] >= accuracy["none"] - 0.01
    assert accuracy["uniform"] < accuracy["true"]


def test_a_model_keeps_its_shares(uneven, tmp_path):
    x, _, few = uneven
    model = DiffusionClassifier(class_prior={0: 0.8, 1: 0.15, 2: 0.05}).fit(x, few)
    model.save(tmp_path / "model.npz")
    again = DiffusionClassifier.load(tmp_path / "model.npz")
    assert np.array_equal(again.predict_proba(x[:50]), model.predict_proba(x[:50]))
    assert np.array_equal(again.class_shares_, model.class_shares_)


@pytest.mark.parametrize(
    ("prior", "message"),
    [
        ({"a": 1.0}, "no share is given for class 'b'"),
        ({"a": 0.5, "b": 0.4, "c": 0.1}, "no label is of class 'c'"),
        ({"a": 0.5, "b": 0.9}, "sum to 1, not 1.4"),
        ({"a": -0.5, "b": 1.5}, "of class 'a' must be a number of 0 or more, not -0.5"),
        ({"a": float("nan"), "b": 1.0}, "of class 'a' must be a number of 0 or more, not nan"),
        ({"a": "half", "b": 0.5}, "must be a number"),
        ({"a": np.array([0.5, 0.5]), "b": 0.5}, "must be a number"),
    ],
)
def test_bad_shares_are_refused(prior, message):
    with pytest.raises(InputError, match=message):
        class_shares(prior, np.array(["a", "b"]))


def test_classes_are_named_by_value_or_by_text():
    for prior in (
        {0: 0.2, 1: 0.8},
        {0.0: 0.2, 1.0: 0.8},
        {"0": 0.2, "1": 0.8},
        {np.int64(0): 0.2, "1": 0.8},
    ):
        assert np.allclose(class_shares(prior, np.array([0, 1])), [0.2, 0.8])
    assert np.allclose(class_shares({0: 0.2, 1: 0.8}, np.array([0.0, 1.0])), [0.2, 0.8])
    with pytest.raises(InputError, match="two shares are given for class 0"):
        class_shares({"0": 0.1, 0: 0.1, 1: 0.8}, np.array([0, 1]))


@pytest.mark.parametrize("share", [0.0, 0.001, 0.02])
def test_a_share_below_that_of_the_labels_is_told(uneven, share):
    x, y, few = uneven
    few = np.where(y == 0, y, few)  # all of the largest class
    prior = {0: share, 1: 0.5, 2: 0.5 - share}
    with pytest.warns(UserWarning, match=r"rows to be of class 0; they are 78.9%, of which 300"):
        model = DiffusionClassifier(class_prior=prior).fit(x, few)
    assert np.isfinite(model.label_distributions_).all()
    assert (model.transduction_[few < 0] > 0).all()
    assert np.isfinite(model.predict_proba(x + 0.01)).all()


def test_explanations_follow_the_shares(uneven):
    x, _, few = uneven
    model = DiffusionClassifier(class_prior={0: 0.2, 1: 0.2, 2: 0.6}).fit(x, few)
    rows, shares = model.strongest_labels()
    named = (few < 0) & (rows[:, 0] >= 0)
    assert named.sum() > 300
    assert (few[rows[named, 0]] == model.transduction_[named]).all()
    plain = DiffusionClassifier().fit(x, few)
    assert (model.transduction_ != plain.transduction_).sum() > 50


def test_an_unknown_name_is_refused(uneven):
    x, _, few = uneven
    with pytest.raises(InputError, match="class_prior"):
        DiffusionClassifier(class_prior="even").fit(x, few)


def test_an_overruled_label_does_not_count_for_its_class():
    x, y = load_digits(return_X_y=True)
    rng, few = np.random.default_rng(0), np.full(len(y), -1)
    for c in range(10):
        few[rng.choice(np.flatnonzero(y == c), 10, replace=False)] = c
    rows = np.flatnonzero(few >= 0)
    flipped = rows[rng.random(len(rows)) < 0.2]
    few[flipped] = (few[flipped] + rng.integers(1, 10, len(flipped))) % 10
    model = DiffusionClassifier(class_prior="uniform", relabel=True).fit(x, few)
    assert (model.transduction_[rows] != few[rows]).any()
    assert np.allclose(model.class_shares_, 0.1, atol=1e-4)
