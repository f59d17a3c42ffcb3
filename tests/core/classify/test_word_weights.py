"""Sparse counts, weighed as words are."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse
from sklearn.feature_extraction.text import TfidfTransformer

from diffresnet import DiffusionClassifier
from diffresnet.classify.word_weights import WordWeights


@pytest.fixture(scope="module")
def texts():
    """Counts of 600 words in 300 texts of 3 topics, each with words of its own."""
    rng = np.random.default_rng(0)
    y = np.repeat(np.arange(3), 100)
    common = rng.poisson(3.0, size=(300, 20))
    rate = np.full((3, 580), 0.02)
    for topic in range(3):
        rate[topic, 60 * topic : 60 * topic + 60] = 0.3
    x = np.hstack([common * rng.integers(1, 4, size=(300, 1)), rng.poisson(rate[y])])
    return scipy.sparse.csr_array(x.astype(np.float32)), y


def test_weights_are_those_of_scikit_learn(texts):
    x, _ = texts
    x = scipy.sparse.csr_array(x)
    expected = TfidfTransformer(sublinear_tf=True).fit_transform(x)
    assert np.allclose(WordWeights.fit(x).apply(x).toarray(), expected.toarray(), atol=1e-6)


@pytest.mark.parametrize(
    "change", [lambda v: v * 0.5, lambda v: -v, lambda v: v * 100, lambda v: v + 0.01]
)
def test_what_is_no_count_is_left_alone(texts, change):
    x = texts[0].copy()
    x.data = change(x.data)
    assert WordWeights.fit(x) is None
    assert WordWeights.fit(scipy.sparse.csr_array((3, 500))) is None


def test_topics_are_found_better_and_new_rows_are_weighed_alike(texts, tmp_path):
    x, y = texts
    few = np.full(300, -1)
    for c in range(3):
        few[100 * c : 100 * c + 3] = c
    model = DiffusionClassifier(random_state=0).fit(x, few)
    plain = DiffusionClassifier(random_state=0, scale=None).fit(x, few)
    assert model._model.projection.words is not None
    assert plain._model.projection.words is None
    rest = few < 0
    assert (model.transduction_ == y)[rest].mean() > 0.95
    assert (model.transduction_ == y)[rest].mean() > (plain.transduction_ == y)[rest].mean()
    assert np.allclose(model.predict_proba(x[rest]), model.label_distributions_[rest], atol=0.01)
    model.save(tmp_path / "m.npz")
    again = DiffusionClassifier.load(tmp_path / "m.npz")
    assert np.array_equal(again.predict_proba(x), model.predict_proba(x))
    # The same counts in another order of entries, and with entries in two parts.
    coo = scipy.sparse.coo_array(x)
    halves = scipy.sparse.coo_array(
        (
            np.concatenate([coo.data - 1, np.ones_like(coo.data)]),
            tuple(np.concatenate([c, c]) for c in coo.coords),
        ),
        shape=x.shape,
    )
    assert np.allclose(model.predict_proba(halves), model.predict_proba(x), atol=1e-6)
