"""Wrong labels among the given ones: which are found, and how few right ones are suspected."""

from __future__ import annotations

import pickle
from dataclasses import replace

import numpy as np
import pytest
from sklearn.datasets import load_digits, make_classification

from diffresnet import DiffusionClassifier
from diffresnet.classify.calibrator import expected_calibration_error
from diffresnet.classify.label_noise import FALSE_ALARMS, LabelNoise, suspicious
from diffresnet.errors import InputError

X, Y = (array[:900] for array in load_digits(return_X_y=True))


def draw(noise, per_class=20, seed=1000):
    """Digits with few labels, a share of them another digit at random; which ones are wrong."""
    rng = np.random.default_rng(seed)
    few = np.full(len(Y), -1)
    for c in range(10):
        few[rng.choice(np.flatnonzero(c == Y), per_class, replace=False)] = c
    rows = np.flatnonzero(few >= 0)
    wrong = rows[rng.random(len(rows)) < noise]
    few[wrong] = (few[wrong] + rng.integers(1, 10, len(wrong))) % 10
    return few, wrong


def calibration_error(model, few):
    rest = few < 0
    right = model.transduction_[rest] == Y[rest]
    return 100 * expected_calibration_error(model.confidence_[rest], right)


@pytest.mark.parametrize("noise", [0.1, 0.2, 0.3])
def test_wrong_labels_are_found_and_right_ones_kept(noise):
    few, wrong = draw(noise)
    model = DiffusionClassifier(random_state=0).fit(X, few)
    found = model.audit()
    assert np.isin(wrong, found.suspects).mean() > 0.8
    assert (~np.isin(found.suspects, wrong)).sum() < 0.03 * (200 - len(wrong))
    assert found.noise == pytest.approx(len(wrong) / 200, abs=0.05)
    assert calibration_error(model, few) < 10
    fixed = DiffusionClassifier(relabel=True, random_state=0).fit(X, few)
    labelled = few >= 0
    changed = np.flatnonzero(labelled & (fixed.transduction_ != few))
    assert np.isin(changed, found.suspects).all()
    assert (fixed.transduction_[labelled] == Y[labelled]).mean() > 0.94
    assert calibration_error(fixed, few) < 6


@pytest.mark.parametrize("seed", [1003, 1004, 1005])
def test_every_label_that_is_suspicious_is_overruled(seed):
    few, _ = draw(0.2, 10, seed)
    model = DiffusionClassifier(relabel=True, random_state=0).fit(X, few)
    suspects = model.audit().suspects
    assert len(suspects)
    kept = (few >= 0) & ~np.isin(np.arange(len(few)), suspects)
    np.testing.assert_array_equal(model.transduction_[kept], few[kept])
    assert (model.confidence_[kept] == 1.0).all()
    assert not model._transduction.is_given[suspects].any()
    # One whose label was learned all the same would keep it.
    assert (model.transduction_[suspects] != few[suspects]).mean() > 0.9
    for row in suspects[:3]:
        assert all(each.row not in suspects for each in model.explain(row).contributions)


def test_a_hard_table_without_wrong_labels_is_left_alone():
    x, y = make_classification(
        800, 12, n_informative=3, weights=[0.85], class_sep=0.5, flip_y=0.0, random_state=2
    )
    suspected = []
    for seed in range(3):
        few = np.full(800, -1)
        rows = np.random.default_rng(seed).choice(800, 150, replace=False)
        few[rows] = y[rows]
        suspected.append(len(DiffusionClassifier(random_state=0).fit(x, few).audit().suspects))
    assert np.mean(suspected) < 0.03 * 150


def test_clean_labels_are_left_alone():
    few, _ = draw(0.0)
    plain, relabelled = (
        DiffusionClassifier(relabel=relabel, random_state=0).fit(X, few)
        for relabel in (False, True)
    )
    assert len(plain.audit().suspects) == 0
    np.testing.assert_array_equal(plain.transduction_, relabelled.transduction_)
    np.testing.assert_array_equal(plain.confidence_, relabelled.confidence_)
    assert calibration_error(plain, few) < 4


