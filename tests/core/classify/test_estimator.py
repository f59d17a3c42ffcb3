import numpy as np
import pandas as pd
import polars as pl
import pytest
import scipy.sparse
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.datasets import load_digits, load_wine, make_blobs
from sklearn.linear_model import RidgeClassifier
from sklearn.metrics import accuracy_score
from sklearn.model_selection import GridSearchCV, KFold, cross_val_score, cross_validate
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from diffresnet import DiffusionClassifier, similarity_graph
from diffresnet.errors import InputError


def few_labels(y, per_class, seed=0):
    rng = np.random.default_rng(seed)
    few = np.full(len(y), -1)
    for c in np.unique(y):
        few[rng.choice(np.flatnonzero(y == c), per_class, replace=False)] = c
    return few


@pytest.fixture(scope="module")
def blobs():
    x, y = make_blobs(200, 5, centers=3, cluster_std=1.0, random_state=3)
    return x, y, few_labels(y, 4)


@pytest.fixture(scope="module")
def digits():
    x, y = load_digits(return_X_y=True)
    return x, y


@parametrize_with_checks([DiffusionClassifier()])
@pytest.mark.filterwarnings("ignore")
def test_scikit_learn_agrees(estimator, check):
    check(estimator)


@pytest.mark.parametrize(("per_class", "at_least"), [(1, 0.80), (5, 0.93), (20, 0.97)])
def test_digits(digits, per_class, at_least):
    x, y = digits
    few = few_labels(y, per_class, seed=500)
    model = DiffusionClassifier().fit(x, few)
    rest = few == -1
    assert (model.transduction_ == y)[rest].mean() > at_least
    assert np.allclose(model.label_distributions_.sum(1), 1)
    assert (model.transduction_[~rest] == few[~rest]).all()
    assert model.reached_.all()


def test_confidence_matches_accuracy(digits):
    x, y = digits
    gaps = []
    for seed in range(600, 604):
        few = few_labels(y, 5, seed)
        model = DiffusionClassifier().fit(x, few)
        rest = few == -1
        gaps.append(model.confidence_[rest].mean() - (model.transduction_ == y)[rest].mean())
    assert abs(np.mean(gaps)) < 0.08


@pytest.mark.parametrize(
    "options",
    [
        {"convection": "trained"},
        {"convection": "paper"},
        {"flow": "heat", "diffusion_time": 5.0},
        {"flow": "euler", "diffusion_time": 5.0},
        {"diffusion_time": 0.0, "prior_weight": float("inf")},
        {"prior_weight": 0.1, "calibrate": False},
        {"metric": "cosine", "n_neighbors": 6},
        {"head": KNeighborsClassifier(3)},
        {"neighbors": "exact"},
        {"relabel": True},
    ],
    ids=str,
)
def test_every_part_can_be_replaced(blobs, options):
    x, y, few = blobs
    model = DiffusionClassifier(random_state=0, **options).fit(x, few)
    rest = few == -1
    assert (model.transduction_ == y)[rest].mean() > 0.85
    assert (model.predict(x + 1e-3) == y).mean() > 0.85
    assert np.isfinite(model.label_distributions_).all()


def test_a_head_without_probabilities_is_refused_in_one_line(blobs):
    x, _, few = blobs
    with pytest.raises(InputError, match="predict_proba"):
        DiffusionClassifier(head=RidgeClassifier()).fit(x, few)


@settings(max_examples=6)
@given(seed=st.integers(0, 1000))
def test_order_of_rows_does_not_matter(blobs, seed):
    x, _, few = blobs
    order = np.random.default_rng(seed).permutation(len(x))
    straight = DiffusionClassifier(random_state=0).fit(x, few)
    mixed = DiffusionClassifier(random_state=0).fit(x[order], few[order])
    assert np.allclose(straight.label_distributions_[order], mixed.label_distributions_, atol=1e-5)


