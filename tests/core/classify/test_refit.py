"""Refits: equal to fits with the same choices, and the graph to that of all rows."""

import numpy as np
import pandas as pd
import pytest
import scipy.sparse
import torch
from sklearn.datasets import load_digits, make_blobs
from sklearn.neighbors import KNeighborsClassifier

from diffresnet import DiffusionClassifier, similarity_graph
from diffresnet.classify.calibrator import Calibrator
from diffresnet.classify.choices import Choices
from diffresnet.classify.mixture import Mixture
from diffresnet.classify.novelty import NoveltyCalibrator
from diffresnet.classify.point_graph import NeighbourConfig, PointGraph
from diffresnet.errors import InputError
from diffresnet.labels import encode_labels
from diffresnet.similarity import GraphSettings, NeighbourSearch
from diffresnet.similarity.adjacency import symmetric_weights

ANSWERS = ("label_distributions_", "confidence_", "transduction_", "novelty_", "novel_", "reached_")


@pytest.fixture(scope="module")
def digits():
    x, y = load_digits(n_class=5, return_X_y=True)
    return x[:500].astype(np.float32), y[:500]


def few_labels(y, per_class, rows=None, seed=0):
    few, rng = np.full(len(y), -1), np.random.default_rng(seed)
    for c in np.unique(y):
        some = np.flatnonzero(y[:rows] == c)
        few[rng.choice(some, per_class, replace=False)] = c
    return few


def with_more(few, y, count, rows=None):
    more = few.copy()
    free = np.flatnonzero(more[:rows] == -1)[:count]
    more[free] = y[free]
    return more


def assert_same(got, want, **tolerance):
    for name in ANSWERS:
        if tolerance and getattr(want, name).dtype.kind == "f":
            np.testing.assert_allclose(getattr(got, name), getattr(want, name), **tolerance)
        else:
            np.testing.assert_array_equal(getattr(got, name), getattr(want, name))


def held(model, x, y, graph=None):
    """A fit from scratch, with the choices that a model has made."""
    again = DiffusionClassifier(**model.get_params(deep=False))
    again.n_features_in_ = model.n_features_in_
    before, labels = model._transduction, encode_labels(y, model.unlabelled)
    choices = before.choices
    again._remember(again._transducer().fit(again._join(x, graph), labels, choices=choices), None)
    return again


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"metric": "euclidean", "class_prior": "uniform"},
        {"diffusion_time": 3.0, "prior_weight": 0.3, "flow": "heat"},
        {"head": KNeighborsClassifier(1), "calibrate": False},
        {"neighbors": "clustered"},
    ],
)
def test_a_refit_is_a_fit_with_the_same_choices(digits, options):
    x, y = digits
    few = few_labels(y, 6)
    model = DiffusionClassifier(random_state=0, **options).fit(x, few)
    choices = model._transduction.choices
    more = with_more(few, y, 10)
    want = held(model, x, more)
    model.refit(more)
    assert model._transduction.choices is choices
    assert_same(model, want)
    assert (model.transduction_[more >= 0] == more[more >= 0]).all()
    shares = model.label_distributions_.mean(axis=0, dtype=np.float64)
    np.testing.assert_allclose(model.class_shares_, shares, rtol=1e-6)
    fresh = DiffusionClassifier(random_state=0, **options).fit(x, few)
    # Novelty is solved for without folds, which end the solver at another step.
    assert_same(model.refit(few), fresh, atol=1e-3)


def test_labels_alone_on_a_graph(digits):
    x, y = digits
    few = few_labels(y, 6)
    graph = symmetric_weights(similarity_graph(x), len(x))
    model = DiffusionClassifier(random_state=0).fit(None, few, graph=graph)
    more = with_more(few, y, 10)
    want = held(model, None, more, graph)
    assert_same(model.refit(more), want)


@pytest.mark.parametrize(
    ("options", "per_class"),
    [
        ({}, 1),
        ({"relabel": True}, 8),
        ({"convection": "trained"}, 4),
        ({"convection": "paper"}, 4),
    ],
    ids=["one label", "relabel", "trained", "paper"],
)
def test_what_is_never_held_is_a_fit(digits, options, per_class):
    x, y = digits[0][:150], digits[1][:150]
    few = few_labels(y, per_class)
    model = DiffusionClassifier(random_state=0, **options).fit(x, few)
    more = with_more(few, y, 2)
    more[np.flatnonzero(few >= 0)[0]] = 4 - few[few >= 0][0]
    assert_same(model.refit(more), DiffusionClassifier(random_state=0, **options).fit(x, more))


