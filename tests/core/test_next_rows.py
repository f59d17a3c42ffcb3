"""Rows to label next: typical, apart from each other, and where labels say least."""

import numpy as np
import pandas as pd
import pytest
import scipy.sparse
from sklearn.datasets import load_digits

from diffresnet import DiffusionClassifier, label_file
from diffresnet.classify.suggestion import suggest_points
from diffresnet.cli.app import run
from diffresnet.errors import InputError
from diffresnet.labelling.next_rows import next_rows

RNG = np.random.default_rng(0)
TRUTH = np.repeat(["a", "b", "c", "d"], 30)
X = RNG.normal(size=(120, 3)) * 0.3 + 5.0 * np.eye(4)[np.repeat(range(4), 30)][:, :3]


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    frame = pd.DataFrame(X, columns=["x", "y", "z"]).assign(name=[f"row {i}" for i in range(120)])
    frame.to_csv("a.csv", index=False)


def test_without_any_label_each_cluster_gives_one():
    rows = next_rows("a.csv", 4).rows
    assert sorted(TRUTH[rows]) == ["a", "b", "c", "d"]


def test_chosen_labels_are_worth_more_than_random_ones():
    x, y = load_digits(return_X_y=True)

    def accuracy(rows):
        few = np.full(len(y), -1)
        few[rows] = y[rows]
        model = DiffusionClassifier(random_state=0).fit(x, few)
        return (model.transduction_ == y)[few < 0].mean()

    chosen = accuracy(DiffusionClassifier(random_state=0).suggest(20, x))
    at_random = [np.random.default_rng(s).permutation(len(y))[:20] for s in range(3)]
    assert chosen > 0.94
    assert chosen > np.mean([accuracy(rows) for rows in at_random]) + 0.05


def test_with_labels_the_clusters_without_come_first():
    few = np.where(np.isin(np.arange(120), [0, 1, 30, 31]), TRUTH, None)
    model = DiffusionClassifier(random_state=0).fit(X, few)
    assert set(TRUTH[model.suggest(2)]) == {"c", "d"}
    rows = model.suggest(6)
    assert {"c", "d"} <= set(TRUTH[rows])
    assert len(set(rows)) == 6
    assert not set(rows) & {0, 1, 30, 31}
    np.testing.assert_array_equal(rows, model.suggest(6))


def test_labels_of_one_class_are_not_suggested_again():
    few = np.where(np.arange(120) < 30, "a", None)
    rows = DiffusionClassifier(random_state=0).suggest(3, X, few)
    assert sorted(TRUTH[rows]) == ["b", "c", "d"]


def test_copies_are_suggested_once():
    x = np.repeat(X, 3, axis=0)
    rows = DiffusionClassifier(random_state=0).suggest(120, x)
    assert len(np.unique(x[rows], axis=0)) == 120
    with pytest.raises(InputError, match="from 1 to 120 rows can be suggested"):
        DiffusionClassifier().suggest(121, x)


def test_rows_of_weight_zero_keep_their_numbers():
    few = np.where(np.isin(np.arange(120), [0, 30, 60, 90]), TRUTH, None)
    weight = np.where(np.arange(120) == 0, 0.0, 1.0)
    model = DiffusionClassifier(random_state=0).fit(X, few, sample_weight=weight)
    assert TRUTH[model.suggest(1)[0]] == "a"


def test_what_cannot_be_suggested(tmp_path):
    few = np.where(np.isin(np.arange(120), [0, 30]), TRUTH, None)
    model = DiffusionClassifier().fit(X, few)
    model.save(tmp_path / "m.npz")
    with pytest.raises(InputError, match="a model from a file has no rows"):
        DiffusionClassifier.load(tmp_path / "m.npz").suggest(1)
    graph = np.ones((120, 120)) - np.eye(120)
    alone = DiffusionClassifier().fit(None, few, graph=scipy.sparse.csr_array(graph))
    with pytest.raises(InputError, match="by their features"):
        alone.suggest(1)
    for n in (0, -1):
        with pytest.raises(InputError, match="not"):
            model.suggest(n)