def test_forms_of_x_agree(blobs):
    x, _, few = blobs
    x = x.astype(np.float32)
    want = DiffusionClassifier().fit(x, few).label_distributions_
    forms = {
        "list": x.tolist(),
        "tensor": torch.from_numpy(x),
        "sparse": scipy.sparse.csr_array(x),
        "sparse tensor": torch.from_numpy(x).to_sparse_csr(),
        "frame": pd.DataFrame(x),
        "nullable frame": pd.DataFrame(x).astype({0: "Float64", 1: "Float32", 2: "float[pyarrow]"}),
        "polars frame": pl.DataFrame(x),
        "fortran": np.asfortranarray(x),
    }
    for name, form in forms.items():
        got = DiffusionClassifier().fit(form, few).label_distributions_
        assert np.allclose(got, want, atol=1e-5), name
    half = DiffusionClassifier().fit(x.astype(np.float16), few)
    assert np.isfinite(half.label_distributions_).all()


def test_wide_sparse_features_are_projected(digits):
    x, y = digits
    rng = np.random.default_rng(0)
    wide = scipy.sparse.csr_array(x @ (rng.random((64, 400)) < 0.05))
    few = few_labels(y, 5)
    model = DiffusionClassifier().fit(wide, few)
    assert (model.transduction_ == y)[few == -1].mean() > 0.85
    assert (model.predict(wide[:50]) == model.transduction_[:50]).mean() > 0.95


def test_text_labels_pandas_and_set_output():
    wine = load_wine(as_frame=True)
    names = wine.target.map(lambda c: wine.target_names[c])
    y = names.where(pd.Series(few_labels(wine.target.to_numpy(), 5)) >= 0, None)
    pipeline = make_pipeline(StandardScaler(), DiffusionClassifier()).set_output(transform="pandas")
    pipeline.fit(wine.data, y)
    assert set(pipeline.predict(wine.data)) <= set(wine.target_names)
    assert (pipeline[-1].transduction_ == names.to_numpy()).mean() > 0.9
    assert list(pipeline[-1].feature_names_in_) == list(wine.data.columns)


def test_grid_search_and_clone(blobs):
    x, y, _ = blobs
    search = GridSearchCV(DiffusionClassifier(), {"n_neighbors": [5, 10]}, cv=2).fit(x, y)
    assert search.best_score_ > 0.85
    assert clone(search.best_estimator_).get_params() == search.best_estimator_.get_params()


def test_score_of_labelled_rows_is_that_of_scikit_learn(blobs):
    x, y, few = blobs
    y = np.where(np.arange(len(y)) % 7 == 0, (y + 1) % 3, y)  # some answers are wrong
    model = DiffusionClassifier().fit(x, few)
    weight = np.random.default_rng(0).random(len(y))
    predicted = model.predict(x)
    for w in (None, weight):
        for form in (y, y.tolist(), pd.Series(y), pd.Series(y, dtype="Int64"), torch.from_numpy(y)):
            assert model.score(x, form, w) == accuracy_score(y, predicted, sample_weight=w)
        part = np.arange(len(y)) % 3 == 0
        want = accuracy_score(
            y[part], predicted[part], sample_weight=None if w is None else w[part]
        )
        assert 0.5 < want < 1
        for mark in (-1, None, np.nan):
            marked = np.where(part, y.astype(object), mark)
            assert model.score(x, marked, w) == want
        assert model.score(x, pd.Series(np.where(part, y, None), dtype="Int64"), w) == want


def test_score_by_the_marks_of_fit(blobs):
    x, y, few = blobs
    names = np.array(["ant", "bee", "cat"], dtype=object)[y]
    part = np.arange(len(y)) % 3 == 0
    model = DiffusionClassifier(unlabelled="?").fit(x, np.where(few < 0, "?", names))
    want = accuracy_score(names[part], model.predict(x)[part])
    assert model.score(x, np.where(part, names, "?")) == want
    assert model.score(x, np.where(part, names, "")) == want
    # A fold of 1 and unlabelled rows cannot be misread, as a whole y could.
    numbers = DiffusionClassifier().fit(x, few)
    ones = np.where(y == 1, 1, -1)
    assert numbers.score(x, ones) == (numbers.predict(x)[y == 1] == 1).mean()
    with pytest.warns(UserWarning, match="only -1 and"):
        both = DiffusionClassifier().fit(x, ones)
    assert both.score(x, ones) == (both.predict(x) == ones).mean()