def test_choices_are_made_again_where_labels_are_others():
    labels = encode_labels([0, 1] * 10 + [None] * 20)
    curve = NoveltyCalibrator(1.0, 0.0, 1.0, 1.0)
    choices = Choices(Mixture((1.0,), (1.0,)), 0.1, Calibrator(), curve, labels)
    for y, holds in (
        ([0, 1] * 10 + [None] * 20, True),
        ([0, 1] * 15 + [None] * 10, True),
        ([0, 1] * 15 + [1] + [None] * 9, False),
        ([0, 1] * 5 + [1, 0] * 5 + [None] * 20, True),
        ([0, 1] * 4 + [1, 0] * 6 + [None] * 20, False),
        ([0, 1] * 4 + [None] * 32, False),
        ([0, 1] * 10 + [None] * 40, True),
        ([0, 1] * 10 + [None] * 41, False),
        ([0, 1] * 10 + [2] + [None] * 19, False),
    ):
        assert choices.hold_for(encode_labels(y)) == holds


def test_a_class_comes_and_goes(digits):
    x, y = digits
    few = few_labels(y, 6)
    without = np.where(few == 3, -1, few)
    model = DiffusionClassifier(random_state=0).fit(x, without)
    assert model.classes_.tolist() == [0, 1, 2, 4]
    for labels in (few, without):
        model.refit(labels)
        assert_same(model, DiffusionClassifier(random_state=0).fit(x, labels))
    texts = np.where(without >= 0, without.astype(str), "").astype(object)
    assert model.refit(texts).classes_.tolist() == ["0", "1", "2", "4"]


def graphs(x, n, metric="euclidean", method="exact", k=6):
    settings = GraphSettings(n_neighbors=k, metric=metric, scale_neighbor=k)
    config = NeighbourConfig(settings, method, torch.device("cpu"))
    part = PointGraph.from_features(x[:n], config)
    search = NeighbourSearch(torch.from_numpy(part.points.x), k, metric, method)
    return part.extend(x[n:], config, search), PointGraph.from_features(x, config)


@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
@pytest.mark.parametrize("n", [150, 4, 199])
def test_an_extended_graph_is_that_of_all_rows(n, metric):
    x = np.random.default_rng(0).normal(size=(200, 8)).astype(np.float32)
    x[160], x[170:175], x[180] = x[2], x[165], 0.0
    got, want = graphs(x, n, metric)
    np.testing.assert_array_equal(got.points.x, want.points.x)
    np.testing.assert_array_equal(got.points.of_row, want.points.of_row)
    directed = want.points.x.any(axis=1)  # a row of zeros is as far from all others
    np.testing.assert_array_equal(
        got.neighbours.indices[directed], want.neighbours.indices[directed]
    )
    np.testing.assert_allclose(got.bandwidth, want.bandwidth, rtol=1e-5)
    np.testing.assert_allclose(got.weights.toarray(), want.weights.toarray(), rtol=1e-4)
    assert got.recall == 1.0


def test_copies_add_no_points():
    x = np.random.default_rng(0).normal(size=(60, 8)).astype(np.float32)
    got, want = graphs(np.concatenate([x, x[:9]]), 60)
    np.testing.assert_array_equal(got.points.of_row, want.points.of_row)
    np.testing.assert_array_equal(got.weights.toarray(), want.weights.toarray())


@pytest.mark.parametrize("form", ["array", "sparse", "frame"])
def test_new_rows_are_labelled_as_by_a_fit(digits, form):
    x, y = digits
    n, few = 400, few_labels(y, 6, 400)
    x = {"array": x, "sparse": scipy.sparse.csr_array(x), "frame": pd.DataFrame(x).add_prefix("p")}[
        form
    ]
    cut = x.iloc if form == "frame" else x
    model = DiffusionClassifier(scale=None, random_state=0).fit(cut[:n], few[:n])
    few = with_more(few, y, 5, n)
    few[n:] = y[n:] * (np.arange(100) < 5) - (np.arange(100) >= 5)
    want = held(model, x if form != "frame" else x.to_numpy(), few)
    model.refit(few, cut[n:])
    assert_same(model, want, atol=1e-3)
    assert len(model.transduction_) == 500
    # More than half as many rows again: as by a fit.
    many = DiffusionClassifier(scale=None, random_state=0).fit(cut[:300], few[:300])
    want = DiffusionClassifier(scale=None, random_state=0).fit(x, few)
    assert_same(many.refit(few, cut[300:]), want, atol=1e-3)


def test_the_projection_is_kept():
    rng = np.random.default_rng(0)
    x = scipy.sparse.random_array((300, 400), density=0.1, rng=rng, format="csr", dtype=np.float64)
    y = (x.sum(axis=1) > np.median(x.sum(axis=1))).astype(int)
    few = few_labels(y, 8, 250)
    model = DiffusionClassifier(random_state=0).fit(x[:250], few[:250])
    projection = model._model.projection
    model.refit(few, x[250:])
    assert model._model.projection is projection
    assert model._model.points.x.shape == (300, 128)
    assert (model.predict(x) == model.transduction_)[few == -1].all()


