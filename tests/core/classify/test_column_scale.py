"""Columns in units are standardized, strays of an embedding alone are, and embeddings are left."""

import json

import numpy as np
import pytest
import scipy.sparse
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.datasets import load_breast_cancer, load_digits, load_iris, load_wine, make_blobs
from sklearn.decomposition import PCA

from diffresnet import DiffusionClassifier
from diffresnet.classify.column_scale import ColumnScale, column_spreads
from diffresnet.classify.points import Projection
from diffresnet.errors import InputError


def few_labels(y, per_class, seed=0):
    rng = np.random.default_rng(seed)
    few = np.full(len(y), -1)
    for c in np.unique(y):
        few[rng.choice(np.flatnonzero(y == c), per_class, replace=False)] = c
    return few


def accuracy(x, y, seed=0, **options):
    few = few_labels(y, 5, seed)
    model = DiffusionClassifier(random_state=0, **options).fit(x, few)
    return (model.transduction_ == y)[few == -1].mean()


@pytest.fixture(scope="module")
def components():
    x, y = load_digits(return_X_y=True)
    return PCA(32, random_state=0).fit_transform(x[:600]), y[:600]


@pytest.fixture(scope="module")
def blobs():
    x, y = make_blobs(150, 6, centers=3, random_state=1)
    return x, few_labels(y, 5)


@pytest.fixture(scope="module")
def units():
    return np.array([1e-3, 1.0, 1e4, 20.0, 1e-2, 1e6])


@settings(max_examples=8)
@given(seed=st.integers(0, 1000), decades=st.floats(0.1, 5))
def test_standardized_columns_have_no_units(blobs, seed, decades):
    x, few = blobs
    rng = np.random.default_rng(seed)
    factors, shift = 10 ** rng.uniform(-decades, decades, 6), rng.normal(size=6)
    want = DiffusionClassifier(scale="standard", random_state=0).fit(x, few)
    got = DiffusionClassifier(scale="standard", random_state=0).fit((x + shift) * factors, few)
    assert np.allclose(got.label_distributions_, want.label_distributions_, atol=1e-4)
    new = x[:30] + 0.1
    assert np.allclose(
        got.predict_proba((new + shift) * factors), want.predict_proba(new), atol=1e-4
    )


@pytest.mark.parametrize("column", [5, 31])
def test_one_column_in_another_unit_costs_nothing(components, column):
    x, y = components
    far = x.copy()
    far[:, column] *= 1e4
    clean = np.mean([accuracy(x, y, seed) for seed in range(3)])
    assert np.mean([accuracy(far, y, seed) for seed in range(3)]) > clean - 0.01
    assert np.mean([accuracy(far, y, seed, scale=None) for seed in range(3)]) < clean - 0.2


def test_a_time_beside_an_embedding_costs_nothing():
    x, y = load_digits(return_X_y=True)
    turn, _ = np.linalg.qr(np.random.default_rng(1).normal(size=(64, 64)))
    x, y = x[:600] @ turn, y[:600]
    seconds = 1.7e9 + np.random.default_rng(0).uniform(0, 3600, len(x))
    few = few_labels(y, 5)
    model = DiffusionClassifier(random_state=0).fit(np.c_[x, seconds], few)
    assert model._model.points.settings.metric == "cosine"
    assert (model.transduction_ == y)[few == -1].mean() > accuracy(x, y) - 0.01


@pytest.mark.parametrize(("load", "at_least"), [(load_wine, 0.9), (load_breast_cancer, 0.9)])
def test_tables_with_units(load, at_least):
    x, y = load(return_X_y=True)
    few = few_labels(y, 5, seed=500)
    model = DiffusionClassifier(random_state=0).fit(x, few)
    assert model.scaled_
    assert (model.transduction_ == y)[few == -1].mean() > at_least


