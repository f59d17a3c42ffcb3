import json

import numpy as np
import pytest
import torch
from scipy.special import expit
from sklearn.datasets import load_digits, make_blobs
from sklearn.metrics import roc_auc_score

from diffresnet import DiffusionClassifier, similarity_graph
from diffresnet.classify.domain import Domain
from diffresnet.classify.estimator import EMBEDDED
from diffresnet.classify.head import default_head
from diffresnet.classify.novelty import (
    GIVE_UP,
    Novelty,
    NoveltyCalibrator,
    hidden_classes,
    novelty_scores,
    upper_bound,
)
from diffresnet.classify.points import LabelledPoints
from diffresnet.classify.problem import Problem, SolverConfig
from diffresnet.classify.prototypes import Centre, Prototypes
from diffresnet.errors import InputError


def few_labels(y, per_class, seed, out=()):
    rng = np.random.default_rng(seed)
    few = np.full(len(y), -1)
    for c in np.setdiff1d(np.unique(y), out):
        few[rng.choice(np.flatnonzero(y == c), per_class, replace=False)] = c
    return few


@pytest.fixture(scope="module")
def digits():
    return load_digits(return_X_y=True)


@pytest.fixture(scope="module")
def blobs():
    x, y = make_blobs(300, 5, centers=5, random_state=3)
    return x, y, few_labels(y, 6, 0, out=[4])


@pytest.mark.parametrize(("per_class", "at_least"), [(1, 0.85), (5, 0.95), (20, 0.98)])
def test_digits_without_labels_are_found(digits, per_class, at_least):
    x, y = digits
    found = []
    for seed, out in ((500, [2, 8]), (501, [0, 5])):
        few = few_labels(y, per_class, seed, out)
        model = DiffusionClassifier().fit(x, few)
        rest = few == -1
        unknown = np.isin(y, out)[rest]
        found.append(roc_auc_score(unknown, model.novelty_[rest]))
        assert ((model.novelty_ >= 0) & (model.novelty_ <= 1)).all()
        assert (model.novelty_[~rest] == 0).all()
        assert model.novel_[rest][~unknown].mean() <= 0.04
    assert np.mean(found) > at_least


@pytest.mark.parametrize("per_class", [1, 5, 20])
def test_few_rows_are_flagged_where_all_classes_are_known(digits, per_class):
    x, y = digits
    model = DiffusionClassifier().fit(x, few_labels(y, per_class, 502))
    assert model.novel_.mean() <= 0.03


def test_one_label_a_class_flags_nothing(digits):
    x, y = digits
    model = DiffusionClassifier().fit(x, few_labels(y, 1, 503, out=[1]))
    assert not model.novel_.any()
    assert model.novelty_.max() < 0.5
    assert len(np.unique(model.novelty_)) > 1000


def test_unknown_blobs_are_flagged(blobs):
    x, y, few = blobs
    model = DiffusionClassifier().fit(x, few)
    assert model.novel_[y == 4].mean() > 0.9
    assert model.novel_[y != 4].mean() < 0.03
    # New rows: of the unknown blob, and of the known ones.
    novelty, novel = model.predict_novelty(x + 0.01)
    assert novel[y == 4].mean() > 0.9
    assert novel[y != 4].mean() < 0.03
    assert abs(novelty - model.novelty_)[few < 0].max() < 0.2
    far, flagged = model.predict_novelty(np.full((1, 5), 1e3))
    assert flagged.all()
    assert far > 0.8


def test_fitted_rows_get_their_own_answer(blobs):
    x, _, few = blobs
    model = DiffusionClassifier().fit(x, few)
    novelty, novel = model.predict_novelty(x)
    assert np.array_equal(novelty, model.novelty_)
    assert np.array_equal(novel, model.novel_)


def test_answers_and_novelty_come_of_one_search_and_of_any_chunks(blobs, monkeypatch):
    x, _, few = blobs
    new = x + 0.01
    for neighbors in ("exact", "clustered"):
        model = DiffusionClassifier(neighbors=neighbors).fit(x, few)
        apart = (*model.predict_flagged(new), *model.predict_novelty(new))
        with monkeypatch.context() as patch:
            patch.setattr("diffresnet.classify.fitted.CHUNK", 70)
            patch.setattr("diffresnet.similarity.index.NeighbourIndex.rows_together", 70)
            patch.setattr("diffresnet.similarity.clustered.ClusteredIndex.rows_together", 90)
            together = model.predict_with_novelty(new)
        for ours, theirs in zip(together, apart, strict=True):
            assert np.allclose(ours, theirs, atol=1e-6)