def test_the_command_writes_the_rows_and_they_come_back_as_labels(capfd):
    assert run(["next", "a.csv", "-n", "4", "--out", "next.csv"]) == 0
    out, err = capfd.readouterr()
    assert "4 of 120 rows, 0 of which have a label" in err
    table = pd.read_csv("next.csv")
    assert list(table)[:2] == ["rank", "row"]
    assert table["rank"].tolist() == [1, 2, 3, 4]
    for row, name in zip(table["row"], table["name"], strict=True):
        assert name == f"row {row - 1}"
        assert f"{row}  row {row - 1}" in out
    table.assign(label=TRUTH[table["row"] - 1])[["name", "label"]].to_csv("few.csv", index=False)
    result = label_file("a.csv", "labelled.csv", labels="few.csv")
    assert (result.labels == TRUTH).all()
    assert run(["next", "labelled.csv", "-n", "2"]) == 0  # goes on from an output
    assert "4 of which have a label" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["a.csv", "-n", "500"], "from 1 to 120 rows can be suggested"),
        (["a.csv", "--label-column", "topic"], "has no labels 'topic'"),
        (["a.csv", "--out", "a.csv"], "would replace"),
        (["a.csv", "--out", "a.npz"], "must end in"),
        (["absent.csv"], "no such file"),
        (["a.csv", "--text", "name", "--features", "x"], "features by themselves (--features)"),
    ],
)
def test_bad_input_is_one_line(args, message, capfd):
    assert run(["next", *args]) == 2
    err = capfd.readouterr().err
    assert message in err
    assert err.count("\n") == 1


def test_the_gain_is_what_unsure_clusters_would_lose():
    """Two clusters: the labelled one is sure, and the other would become so."""
    x = np.concatenate([np.zeros((20, 2)), np.full((20, 2), 8.0)])
    x += 0.1 * np.random.default_rng(0).normal(size=x.shape)
    graph = DiffusionClassifier(n_neighbors=5)._join(x)
    uncertainty = np.bincount(graph.points.of_row, np.repeat([0.1, 0.5], 20))
    labelled = graph.points.of_row[:1]
    found = suggest_points(graph.domain, 1, labelled, uncertainty, 0)
    assert x[np.flatnonzero(graph.points.of_row == found.points[0])[0], 0] > 4
    # Of 39 free points, 20 go from 0.5 to 0.1.
    assert found.gain == pytest.approx(20 * 0.4 / 39, rel=0.02)
    none = suggest_points(graph.domain, 1, labelled[:0], uncertainty, 0)
    assert np.isnan(none.gain)


def test_less_is_gained_the_more_is_known():
    x, y = load_digits(return_X_y=True)
    rng, gains = np.random.default_rng(0), []
    for count in (20, 200):
        few = np.full(len(y), -1)
        rows = rng.permutation(len(y))[:count]
        few[rows] = y[rows]
        rows, gain = DiffusionClassifier(random_state=0).fit(x, few).suggest_with_gain(10)
        assert len(rows) == 10
        gains.append(gain)
    assert gains[0] > gains[1] >= 0


@pytest.mark.parametrize(
    ("mark", "options", "hint"),
    [
        (None, [], ""),
        ("?", [], "; '?' stands on 90 of 120 rows and is taken as a class; if it marks unlabelled"),
        ("NA", ["--unlabelled", "na"], "; no row is marked 'na'; marks are compared letter by"),
    ],
)
def test_where_every_row_has_a_label_it_is_said(mark, options, hint, capfd):
    few = TRUTH if mark is None else np.where(np.arange(120) % 4 == 0, TRUTH, mark)
    frame = pd.read_csv("a.csv").assign(label=few)
    for labels in (few, [mark or "a"] * 120):
        frame.assign(label=labels).to_csv("full.csv", index=False)
        assert run(["next", "full.csv", *options]) == 2
        err = capfd.readouterr().err
        assert "every row of 'full.csv' has a label, so that none can be suggested" in err
        assert hint.replace("90", "120" if labels is not few else "90") in err
        assert ("(--unlabelled)" in err) == bool(hint)
        assert err.count("\n") == 1


def test_copies_of_labelled_rows_are_not_suggested():
    x = np.repeat(X, 2, axis=0)
    few = np.where(np.arange(240) % 2 == 0, np.repeat(TRUTH, 2), None)
    with pytest.raises(InputError, match="every row has a label, or equals one that has"):
        DiffusionClassifier().fit(x, few).suggest(1)