def test_embeddings_stay_bit_for_bit(components):
    rng = np.random.default_rng(0)
    words = (rng.random((300, 90)) < rng.uniform(0.01, 0.3, 90)).astype(np.float64)
    rare = words * rng.uniform(0.5, 1.5, words.shape)
    whole = PCA(61, random_state=0).fit_transform(load_digits().data)
    for x in (
        load_digits().data,
        load_iris().data,
        components[0],
        whole,
        rng.normal(size=(300, 384)).astype(np.float32),
        words,
        words / np.maximum(np.linalg.norm(words, axis=1, keepdims=True), 1e-9),
        rare,
    ):
        projection = Projection.fit(x, 0, "auto")
        assert projection.scale is None
        assert np.array_equal(projection.apply(x), x.astype(np.float32))


@pytest.mark.parametrize("scale", ["auto", None])
def test_an_embedding_is_labelled_as_without_scaling(components, scale):
    x, y = components
    few = few_labels(y, 5)
    model = DiffusionClassifier(scale=scale, random_state=0).fit(x, few)
    plain = DiffusionClassifier(scale=None, random_state=0).fit(x, few)
    assert not model.scaled_
    assert np.array_equal(model.label_distributions_, plain.label_distributions_)


def test_what_is_scaled():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(200, 40)) * rng.uniform(0.5, 1.5, 40)
    assert ColumnScale.fit(x, "auto") is None
    assert ColumnScale.fit(x, None) is None
    stray = ColumnScale.fit(x * np.where(np.arange(40) == 7, 1e3, 1.0), "auto")
    assert stray.strays_only
    assert np.flatnonzero(stray.mean).tolist() == [7]
    assert np.flatnonzero(stray.spread != 1).tolist() == [7]
    table = ColumnScale.fit(x * 10 ** rng.uniform(-2, 2, 40), "auto")
    assert not table.strays_only
    # Wide ones may be most.
    most = ColumnScale.fit(x[:, :6] * [1.0, 1.0, 1e3, 1e3, 1e3, 1e3], "auto")
    assert not most.strays_only
    assert not ColumnScale.fit(x[:, :2] * [1.0, 1e4], "auto").strays_only
    assert ColumnScale.fit(x[:, :1], "auto") is None


def test_components_are_left_alone_and_others_of_such_spreads_are_not():
    rng = np.random.default_rng(0)
    falling = rng.normal(size=(400, 50)) * 30.0 / np.arange(1, 51)
    assert ColumnScale.fit(falling, "auto") is None
    assert not ColumnScale.fit(falling[:, rng.permutation(50)], "auto").strays_only
    falling[:, 0] *= 100
    assert ColumnScale.fit(falling, "auto") is not None


def test_spreads_do_not_depend_on_how_rare_a_category_is():
    n = 1000
    x = np.zeros((n, 4))
    for column, count in enumerate((5, 100, 500, 995)):
        x[:count, column] = 3.0
    _, spread = column_spreads(x)
    assert ((spread > 2.1) & (spread <= 3)).all()
    y = np.random.default_rng(0).normal(size=(n, 3))
    mean, spread = column_spreads(y)
    assert np.allclose(mean, y.mean(0))
    assert np.allclose(spread, y.std(0), rtol=1e-3)


def test_a_few_far_cells_do_not_make_a_unit():
    x = np.random.default_rng(0).normal(size=(1000, 6))
    mean, spread = column_spreads(x)
    x[0, 3], x[:20, 4] = 1e9, -1e3
    for rows in (x, scipy.sparse.csr_array(x)):
        got = column_spreads(rows)
        assert np.allclose(got[0], mean, atol=0.05)
        assert np.allclose(got[1], spread, rtol=0.05)
        assert ColumnScale.fit(rows, "auto") is None


def test_constant_columns_and_rounding():
    x = np.random.default_rng(0).normal(size=(100, 5))
    x[:, 1], x[:, 3] = 0.1, 1e9
    for dtype in (np.float32, np.float64):
        _, spread = column_spreads(x.astype(dtype))
        assert (spread > 0).tolist() == [True, False, True, False, True]
    # Seconds since 1970 within an hour are no rounding errors of float64.
    x[:, 3] = 1.7e9 + np.random.default_rng(1).uniform(0, 3600, 100)
    scaled = ColumnScale.fit(x, "standard").apply(x)
    assert np.allclose(scaled[:, 3], (x[:, 3] - x[:, 3].mean()) / x[:, 3].std(), rtol=0.02)
    assert np.abs(scaled[:, 1]).max() < 1e-6
    flat = DiffusionClassifier(scale="standard").fit(np.ones((10, 3)), [0, 1] + [-1] * 8)
    assert not flat.label_distributions_.max() > 1