def test_labels_and_confidences_do_not_depend_on_it(blobs, monkeypatch):
    x, _, few = blobs
    model = DiffusionClassifier().fit(x, few)
    original = novelty_scores

    def other(*args):
        distance, cost, prototypes = original(*args)
        return distance, 1.0 + cost[::-1], prototypes

    monkeypatch.setattr("diffresnet.classify.novelty.novelty_scores", other)
    changed = DiffusionClassifier().fit(x, few)
    assert not np.array_equal(model.novelty_, changed.novelty_)
    assert np.array_equal(model.transduction_, changed.transduction_)
    assert np.array_equal(model.label_distributions_, changed.label_distributions_)


def test_order_and_copies_do_not_matter(blobs):
    x, _, few = blobs
    novelty = DiffusionClassifier().fit(x, few).novelty_
    order = np.random.default_rng(0).permutation(len(x))
    permuted = DiffusionClassifier().fit(x[order], few[order]).novelty_
    assert np.allclose(permuted, novelty[order], atol=1e-5)
    copied = DiffusionClassifier().fit(np.r_[x, x[:50]], np.r_[few, np.full(50, -1)]).novelty_
    assert np.array_equal(copied[:50], copied[300:])


@pytest.mark.parametrize("unit", [False, True])
def test_scores_solve_the_equation_of_the_walk(blobs, unit):
    x, y, few = blobs
    x = x.astype(np.float32)
    w = similarity_graph(x)
    at = np.flatnonzero(few >= 0)
    labels = LabelledPoints.of(at, few[at], 4)
    config = SolverConfig(default_head())
    domain = Domain(w, torch.from_numpy(x), torch.device("cpu"), unit)
    seen = np.array([np.ones(len(at), dtype=bool), few[at] != 0])
    distance, cost, _ = novelty_scores(Problem(domain, labels, config), seen)
    dense = w.toarray().astype(np.float64)
    d = dense.sum(1)
    z = x.astype(np.float64) - x.mean(0, dtype=np.float64)
    spread = 1.0 if unit else np.median((z**2).sum(1))
    if unit:
        z /= np.linalg.norm(z, axis=1, keepdims=True)
    for j, some in enumerate(seen):
        means = np.stack([z[at[some & (few[at] == c)]].mean(0) for c in np.unique(few[at[some]])])
        if unit:
            means /= np.linalg.norm(means, axis=1, keepdims=True)
        square = ((z[:, None] - means) ** 2).sum(2).min(1)
        q = np.minimum(square / (2 * spread), 2.0)
        free = np.ones(len(x), dtype=bool)
        free[at[some]] = False
        matrix = (np.diag((1 + GIVE_UP) * d) - dense)[np.ix_(free, free)]
        v = np.zeros(len(x))
        v[free] = np.linalg.solve(matrix, (GIVE_UP * d * (1 + q))[free])
        assert np.allclose(distance[:, j], q, atol=1e-5)
        assert np.allclose(cost[:, j], v, rtol=1e-2, atol=1e-3)


def test_a_graph_alone_has_a_novelty(blobs):
    x, y, few = blobs
    graph = similarity_graph(x)
    model = DiffusionClassifier().fit(None, few, graph=graph)
    rest = few < 0
    assert roc_auc_score(y[rest] == 4, model.novelty_[rest]) > 0.95
    novelty, novel = model.predict_novelty(None, links=graph[rest])
    assert roc_auc_score(y[rest] == 4, novelty) > 0.95
    assert novel.shape == novelty.shape
    with pytest.raises(InputError, match="links"):
        model.predict_novelty(x)


def test_rows_without_weight_and_unreached_rows(blobs):
    x, _, few = blobs
    weight = np.ones(len(x))
    first = np.flatnonzero(few >= 0)[0]
    weight[first] = 0.0
    model = DiffusionClassifier().fit(x, few, sample_weight=weight)
    assert model.novelty_.shape == (len(x),)
    assert model.novelty_[first] == 0.0