def test_score_without_a_label_says_so(blobs):
    x, _, few = blobs
    model = DiffusionClassifier().fit(x, few)
    with pytest.raises(InputError, match="no row has a label"):
        model.score(x, np.full(len(x), -1))
    with pytest.raises(InputError, match="200 rows and y has 3 labels"):
        model.score(x, [0, 1, 2])


def test_cross_validation_counts_labelled_rows_only(blobs):
    x, y, _ = blobs
    few = few_labels(y, 10)
    model = make_pipeline(StandardScaler(), DiffusionClassifier())
    blank = pd.Series(few).where(few >= 0)
    folds = KFold(5, shuffle=True, random_state=0)
    for marked, cv in (
        (few, 5),
        (np.where(few < 0, "", few.astype(str)), 5),
        (np.where(few < 0, None, few.astype(object)), 5),
        (blank, folds),
        (blank.astype("Int64"), folds),
    ):
        assert cross_val_score(model, x, marked, cv=cv, error_score="raise").min() > 0.8
    assert cross_validate(model, x, few, cv=5)["test_score"].min() > 0.8
    grid = {"diffusionclassifier__n_neighbors": [5, 10]}
    assert GridSearchCV(model, grid, cv=5).fit(x, few).best_score_ > 0.8
    # scikit-learn's own scorers do not know of unlabelled rows; one of one's own leaves them out.
    assert cross_val_score(model, x, few, cv=5, scoring="accuracy").max() < 0.3

    def accuracy(model, x, y):
        return accuracy_score(y[y != -1], model.predict(x[y != -1]))

    default = cross_val_score(model, x, few, cv=5)
    assert np.array_equal(cross_val_score(model, x, few, cv=5, scoring=accuracy), default)


@pytest.mark.parametrize(
    "missing",
    [
        lambda few: pd.Series(few).where(few >= 0).astype("Int64"),
        lambda few: pd.Series(few).where(few >= 0).astype("Int64").astype("category"),
        lambda few: pl.Series([int(v) if v >= 0 else None for v in few]),
    ],
)
def test_nullable_integers_are_predicted_as_integers(blobs, missing):
    x, _, few = blobs
    want = DiffusionClassifier().fit(x, few)
    model = DiffusionClassifier().fit(x, missing(few))
    for labels in (model.classes_, model.transduction_, model.predict(x)):
        assert labels.dtype == np.int64
    assert np.array_equal(model.transduction_, want.transduction_)


def test_given_graph_with_and_without_features(digits):
    x, y = digits
    few = few_labels(y, 5)
    rest = few == -1
    graph = similarity_graph(x)
    both = DiffusionClassifier().fit(x, few, graph=graph)
    assert (both.transduction_ == y)[rest].mean() > 0.9
    alone = DiffusionClassifier().fit(None, few, graph=graph)
    assert (alone.transduction_ == y)[rest].mean() > 0.9
    with pytest.raises(InputError, match="links"):
        alone.predict(x[:3])
    links = graph[:20]
    assert (alone.predict(None, links=links) == alone.transduction_[:20]).mean() > 0.9
    none = scipy.sparse.csr_array((2, graph.shape[0]))
    assert np.allclose(alone.predict_proba(None, links=none), 0.1)