def test_the_table_is_sorted_and_names_labels():
    few, wrong = draw(0.2)
    names = np.array([f"digit {c}" for c in range(10)], dtype=object)
    texts = np.where(few >= 0, names[few], None)
    found = DiffusionClassifier(random_state=0).fit(X, texts).audit()
    assert len(found) == 200
    assert (np.sort(found.rows) == np.flatnonzero(few >= 0)).all()
    assert (np.diff(found.suspicious.astype(int)) <= 0).all()
    assert (np.diff(found.probability[found.suspicious]) <= 0).all()
    assert (found.given == texts[found.rows]).all()
    assert (found.suggested != found.given).all()
    top = found.to_rows()[0]
    assert list(top) == ["row", "given", "suggested", "probability", "suspicious"]
    assert len(found.to_rows()) == found.suspicious.sum()
    assert len(found.to_rows(only_suspicious=False)) == 200
    assert (found.suggested[:20] == names[Y[found.rows[:20]]]).mean() > 0.9


def test_a_fitted_model_can_be_pickled_and_audited_then():
    few, _ = draw(0.2)
    model = DiffusionClassifier(random_state=0).fit(X, few)
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(again.audit().suspects, model.audit().suspects)


def test_what_cannot_be_audited_is_one_clear_line(tmp_path):
    few = np.full(len(Y), -1)
    few[:10] = Y[:10]
    with pytest.raises(InputError, match="no label can be held out to be audited"):
        DiffusionClassifier().fit(X, few).audit()
    few[:50] = Y[:50]
    model = DiffusionClassifier(random_state=0).fit(X, few)
    model.save(tmp_path / "m.npz")
    with pytest.raises(InputError, match="a model from a file has no rows to audit"):
        DiffusionClassifier.load(tmp_path / "m.npz").audit()


def test_rows_without_weight_are_not_audited():
    few, _ = draw(0.2)
    weight = np.ones(len(Y))
    out = np.flatnonzero(few >= 0)[:7]
    weight[out] = 0.0
    found = DiffusionClassifier(random_state=0).fit(X, few, sample_weight=weight).audit()
    assert len(found) == 193
    assert not np.isin(out, found.rows).any()


def test_noise_is_estimated_from_probabilities_alone():
    rng = np.random.default_rng(0)
    p = rng.dirichlet(np.full(8, 0.2), size=4000)
    codes = np.array([rng.choice(8, p=row) for row in p])
    wrong = rng.random(4000) < 0.2
    given = np.where(wrong, (codes + rng.integers(1, 8, 4000)) % 8, codes)
    noise = LabelNoise.fit(p, given)
    assert noise.rate == pytest.approx(0.2, abs=0.04)
    assert noise.inverse_temperature == pytest.approx(1.0, abs=0.1)
    posterior = replace(noise, odd=0.0).wrong(p, given)
    for low in (0.1, 0.5):
        some = (posterior > low) & (posterior < low + 0.4)
        assert wrong[some].mean() == pytest.approx(posterior[some].mean(), abs=0.08)
    assert LabelNoise.fit(p, codes) == LabelNoise()


def test_suspects_keep_to_their_share_and_leave_every_class_a_label():
    wrong = np.r_[np.full(20, 0.9), np.full(180, 0.01)]
    codes = np.r_[np.full(20, 1), np.full(180, 0)]
    found = suspicious(wrong, codes)
    assert (1 - wrong[found]).sum() <= FALSE_ALARMS * (1 - wrong).sum()
    assert found[:20].sum() == 19
    assert not suspicious(np.full(10, 0.5), np.zeros(10, dtype=int)).any()


def test_labels_that_were_not_held_out_are_not_suspected():
    held_out = np.array([[0.5, 0.5], [0.0, 1.0]])
    noise = LabelNoise(rate=0.3)
    assert noise.wrong(held_out, np.array([0, 0]))[1] == 0.0
    assert LabelNoise.fit(held_out, np.array([0, 1])) == LabelNoise()
