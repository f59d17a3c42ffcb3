"""The fast path of new rows, against the plain one in float64."""

import numpy as np
import pytest
import torch
from scipy.special import softmax
from sklearn.datasets import make_blobs

from diffresnet import DiffusionClassifier, chunks
from diffresnet.errors import InputError
from diffresnet.similarity import GraphSettings


@pytest.fixture(scope="module")
def rows():
    x, y = make_blobs(400, 70, centers=5, cluster_std=6.0, random_state=0)
    x = x.astype(np.float32)
    few = np.full(300, -1)
    few[:40] = y[:40]
    x[350] = 0.0
    return x[:300], few, x[300:]


def plain(model, x):
    """Probabilities by dense float64 distances, and averages over gathered neighbours."""
    fitted, points = model._model, model._model.points
    settings, k = points.settings, points.settings.n_neighbors
    x, known = x.astype(np.float64), points.x.astype(np.float64)
    a, b = x, known
    if settings.metric == "cosine":
        a, b = (z / np.maximum(np.linalg.norm(z, axis=1, keepdims=True), 1e-12) for z in (x, known))
    distance = np.linalg.norm(a[:, None] - b[None], axis=2)
    near = np.argsort(distance, axis=1, kind="stable")[:, : settings.neighbors_needed]
    d = np.take_along_axis(distance, near, 1)
    if settings.scale == "global":
        w = np.exp(-((d / settings.bandwidth) ** 2))
    else:
        own = settings.bandwidth * d[:, [settings.scale_neighbor - 1]]
        w = np.maximum(np.exp(-(d**2) / (own * points.bandwidth[near])), 1e-8)
    near, w = near[:, :k], w[:, :k]
    total = w.sum(1, keepdims=True)
    share = w / np.where(total > 0, total, 1.0)
    prior = 0.0 if points.heads else np.einsum("mk,mkc->mc", share, fitted.prior[near])
    for head in points.heads:
        z = x - head.mean
        if head.diffused is not None:
            around = np.einsum("mk,mkd->md", share, head.diffused[near].astype(np.float64))
            z = (z + head.time * around) / (1.0 + head.time)
        z = z - head.centre
        if settings.metric == "cosine":
            z /= np.linalg.norm(z, axis=1, keepdims=True)
        else:
            z /= head.length
        logits = z @ head.weight.T + head.bias
        prior = prior + head.share * softmax(head.inverse_temperature * logits, axis=1)
    scores = prior
    if np.isfinite(fitted.prior_weight):
        around = np.einsum("mk,mkc->mc", share, fitted.scores[near])
        scores = (fitted.prior_weight * prior + around) / (fitted.prior_weight + 1.0)
    beta = fitted.calibrator.inverse_temperature
    p = softmax(beta * np.log(np.maximum(scores, 1e-9)), axis=1)
    reached = (w * fitted.reached[near] > 0).any(axis=1)
    if settings.metric == "cosine":
        reached &= x.any(axis=1)
    p[~reached] = 1.0 / p.shape[1]
    return p


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"metric": "euclidean"},
        {"diffusion_time": 0.0, "prior_weight": 0.5},
        {"prior_weight": float("inf")},
        {"convection": "trained", "prior_weight": 0.5},
        {"similarity": GraphSettings(scale="global", bandwidth=30.0)},
        # So narrow that most new rows have no link at all.
        {"similarity": GraphSettings(scale="global", bandwidth=2.0)},
    ],
    ids=["default", "euclidean", "raw", "head alone", "neighbours' prior", "global", "narrow"],
)
def test_new_rows_equal_the_plain_path(rows, options):
    x, few, new = rows
    model = DiffusionClassifier(scale=None, random_state=0, **options).fit(x, few)
    want = plain(model, new)
    got = model.predict_proba(new)
    assert np.allclose(got, want, atol=1e-5)
    assert (got.argmax(1) == want.argmax(1)).all()
    one = np.concatenate([model.predict_proba(new[i : i + 1]) for i in range(len(new))])
    assert np.allclose(one, got, atol=1e-6)


def test_new_rows_do_not_depend_on_threads_or_chunks(rows, monkeypatch):
    x, few, new = rows
    model = DiffusionClassifier(random_state=0).fit(x, few)
    whole, before = model.predict_proba(new), torch.get_num_threads()
    monkeypatch.setattr("diffresnet.classify.fitted.CHUNK", 7)
    try:
        for threads in (1, 3):
            torch.set_num_threads(threads)
            assert np.allclose(model.predict_proba(new), whole, atol=1e-6)
            assert torch.get_num_threads() == threads
    finally:
        torch.set_num_threads(before)


def test_chunks_come_in_order_and_errors_come_through():
    cpu, before = torch.device("cpu"), torch.get_num_threads()
    try:
        torch.set_num_threads(3)
        parts = chunks.map_chunks(lambda rows: (rows.start, torch.get_num_threads()), 10, 3, cpu)
        assert parts == [(0, 1), (3, 1), (6, 1), (9, 1)]
        with pytest.raises(ZeroDivisionError):
            chunks.map_chunks(lambda rows: 1 / (rows.start - 3), 10, 3, cpu)
        assert torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(before)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_plain_arrays_are_still_checked(rows, bad):
    x, few, new = rows
    model = DiffusionClassifier().fit(x, few)
    new = new[:3].copy()
    with pytest.raises(ValueError, match="70 features"):
        model.predict(new[:, :5])
    with pytest.raises(ValueError, match="2D"):
        model.predict(new[0])
    with pytest.raises(ValueError, match="minimum of 1"):
        model.predict(new[:0])
    new[1, 2] = bad
    with pytest.raises(ValueError, match=r"NaN|infinity"):
        model.predict(new)
    new[1, 2] = 1e18
    with pytest.raises(InputError, match="features hold 1e"):
        model.predict(new)