def test_unreached_points_are_uniform_and_flagged():
    rng = np.random.default_rng(0)
    x = np.concatenate([rng.normal(size=(40, 2)) + 50 * c for c in range(3)])
    y = np.full(120, -1)
    y[:3], y[40:43] = 0, 1
    model = DiffusionClassifier(n_neighbors=5).fit(x, y)
    assert model.reached_[:80].all()
    assert not model.reached_[80:].any()
    assert np.allclose(model.label_distributions_[80:], 0.5)
    p, reached = model.predict_flagged(x[[0, 100]] + 0.01)
    assert reached.tolist() == [True, False]
    assert np.allclose(p[1], 0.5)
    isolated = scipy.sparse.csr_array((4, 4))
    alone = DiffusionClassifier().fit(None, [0, 1, -1, -1], graph=isolated)
    assert alone.reached_.tolist() == [True, True, False, False]
    assert np.isfinite(alone.label_distributions_).all()


def test_new_rows_by_chunks_equal_one_by_one(blobs, monkeypatch):
    x, _, few = blobs
    model = DiffusionClassifier().fit(x, few)
    new = x[:40] + 0.05
    whole = model.predict_proba(new)
    monkeypatch.setattr("diffresnet.classify.fitted.CHUNK", 7)
    assert np.allclose(model.predict_proba(new), whole, atol=1e-6)
    assert np.allclose(model.predict_proba(new[:1]), whole[:1], atol=1e-6)


def test_a_fitted_row_gets_its_own_answer(blobs):
    x, _, few = blobs
    model = DiffusionClassifier().fit(x, few)
    assert (model.predict(x) == model.transduction_).all()


def test_duplicates_are_one_point(blobs):
    x, y, few = blobs
    plain = DiffusionClassifier(random_state=0).fit(x, few)
    copies = np.concatenate([x, np.repeat(x[:1], 60, axis=0)])
    labels = np.concatenate([few, np.full(60, -1)])
    more = DiffusionClassifier(random_state=0).fit(copies, labels)
    assert np.allclose(more.label_distributions_[: len(x)], plain.label_distributions_, atol=1e-6)
    # Of labels that contradict each other at one point, each row keeps its own.
    labels[-3:] = [0, 1, 1]
    odd = DiffusionClassifier(random_state=0).fit(copies, labels)
    assert odd.transduction_[-3:].tolist() == [0, 1, 1]


def test_constant_features_and_all_labels(blobs):
    x, y, few = blobs
    flat = DiffusionClassifier().fit(np.ones((10, 3)), [0, 1] + [-1] * 8)
    assert np.isfinite(flat.label_distributions_).all()
    every = DiffusionClassifier().fit(x, y)
    assert (every.transduction_ == y).all()


def test_two_rows_and_more_neighbours_than_points():
    model = DiffusionClassifier(n_neighbors=50).fit([[0.0], [1.0]], [0, 1])
    assert model.transduction_.tolist() == [0, 1]
    three = DiffusionClassifier().fit([[0.0], [1.0], [0.1]], [0, 1, -1])
    assert three.transduction_.tolist() == [0, 1, 0]


def test_uneven_label_counts(digits):
    x, y = digits
    few = few_labels(y, 1)
    extra = few_labels(y, 20, seed=1)
    few = np.where((extra >= 5) & (few < 0), extra, few)
    model = DiffusionClassifier().fit(x, few)
    assert (model.transduction_ == y)[few == -1].mean() > 0.85


def test_relabel_can_overrule_a_wrong_label(digits):
    x, y = digits
    few = few_labels(y, 10)
    wrong = np.flatnonzero(few == 0)[:1]
    few[wrong] = 1
    kept = DiffusionClassifier().fit(x, few)
    assert kept.transduction_[wrong] == 1
    mended = DiffusionClassifier(relabel=True).fit(x, few)
    assert mended.transduction_[wrong] == 0


def test_weightless_labels_take_no_part(blobs):
    x, y, few = blobs
    rows = np.flatnonzero(few >= 0)
    bad = few.copy()
    bad[rows[0]] = (few[rows[0]] + 1) % 3
    weight = np.ones(len(x))
    weight[rows[0]] = 0.0
    model = DiffusionClassifier(random_state=0).fit(x, bad, sample_weight=weight)
    keep = np.arange(len(x)) != rows[0]
    without = DiffusionClassifier(random_state=0).fit(x[keep], few[keep])
    assert np.allclose(model.label_distributions_[keep], without.label_distributions_, atol=1e-6)
    assert model.transduction_[rows[0]] == bad[rows[0]]


