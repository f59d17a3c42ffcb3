import numpy as np
import pytest
import torch

from diffresnet_lab.data.digits import digits, hide_labels
from diffresnet_lab.experiments.demo.digits import (
    METHODS,
    DigitsConfig,
    digits_rows,
    digits_scores,
    paired_differences,
    undiffused_network,
)
from diffresnet_lab.experiments.demo.page import accuracy_table, difference_table, digits_chart

SCORES = {
    "diffusion_classifier": {1: np.array([90.0, 80.0]), 5: np.array([95.0, 96.0])},
    "label_spreading": {1: np.array([70.0, 70.0]), 5: np.array([96.0, 98.0])},
    "logistic_regression": {1: np.array([60.0, 62.0]), 5: np.array([95.0, 96.0])},
}


def test_a_draw_keeps_as_many_labels_of_each_class_as_asked():
    _, y = digits()
    given = hide_labels(y, 5, draw=0, seed=0)
    assert np.bincount(given[given >= 0]).tolist() == [5] * 10
    np.testing.assert_array_equal(given[given >= 0], y[given >= 0])
    np.testing.assert_array_equal(given, hide_labels(y, 5, draw=0, seed=0))
    for other in (hide_labels(y, 5, draw=1, seed=0), hide_labels(y, 5, draw=0, seed=1)):
        assert not np.array_equal(given, other)


def test_every_method_labels_every_draw_and_tells_how_far_it_is():
    done = []
    settings = DigitsConfig(labels_per_class=(2,), draws=2, seed=3)
    state = torch.random.get_rng_state()
    scores = digits_scores(settings, done.append)
    assert torch.equal(state, torch.random.get_rng_state())
    assert list(scores) == list(METHODS)
    assert sum(done) == settings.fits
    for of_method in scores.values():
        assert of_method[2].shape == (2,)
        assert (of_method[2] > 40).all()
    assert scores["diffusion_classifier"][2].mean() > scores["logistic_regression"][2].mean()
    first = digits_scores(DigitsConfig(labels_per_class=(2,), draws=1, seed=3))
    assert all(first[method][2][0] == scores[method][2][0] for method in METHODS)


def test_rows_are_those_of_the_contract():
    rows = list(digits_rows(SCORES))
    assert rows[0] == {
        "data": "digits",
        "method": "diffusion_classifier",
        "labels_per_class": 1,
        "draws": 2,
        "accuracy": 85.0,
        "std": pytest.approx(np.sqrt(50.0)),
    }
    assert len(rows) == 6


def test_differences_are_paired():
    rows = {(row["method"], row["labels_per_class"]): row for row in paired_differences(SCORES)}
    assert set(rows) == {(m, n) for m in ("label_spreading", "logistic_regression") for n in (1, 5)}
    row = rows["label_spreading", 5]
    assert row["difference"] == pytest.approx(-1.5)
    assert row["standard_error"] == pytest.approx(0.5)


def cells(table):
    return {name.text: row for name, *row in table.rows}


def test_the_best_is_bold_and_a_loss_is_marked():
    best = cells(accuracy_table(list(digits_rows(SCORES))))
    assert [cell.best for cell in best["DiffusionClassifier"]] == [True, False]
    assert [cell.best for cell in best["LabelSpreading"]] == [False, True]
    lead = cells(difference_table(list(paired_differences(SCORES))))
    assert [(c.text, c.unfavourable) for c in lead["LabelSpreading"]] == [
        ("+15.00", False),
        ("−1.50", True),
    ]
    even = lead["Logistic regression"][1]
    assert (even.text, even.unfavourable) == ("0.00", False)


def test_one_draw_has_no_deviation():
    single = {method: {1: values[1][:1]} for method, values in SCORES.items()}
    rows = list(digits_rows(single))
    assert all(np.isnan(row["std"]) for row in rows)
    assert all(cell.detail == "" for row in cells(accuracy_table(rows)).values() for cell in row)


def test_the_chart_has_the_means():
    (ax,) = digits_chart(SCORES).axes
    assert [list(line.get_ydata()) for line in ax.lines[:3]] == [[15, 4.5], [30, 3], [39, 4.5]]


def test_the_undiffused_network_learns_what_it_is_shown():
    x, y = digits()
    labelled = np.arange(len(y)) < 100
    first = undiffused_network(x, labelled, np.where(labelled, y, -1), 10, seed=0)
    again = undiffused_network(x, labelled, np.where(labelled, y, 7), 10, seed=0)
    np.testing.assert_array_equal(first, again)  # hidden labels are not looked at
    assert (first == y)[labelled].mean() > 0.95
    assert (first == y)[~labelled].mean() > 0.7
