import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from diffresnet.encode import encoder_from_state, encoder_of, encoder_to_state, tfidf
from diffresnet.encode.rows import encode_rows
from diffresnet.errors import InputError

TEXTS = [
    "I lost my card",
    "my card is lost, please block it",
    "the exchange rate was wrong",
    "wrong rates of exchange!",
    "Мне нужна новая карта",
    "новая карта",
    "私のカードはどこですか",
    "カードがありません",
    "!!!",
]


def fitted(texts=TEXTS):
    encoder = encoder_of("tfidf")
    encoder.fit(texts)
    return encoder


def loaded(encoder):
    facts, arrays = encoder_to_state(encoder)
    again, notes = encoder_from_state(json.loads(json.dumps(facts)), arrays)
    assert notes == ()
    return again


def test_alike_texts_are_near_in_any_language():
    x = fitted().encode(TEXTS)
    np.testing.assert_allclose(np.linalg.norm(x, axis=1), 1, atol=1e-6)
    similarity = x @ x.T
    for a, b in ((0, 1), (2, 3), (4, 5), (6, 7)):
        others = [i for i in range(len(TEXTS)) if i not in (a, b)]
        assert similarity[a, b] > similarity[a, others].max()


def test_case_and_composition_of_letters_make_no_difference():
    encoder = fitted(["café au lait", "thé"])
    a, b = encoder.encode(["CAFÉ", "cafe\u0301"])
    np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("texts", [TEXTS[:2], TEXTS[:3], ["a", "b"], ["one"], ["x", "", "x"]])
def test_few_texts(texts):
    encoder = fitted(texts)
    x = encode_rows(encoder, texts).matrix
    assert x.shape[0] == len(texts)
    assert x.shape[1] <= len(texts)
    assert np.isfinite(x).all()


def test_blank_and_unknown_texts_are_rows_of_zeros():
    encoded = encode_rows(fitted(), ["", "card", " \n", "ξξξ"])
    assert encoded.failed.tolist() == [0, 2]
    assert encoded.matrix.any(axis=1).tolist() == [False, True, False, False]
    with pytest.raises(InputError, match="all texts are blank"):
        fitted(["", "  "])
    with pytest.raises(InputError, match="not fitted"):
        encoder_of("tfidf").encode(["a"])


@given(st.lists(st.text(min_size=1), min_size=2, max_size=12))
def test_the_state_gives_bitwise_equal_vectors(texts):
    encoder = encoder_of("tfidf")
    try:
        encoder.fit(texts)
    except InputError:
        return
    rows = [*texts, *TEXTS]
    np.testing.assert_array_equal(loaded(encoder).encode(rows), encoder.encode(rows))


def test_it_is_deterministic_and_batches_make_no_difference():
    first, second = fitted(), fitted()
    x = first.encode(TEXTS)
    np.testing.assert_array_equal(x, second.encode(TEXTS))
    np.testing.assert_array_equal(x, np.vstack([first.encode([text]) for text in TEXTS]))


def test_of_many_texts_a_sample_is_learned_from(monkeypatch):
    monkeypatch.setattr(tfidf, "SAMPLE", 4000)
    texts = [f"text {i % 7} number {i}" for i in range(1000)]
    sample = tfidf._sample(texts)
    assert 100 < len(sample) < 300
    assert sample == sorted(sample, key=texts.index)
    assert sample == tfidf._sample(texts)
    assert fitted(texts).encode(texts[:3]).shape[0] == 3
    assert len(tfidf._sample(["x" * 10_000, "y" * 10_000])) == 2


def test_the_vocabulary_is_bounded(monkeypatch):
    monkeypatch.setattr(tfidf, "TERMS", 50)
    rng = np.random.default_rng(0)
    texts = [" ".join(rng.choice(list("abcdefgh"), 5)) for _ in range(200)]
    facts, arrays = encoder_to_state(fitted(texts))
    assert (arrays["idf_0"].size, arrays["idf_1"].size) == (50, 24)  # words and pairs; letters
    assert arrays["axes"].shape == (74, 74)


def test_a_damaged_state_is_one_line():
    facts, arrays = encoder_to_state(fitted())
    for name, value in (
        ("axes", arrays["axes"][:, 1:]),
        ("axes", np.full_like(arrays["axes"], np.nan)),
        ("idf_0", arrays["idf_0"][1:]),
        ("terms_0", arrays["terms_1"]),
        ("terms_0", np.array([255, 10, 255], np.uint8)),
    ):
        with pytest.raises(InputError, match="encoder 'tfidf' is damaged"):
            encoder_from_state(facts, {**arrays, name: value})
    for changed in ({"words": None}, {"words": [True, False, True]}):
        with pytest.raises(InputError, match="encoder 'tfidf' is damaged"):
            encoder_from_state({**facts, **changed}, arrays)
    with pytest.raises(InputError, match="does not say which encoder"):
        encoder_from_state({}, {})