def test_the_shares_of_classes_are_those_of_all_answers(blobs, tmp_path):
    x, _, few = blobs
    rows, weight = np.flatnonzero(few >= 0), np.ones(len(x))
    weight[rows[few[rows] == few[rows[0]]][:1]] = 0.0
    gone = np.append(few[:-1], 7)  # a label of no class, since its weight is 0
    for labels in (few, gone):
        weight[-1] = float(labels is few)
        model = DiffusionClassifier(random_state=0).fit(x, labels, sample_weight=weight)
        answered = model.label_distributions_[model.label_distributions_.any(axis=1)]
        assert np.allclose(model.class_shares_, answered.mean(axis=0))
        assert model.class_shares_.sum() == pytest.approx(1.0)
        model.save(tmp_path / "m.npz")
        again = DiffusionClassifier.load(tmp_path / "m.npz")
        np.testing.assert_array_equal(again.class_shares_, model.class_shares_)


def test_what_cannot_be_suggested_says_so(blobs):
    x, _, few = blobs
    model = DiffusionClassifier(random_state=0).fit(x, few)
    for count in (1.5, "3", True, None, float("nan")):
        with pytest.raises(InputError, match="n is a whole number"):
            model.suggest(count)
        with pytest.raises(InputError, match="count is a whole number"):
            model.strongest_labels(count)
    with pytest.raises(InputError, match=rf"X has {len(x)} rows and y has {len(x) - 5} labels"):
        model.suggest(3, x, few[:-5])
    with pytest.raises(InputError, match="give both, or neither"):
        model.suggest(3, y=few)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"diffusion_time": -1.0}, "diffusion_time"),
        ({"diffusion_time": float("inf")}, "diffusion_time"),
        ({"diffusion_time": "much"}, "diffusion_time"),
        ({"prior_weight": 0.0}, "prior_weight"),
        ({"flow": "up"}, "flow"),
        ({"convection": "some"}, "convection"),
        ({"metric": "taxicab"}, "metric"),
        ({"n_neighbors": 0}, "n_neighbors"),
        ({"device": "abacus"}, "abacus"),
        ({"neighbors": "guess"}, "guess"),
    ],
)
def test_bad_parameters_say_so(blobs, options, says):
    x, _, few = blobs
    with pytest.raises(InputError, match=says):
        DiffusionClassifier(**options).fit(x, few)


def test_bad_input_says_so(blobs):
    x, _, few = blobs
    for bad in (np.nan, np.inf):
        broken = x.copy()
        broken[3, 1] = bad
        with pytest.raises(ValueError, match=r"NaN|infinity"):
            DiffusionClassifier().fit(broken, few)
    far = x.copy()
    far[3, 1] = 1e25
    with pytest.raises(InputError, match=r"hold 1e\+25 \(row 3, column 1\); values beyond 1e.17"):
        DiffusionClassifier().fit(far, few)
    with pytest.raises(InputError, match="names"):
        DiffusionClassifier().fit(x, few, feature_names=["a"])
    with pytest.raises(InputError, match=r"values beyond 1e.17"):
        DiffusionClassifier().fit(x * 1e60, few)
    with pytest.raises(InputError, match="200 rows and y has 199"):
        DiffusionClassifier().fit(x, few[:-1])
    with pytest.raises(InputError, match="needs the features X, or a graph"):
        DiffusionClassifier().fit(None, few)
    with pytest.raises(InputError, match="200 x 200"):
        DiffusionClassifier().fit(x, few, graph=scipy.sparse.eye_array(7))
    with pytest.raises(InputError, match="sparse"):
        DiffusionClassifier().fit(x, few, graph=np.eye(200))
    with pytest.raises(InputError, match="negative"):
        DiffusionClassifier().fit(x, few, graph=-scipy.sparse.eye_array(200))


