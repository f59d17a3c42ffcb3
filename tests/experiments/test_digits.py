import numpy as np
import pytest
import torch

from diffresnet_lab.experiments.demo.digits import (
    METHODS,
    DigitsSettings,
    digits,
    digits_rows,
    digits_scores,
    draw_labels,
    paired_differences,
    undiffused_network,
)
from diffresnet_lab.experiments.demo.section import (
    accuracy_table,
    difference_table,
    digits_section,
    headline,
)

SCORES = {
    "diffusion_classifier": {1: np.array([90.0, 80.0]), 5: np.array([95.0, 96.0])},
    "label_spreading": {1: np.array([70.0, 70.0]), 5: np.array([96.0, 98.0])},
    "logistic_regression": {1: np.array([60.0, 62.0]), 5: np.array([95.0, 96.0])},
}


def test_a_draw_keeps_as_many_labels_of_each_class_as_asked():
    _, y = digits()
    given = draw_labels(y, 5, draw=0, seed=0)
    assert np.bincount(given[given >= 0]).tolist() == [5] * 10
    np.testing.assert_array_equal(given[given >= 0], y[given >= 0])
    np.testing.assert_array_equal(given, draw_labels(y, 5, draw=0, seed=0))
    for other in (draw_labels(y, 5, draw=1, seed=0), draw_labels(y, 5, draw=0, seed=1)):
        assert not np.array_equal(given, other)


def test_every_method_labels_every_draw_and_tells_how_far_it_is():
    done = []
    settings = DigitsSettings(labels_per_class=(2,), draws=2, seed=3)
    state = torch.random.get_rng_state()
    scores = digits_scores(settings, done.append)
    assert torch.equal(state, torch.random.get_rng_state())
    assert list(scores) == list(METHODS)
    assert sum(done) == settings.fits
    for of_method in scores.values():
        assert of_method[2].shape == (2,)
        assert (of_method[2] > 40).all()
    assert scores["diffusion_classifier"][2].mean() > scores["logistic_regression"][2].mean()
    first = digits_scores(DigitsSettings(labels_per_class=(2,), draws=1, seed=3))
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


def test_the_best_is_bold_and_a_loss_is_marked():
    table = accuracy_table(SCORES)
    best = {name: [cell.best for cell in cells] for name, cells in table.rows}
    assert best["DiffusionClassifier"] == [True, False]
    assert best["LabelSpreading"] == [False, True]
    losses = difference_table(SCORES)
    cells = dict(losses.rows)["LabelSpreading"]
    assert [(cell.value, cell.loss) for cell in cells] == [("+15.00", False), ("−1.50", True)]
    assert "behind in 1 of 4" in losses.note


def test_neither_ahead_nor_behind_is_not_called_ahead():
    even = difference_table(SCORES)
    cells = dict(even.rows)["Logistic regression"]
    assert (cells[1].value, cells[1].loss) == ("0.00", False)
    won = {**SCORES, "label_spreading": SCORES["logistic_regression"]}
    assert "behind in none of 4" in difference_table(won).note


def test_one_draw_has_no_spread():
    single = {method: {1: values[1][:1]} for method, values in SCORES.items()}
    assert all(np.isnan(row["std"]) for row in digits_rows(single))
    assert all(cell.spread == "" for _, cells in accuracy_table(single).rows for cell in cells)


def test_the_section_says_what_came_out():
    assert "85.0% of all others" in headline(SCORES)
    assert "one labelled image" in headline(SCORES)
    section = digits_section(SCORES, DigitsSettings(draws=2))
    ((chart,),) = section.galleries
    assert "LabelSpreading: 30.0 with 1, 3.0 with 5" in chart.alt
    assert "2 draws" in section.text[0]


def test_the_undiffused_network_learns_what_it_is_shown():
    x, y = digits()
    labelled = np.arange(len(y)) < 100
    first = undiffused_network(x, labelled, np.where(labelled, y, -1), 10, seed=0)
    again = undiffused_network(x, labelled, np.where(labelled, y, 7), 10, seed=0)
    np.testing.assert_array_equal(first, again)  # hidden labels are not looked at
    assert (first == y)[labelled].mean() > 0.95
    assert (first == y)[~labelled].mean() > 0.7