def test_all_that_is_fitted_is_that_of_the_refit(digits, tmp_path):
    x, y = digits
    few = few_labels(y, 6, 450)
    model = DiffusionClassifier(scale=None, random_state=0).fit(x[:450], few[:450])
    more = with_more(few, y, 8, 450)
    model.refit(more[:450]).refit(more, x[450:])
    free = np.flatnonzero(more == -1)
    for row in free[[0, -1]]:
        why = model.explain(row)
        point = model._transduction.rows.points.of_row[row]
        assert why.label == model.transduction_[row]
        code = np.searchsorted(model.classes_, why.label)
        assert why.score == pytest.approx(model._model.scores[point, code], abs=5e-3)
        assert {each.row for each in why.contributions} == set(np.flatnonzero(more >= 0))
    assert model.explain(int(np.flatnonzero(more >= 0)[-1])).contributions[0].weight == 1.0
    strongest, _ = model.strongest_labels(2)
    assert strongest.shape == (500, 2)
    assert (strongest[more >= 0] == -1).all()
    assert (more[strongest[free, 0]] == model.transduction_[free]).mean() > 0.99
    assert (more[model.suggest(20)] == -1).all()
    fresh = DiffusionClassifier(scale=None, random_state=0).fit(x, more)
    mine, audit = model.audit(), fresh.audit()
    np.testing.assert_array_equal(mine.rows, audit.rows)
    np.testing.assert_allclose(mine.probability, audit.probability, atol=1e-3)
    np.testing.assert_array_equal(model.predict(x), model.transduction_)
    path = tmp_path / "m.npz"
    model.save(path)
    again = DiffusionClassifier.load(path)
    new = x[:50] + np.float32(0.5)
    np.testing.assert_array_equal(again.predict_proba(new), model.predict_proba(new))
    np.testing.assert_array_equal(again.transduction_, model.transduction_)
    assert_same(again, model)


def test_a_series_of_refits_is_as_good_as_fits(digits):
    x, y = digits
    few = few_labels(y, 3)
    model = DiffusionClassifier(random_state=0).fit(x, few)
    order = np.random.default_rng(0).permutation(np.flatnonzero(few == -1))
    right = []
    for labels in range(4, 60, 8):
        few[order[labels - 4 : labels + 4]] = y[order[labels - 4 : labels + 4]]
        fresh = DiffusionClassifier(random_state=0).fit(x, few)
        rest = few == -1
        right.append([(m.transduction_ == y)[rest].mean() for m in (model.refit(few), fresh)])
    refits, fits = np.mean(right, axis=0)
    assert refits > fits - 0.005


def test_what_cannot_be_refitted_is_one_clear_line(digits, tmp_path):
    x, y = digits
    few = few_labels(y, 3)
    model = DiffusionClassifier(random_state=0).fit(x, few)
    before = model.transduction_
    for labels, more, message in (
        (few[:-1], None, "y has 499 labels for 500 fitted rows and 0 new ones"),
        (few, x[:3], "y has 500 labels for 500 fitted rows and 3 new ones"),
        (np.zeros(500, dtype=int), None, "of one class"),
        (np.append(few, -1), x[:1, :9], "9 features"),
    ):
        with pytest.raises(ValueError, match=message):
            model.refit(labels, more)
    assert model.transduction_ is before
    model.save(tmp_path / "m.npz")
    with pytest.raises(InputError, match="a model from a file has no rows to refit"):
        DiffusionClassifier.load(tmp_path / "m.npz").refit(few)
    weighted = DiffusionClassifier().fit(x, few, sample_weight=np.ones(500))
    with pytest.raises(InputError, match="sample weights cannot be refitted"):
        weighted.refit(few)
    given = DiffusionClassifier().fit(x, few, graph=similarity_graph(x))
    with pytest.raises(InputError, match="a given graph has no place for new rows"):
        given.refit(np.append(few, -1), x[:1])
    named = DiffusionClassifier().fit(x, few, feature_names=[f"p{i}" for i in range(64)])
    with pytest.raises(InputError, match="in another order"):
        named.refit(np.append(few, -1), x[:1], feature_names=[f"p{i}" for i in range(64)[::-1]])


def test_rows_between_classes_join_a_class_that_is_new():
    x, y = make_blobs(300, 3, centers=3, cluster_std=0.6, random_state=0)
    few = few_labels(y, 4, 200)
    few[few == 2] = -1
    model = DiffusionClassifier(random_state=0).fit(x[:200], few[:200])
    few[np.flatnonzero(y == 2)[:2]] = 2
    assert (model.refit(few, x[200:]).transduction_ == y).mean() > 0.95