def test_tails_of_a_table_are_compressed_in_order():
    rng = np.random.default_rng(0)
    x = np.exp(rng.normal(size=(200, 6)) * 2) * 10.0 ** np.arange(-3, 3)
    auto, standard = (ColumnScale.fit(x, scale) for scale in ("auto", "standard"))
    assert auto.compresses
    assert not standard.compresses
    assert np.allclose(auto.apply(x), np.arcsinh(standard.apply(x)), atol=1e-6)
    assert np.abs(auto.apply(x)).max() < 6 < np.abs(standard.apply(x)).max()
    embedding = rng.normal(size=(200, 40)) * np.where(np.arange(40) == 7, 1e3, 1.0)
    assert not ColumnScale.fit(embedding, "auto").compresses


def test_parts_of_the_rows_agree_with_the_whole(monkeypatch, units):
    x = np.random.default_rng(0).normal(size=(101, 6)) * units
    mean, spread = column_spreads(x)
    rows = ColumnScale.fit(x, "standard").apply(x)
    monkeypatch.setattr("diffresnet.classify.column_scale.CELLS", 40)
    parts = column_spreads(x)
    assert np.allclose(parts[0], mean)
    assert np.allclose(parts[1], spread)
    assert np.allclose(ColumnScale.fit(x, "standard").apply(x), rows, atol=1e-6)


@given(seed=st.integers(0, 1000))
def test_spreads_of_sparse_rows_are_those_of_dense_ones(seed):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(30, 5)).round(1) * (rng.random((30, 5)) < rng.uniform(0, 1.2, 5))
    for got, want in zip(column_spreads(scipy.sparse.csr_array(x)), column_spreads(x), strict=True):
        assert np.allclose(got, want)


@pytest.mark.parametrize("scale", ["auto", "standard"])
@pytest.mark.parametrize("width", [6, 300])
def test_sparse_rows(blobs, units, scale, width):
    x, few = blobs
    x = x * units * (np.random.default_rng(0).random(x.shape) < 0.9)
    if width > 6:  # projected
        rare = np.random.default_rng(1).random((len(x), width - 6)) < 0.05
        x = np.hstack([x, 1e3 * rare])
    sparse = DiffusionClassifier(scale=scale, random_state=0).fit(scipy.sparse.csr_array(x), few)
    assert sparse.scaled_
    rest = few == -1
    assert (sparse.predict(scipy.sparse.csr_array(x)) == sparse.transduction_)[rest].all()
    if width == 6:
        dense = DiffusionClassifier(scale=scale, random_state=0).fit(x, few)
        assert np.allclose(sparse.label_distributions_, dense.label_distributions_, atol=1e-5)
        assert np.allclose(sparse.predict_proba(x + 0.1), dense.predict_proba(x + 0.1), atol=1e-5)


def test_projected_sparse_rows_are_scaled_ones_projected(units):
    rng = np.random.default_rng(0)
    x = (rng.random((200, 300)) < 0.1) * rng.normal(size=(200, 300)) * np.tile(units, 50)
    projection = Projection.fit(scipy.sparse.csr_array(x), 0, "standard")
    mean, spread = column_spreads(x)
    want = (x - mean) / spread @ projection.directions
    assert np.allclose(projection.apply(scipy.sparse.csr_array(x)), want, atol=1e-3)


def test_new_rows_are_scaled_as_fitted_ones_and_the_model_comes_back(blobs, units, tmp_path):
    x, few = blobs
    model = DiffusionClassifier(random_state=0).fit(x * units, few)
    assert model.scaled_
    new = x[:40] + 0.1
    rows = [ColumnScale.fit(x, "standard").apply(each) for each in (x, new)]
    fitted, scaled = (np.arcsinh(each) for each in rows)
    want = DiffusionClassifier(scale=None, random_state=0).fit(fitted, few).predict_proba(scaled)
    assert np.allclose(model.predict_proba(new * units), want, atol=1e-4)
    model.save(tmp_path / "m.npz")
    again = DiffusionClassifier.load(tmp_path / "m.npz")
    assert again.scaled_
    assert again.get_params()["scale"] == "auto"
    assert np.array_equal(again.predict_proba(new * units), model.predict_proba(new * units))