@pytest.mark.parametrize("graph_alone", [False, True])
def test_saved_and_old_models(blobs, tmp_path, graph_alone):
    x, _, few = blobs
    graph = similarity_graph(x) if graph_alone else None
    model = DiffusionClassifier().fit(None if graph_alone else x, few, graph=graph)
    path = tmp_path / "m.npz"
    model.save(path)
    again = DiffusionClassifier.load(path)
    assert np.array_equal(model.novelty_, again.novelty_)
    assert np.array_equal(model.novel_, again.novel_)
    new = {"X": None, "links": graph[:9]} if graph_alone else {"X": x + 0.1}
    for ours, theirs in zip(
        model.predict_novelty(**new), again.predict_novelty(**new), strict=True
    ):
        assert np.array_equal(ours, theirs)
    with np.load(path) as file:
        old = {k: v for k, v in file.items() if not k.startswith(("novel", "prototype"))}
    header = json.loads(old["header"].tobytes())
    del header["novelty"]
    old["header"] = np.frombuffer(json.dumps(header).encode(), dtype=np.uint8)
    np.savez(path, **old)
    before = DiffusionClassifier.load(path)
    assert np.isnan(before.novelty_).all()
    assert not before.novel_.any()
    with pytest.raises(InputError, match="fit it again"):
        before.predict_novelty(**new)
    before.save(path)
    assert np.isnan(DiffusionClassifier.load(path).novelty_).all()


def test_two_classes_and_embeddings(digits):
    x, y = digits
    keep = y < 3
    few = few_labels(y[keep], 10, 504, out=[2])
    assert x.shape[1] >= EMBEDDED
    model = DiffusionClassifier().fit(x[keep], few)
    rest = few < 0
    assert roc_auc_score(y[keep][rest] == 2, model.novelty_[rest]) > 0.9


def test_classes_are_hidden_once():
    codes = np.random.default_rng(0).integers(7, size=60)
    codes[:7] = np.arange(7)
    folds = hidden_classes(np.append(codes, 7), 0)
    hidden = np.array([hides for hides, _ in folds])
    held = np.array([holds for _, holds in folds])
    assert (hidden.sum(0) == 1).all()
    assert not (hidden & held).any()
    assert not held[:, -1].any()  # the only label of its class
    for hides, holds in folds:
        left = np.append(codes, 7)[~(hides | holds)]
        assert set(left) == set(np.append(codes, 7)[~hides])
    assert hidden_classes(np.zeros(5, dtype=np.int64), 0) == []


def test_calibration_follows_the_law():
    rng = np.random.default_rng(0)
    known, hidden = rng.normal(0, 1, 4000), rng.normal(2, 1, 4000)
    calibrator = NoveltyCalibrator.fit(known, hidden)
    # Two Gaussians of one width: log odds 2 s - 2 where both are as frequent.
    s = np.linspace(-2, 4, 50)
    assert np.allclose(calibrator.novelty(s), expit(2 * s - 2), atol=0.03)
    assert (known > calibrator.threshold).mean() == pytest.approx(0.02, abs=0.002)
    # Backwards, it still does not fall.
    assert (np.diff(NoveltyCalibrator.fit(hidden, known).novelty(s)) > 0).all()
    unsure = NoveltyCalibrator.fit(known[:2], hidden)
    assert unsure.novelty(s).max() <= 0.5
    assert unsure.threshold == float("inf")


def test_the_bound_holds_for_few_and_many():
    rng = np.random.default_rng(1)
    for k in (8, 30, 200):
        beyond = [rng.normal() > upper_bound(rng.normal(size=k), 0.02) for _ in range(3000)]
        assert np.mean(beyond) <= 0.03

    # A class of few scores counts as much as one of many.
    scores = np.r_[rng.normal(0, 1, 900), rng.normal(5, 1, 100)]
    classes = np.repeat([0, 1], [900, 100])
    assert upper_bound(scores, 0.25, classes) == pytest.approx(5, abs=0.3)
    assert upper_bound(scores, 0.25) < 2
    # All classes but one have a single score.
    assert np.isfinite(upper_bound(np.arange(3.0), 0.02, np.array([0, 1, 1])))


def test_equal_rows_have_no_spread():
    x = np.ones((4, 2), dtype=np.float32)
    for unit in (False, True):
        prototypes = Prototypes.of(Centre.of(x, unit), x[:2], np.array([0, 1]))
        assert np.isfinite(prototypes.distance(x)).all()


def test_a_novelty_of_one_class_is_unsure():
    x = np.random.default_rng(0).normal(size=(30, 3)).astype(np.float32)
    labels = LabelledPoints.of(np.arange(4), np.zeros(4, dtype=np.int64), 1)
    config, cpu = SolverConfig(default_head()), torch.device("cpu")
    domain = Domain(similarity_graph(x), torch.from_numpy(x), cpu)
    values, novel = Novelty.fit(Problem(domain, labels, config)).of_points()
    assert np.isfinite(values).all()
    assert values.max() <= 0.5
    assert not novel.any()