def test_the_old_name_of_diffusion_time_is_known_for_one_release(blobs):
    x, _, few = blobs
    want = DiffusionClassifier(diffusion_time=5.0).fit(x, few)
    with pytest.warns(FutureWarning, match="called diffusion_time now"):
        old = DiffusionClassifier(strength=5.0).fit(x, few)
    assert np.array_equal(old.label_distributions_, want.label_distributions_)
    with pytest.warns(FutureWarning, match="called diffusion_time_ now"):
        assert old.strength_ == old.diffusion_time_ == 5.0


def test_marks_of_unlabelled_rows(blobs):
    x, _, few = blobs
    names = np.array([f"class {c}" for c in few], dtype=object)
    want = DiffusionClassifier().fit(x, np.where(few < 0, None, names)).transduction_
    for mark in ("class -1", ["class -1", "unknown"]):
        got = DiffusionClassifier(unlabelled=mark).fit(x, names).transduction_
        assert (got == want).all()
    four = DiffusionClassifier().fit(x, names)
    assert len(four.classes_) == 4
    with pytest.raises(InputError, match="may be a class or mark"):
        DiffusionClassifier().fit(x, np.where(few == 0, -2, few))
    kept = DiffusionClassifier(unlabelled="").fit(x, np.where(few == 0, -2, few))
    assert kept.classes_.tolist() == [-2, -1, 1, 2]


def test_names_of_features_are_held_against_those_of_new_rows(blobs, tmp_path):
    x, _, few = blobs
    names = ["a", "b", "c", "d", "e"]
    model = DiffusionClassifier().fit(x, few, feature_names=names)
    model.save(tmp_path / "m.npz")
    for fitted in (model, DiffusionClassifier.load(tmp_path / "m.npz")):
        assert list(fitted.feature_names_in_) == names
        p = fitted.predict_proba(x[:5] + 0.1, feature_names=names)
        assert np.allclose(p, fitted.predict_proba(pd.DataFrame(x[:5] + 0.1, columns=names)))
        for other, says in (
            (["a", "b", "c", "d", "id"], "lack 'e'"),
            (["a", "b", "c", "d", "e", "id"], "have 'id', which the model does not know"),
            (["b", "a", "c", "d", "e"], "another order .*: number 1 was 'a', and is 'b'"),
        ):
            with pytest.raises(InputError, match=says):
                fitted.predict(x[:5], feature_names=other)


def test_new_rows_are_searched_as_fitted_ones(blobs, tmp_path):
    x, _, few = blobs
    model = DiffusionClassifier(neighbors="clustered").fit(x, few)
    model.save(tmp_path / "m.npz")
    again = DiffusionClassifier.load(tmp_path / "m.npz")
    for fitted in (model, again):
        assert fitted._model.points.method == "clustered"
    exact = DiffusionClassifier(neighbors="exact").fit(x, few)
    new = x + 0.05
    assert (model.predict(new) == exact.predict(new)).mean() > 0.98
    assert np.allclose(model.predict_proba(new), again.predict_proba(new))


def test_a_given_label_is_kept_where_the_row_says_nothing():
    """A row of zeros has no direction: no label reaches it, but it has one of its own."""
    rng = np.random.default_rng(0)
    x = np.abs(rng.normal(size=(60, 80))) + 3.0 * np.repeat(np.eye(2), 30, 0) @ rng.random((2, 80))
    x[[0, 45]] = 0.0
    few = np.full(60, -1)
    few[[1, 2, 31, 32]] = [0, 0, 1, 1]
    for label in (0, 1):
        few[0] = label
        model = DiffusionClassifier(scale=None).fit(x, few)
        assert not model.reached_[[0, 45]].any()
        assert model.transduction_[0] == label
        assert model.confidence_[0] == 1.0