def test_strays_alone_come_back(components, tmp_path):
    x, y = components
    x = np.where(np.arange(32) == 5, 1e4, 1.0) * x
    model = DiffusionClassifier(random_state=0).fit(x, few_labels(y, 5))
    model.save(tmp_path / "m.npz")
    again = DiffusionClassifier.load(tmp_path / "m.npz")
    assert again.scaled_
    assert np.array_equal(again.predict_proba(x[:50] + 0.1), model.predict_proba(x[:50] + 0.1))


def test_a_model_of_before_columns_were_scaled_is_read(blobs, tmp_path):
    x, few = blobs
    model = DiffusionClassifier(scale=None, random_state=0).fit(x, few)
    path = tmp_path / "m.npz"
    model.save(path)
    with np.load(path) as file:
        arrays = dict(file)
    assert not {"column_mean", "column_spread"} & set(arrays)
    header = json.loads(arrays["header"].tobytes())
    del header["parameters"]["scale"]
    arrays["header"] = np.frombuffer(json.dumps(header).encode(), dtype=np.uint8)
    np.savez(path, **arrays)
    again = DiffusionClassifier.load(path)
    assert again.scale is None
    assert not again.scaled_
    assert np.array_equal(again.predict_proba(x + 0.1), model.predict_proba(x + 0.1))


def test_damaged_scales_say_so(blobs, units, tmp_path):
    x, few = blobs
    path = tmp_path / "m.npz"
    DiffusionClassifier().fit(x * units, few).save(path)
    with np.load(path) as file:
        arrays = dict(file)
    for name, broken in (
        ("column_spread", arrays["column_spread"] * 0),
        ("column_spread", arrays["column_spread"][:-1]),
        ("column_spread", arrays["column_spread"][:, None]),
        ("column_mean", arrays["column_mean"] * np.nan),
        ("column_mean", arrays["column_mean"][:-1]),
    ):
        np.savez(path, **(arrays | {name: broken}))
        with pytest.raises(InputError, match="not a model"):
            DiffusionClassifier.load(path)


def test_features_are_scaled_beside_a_given_graph(blobs, units):
    x, few = blobs
    graph = scipy.sparse.csr_array(np.ones((len(x), len(x))) - np.eye(len(x)))
    scaled = DiffusionClassifier(random_state=0).fit(x * units, few, graph=graph)
    rows = np.arcsinh(ColumnScale.fit(x, "standard").apply(x))
    want = DiffusionClassifier(scale=None, random_state=0).fit(rows, few, graph=graph)
    assert scaled.scaled_
    assert np.allclose(scaled.label_distributions_, want.label_distributions_, atol=1e-4)
    assert not DiffusionClassifier().fit(None, few, graph=graph).scaled_


def test_a_standardized_table_is_compared_by_distance():
    rng = np.random.default_rng(0)
    x, few = rng.normal(size=(60, 70)), np.arange(60) % 2
    for scale, metric in ((None, "cosine"), ("standard", "euclidean")):
        model = DiffusionClassifier(scale=scale).fit(x, few)
        assert model._model.points.settings.metric == metric
    chosen = DiffusionClassifier(scale="standard", metric="cosine").fit(x, few)
    assert chosen._model.points.settings.metric == "cosine"


def test_values_that_are_too_large_are_refused_before_they_are_scaled(blobs):
    x, few = blobs
    x = np.hstack([x, np.zeros((len(x), 200))])
    for value in (1e25, -1e300):
        x[3, 1] = value
        for rows in (x, scipy.sparse.csr_array(x)):
            with pytest.raises(InputError, match=r"hold -?1e\+\d+ \(row 3, column 1\)"):
                DiffusionClassifier(scale="standard").fit(rows, few)


def test_an_unknown_scale_is_refused(blobs):
    x, few = blobs
    with pytest.raises(InputError, match="scale"):
        DiffusionClassifier(scale="robust").fit(x, few)
