import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from diffresnet.encode import encoder_from_state, encoder_of, encoder_to_state
from diffresnet.encode.contents import Images, Texts
from diffresnet.encode.rows import encode_rows
from diffresnet.encode.texts import join_columns
from diffresnet.errors import InputError
from encode_cases import ALPHABET, Letters, png

TEXTS = ["banana", "b", "", "banana", "cab", "zebra", "b"]


def messages(encoded):
    return [note.message for note in encoded.notes]


@pytest.fixture
def small_batches(monkeypatch):
    monkeypatch.setattr(Texts, "batch", 2)
    monkeypatch.setattr(Images, "batch", 2)


def test_equal_texts_are_encoded_once_the_longest_first(small_batches):
    encoder, done = Letters(), []
    encoded = encode_rows(encoder, TEXTS, advance=done.append)
    assert [len(batch) for batch in encoder.batches] == [2, 2]
    assert [sorted(batch) for batch in encoder.batches] == [["banana", "zebra"], ["b", "cab"]]
    expected = [[text.count(letter) for letter in ALPHABET] for text in TEXTS]
    np.testing.assert_array_equal(encoded.matrix, expected)
    assert encoded.matrix.dtype == np.float32
    assert encoded.failed.tolist() == [2]
    assert messages(encoded) == ["1 text is blank, in data row 3; its features are zeros"]
    assert sum(done) == len(TEXTS)


@given(st.lists(st.text(max_size=4), min_size=1, max_size=20), st.randoms())
def test_the_order_of_rows_makes_no_difference(texts, random):
    if not any(text.strip() for text in texts):
        return
    order = list(range(len(texts)))
    random.shuffle(order)
    first, second = Letters(), Letters()
    straight = encode_rows(first, texts)
    shuffled = encode_rows(second, [texts[i] for i in order])
    np.testing.assert_array_equal(straight.matrix[order], shuffled.matrix)
    assert first.batches == second.batches
    assert first.seen == len({text for text in texts if text.strip()})
    assert len(straight.failed) == len(shuffled.failed)


def test_lone_surrogates_are_content_too():
    assert encode_rows(Letters(), ["\ud800a", "\ud801b"]).matrix[:, :2].tolist() == [[1, 0], [0, 1]]


def test_what_cannot_be_encoded():
    for rows, line in (
        ([], "there are no rows"),
        (["", " "], "nothing can be encoded: 2 texts are blank, the first in data row 1"),
    ):
        with pytest.raises(InputError, match=line):
            encode_rows(Letters(), rows)
    with pytest.raises(InputError, match="1 text is blank, in data row 2"):
        encode_rows(Letters(), ["a", ""], strict=True)
    encoder = Letters()
    encoder.kinds = frozenset({"image"})
    with pytest.raises(InputError, match="'letters' encodes no texts"):
        encode_rows(encoder, ["a"])


def test_vectors_that_are_no_features(small_batches):
    class Wrong(Letters):
        def encode(self, batch):
            self.batches.append(batch)
            return np.ones((len(batch), 1 + len(self.batches)))

    with pytest.raises(InputError, match="returned 2 features for some rows and 3 for others"):
        encode_rows(Wrong(), list("abcd"))

    class Missing(Letters):
        def encode(self, batch):
            return [[np.nan] for _ in batch]

    with pytest.raises(InputError, match="'letters' returned features that are NaN"):
        encode_rows(Missing(), ["a"])


def test_kept_vectors_are_the_same_and_not_encoded_again(tmp_path, small_batches):
    fresh = encode_rows(Letters(), TEXTS)
    first = encode_rows(Letters(), TEXTS, cache=tmp_path / "vectors")
    done, idle = [], Letters()
    again = encode_rows(idle, TEXTS[::-1], cache=tmp_path / "vectors", advance=done.append)
    np.testing.assert_array_equal(first.matrix, fresh.matrix)
    np.testing.assert_array_equal(again.matrix[::-1], fresh.matrix)
    assert (idle.seen, sum(done)) == (0, len(TEXTS))
    more = Letters()
    encode_rows(more, [*TEXTS, "new"], cache=tmp_path / "vectors")
    assert more.batches == [["new"]]


def test_an_interrupted_run_goes_on_where_it_stopped(tmp_path, small_batches):
    texts = [letter * 3 for letter in ALPHABET]
    with pytest.raises(KeyboardInterrupt):
        encode_rows(Letters(fail_at=5), texts, cache=tmp_path)
    assert len(list(tmp_path.iterdir())) == 5
    rest, whole = Letters(), Letters()
    np.testing.assert_array_equal(
        encode_rows(rest, texts, cache=tmp_path).matrix, encode_rows(whole, texts).matrix
    )
    assert rest.batches == whole.batches[5:]  # the very batches, so the very numbers


def test_another_identity_does_not_see_them(tmp_path):
    for identity in ("letters 1", "letters 2"):
        encoder = Letters(identity)
        encode_rows(encoder, ["a", "b"], cache=tmp_path)
        assert encoder.seen == 2


def test_an_encoder_that_changed_without_saying_so(tmp_path):
    encode_rows(Letters(), ["a"], cache=tmp_path)

    class Wider(Letters):
        def encode(self, batch):
            return np.ones((len(batch), 30))

    with pytest.raises(
        InputError, match=r"26 features .* and 30 .*; if it has changed, remove its"
    ):
        encode_rows(Wider(), ["a", "b"], cache=tmp_path)


@pytest.mark.parametrize("damage", ["cut", "text", "empty", "other arrays", "nan", "short"])
def test_damaged_files_are_encoded_again(tmp_path, small_batches, damage):
    texts = ["aa", "bb", "c", "d"]
    fresh = encode_rows(Letters(), texts, cache=tmp_path).matrix
    file = sorted(tmp_path.iterdir())[0]
    with np.load(file) as arrays:
        hashes, vectors = arrays["hashes"], arrays["vectors"]
    if damage == "cut":
        file.write_bytes(file.read_bytes()[:-40])
    elif damage == "text":
        file.write_text("no archive")
    elif damage == "empty":
        file.write_bytes(b"")
    elif damage == "other arrays":
        np.savez(file, x=vectors)
    elif damage == "nan":
        np.savez(file, hashes=hashes, vectors=vectors * np.float32(np.nan))
    else:
        np.savez(file, hashes=hashes, vectors=vectors[1:])
    encoder = Letters()
    encoded = encode_rows(encoder, texts, cache=tmp_path)
    np.testing.assert_array_equal(encoded.matrix, fresh)
    assert encoder.seen == 2
    assert messages(encoded)[0].startswith("1 damaged file of kept vectors removed, ")
    assert encode_rows(Letters(), texts, cache=tmp_path).notes == ()


def test_what_costs_little_is_not_kept(tmp_path):
    encoder = encoder_of("tfidf")
    encoder.fit(TEXTS)
    encode_rows(encoder, TEXTS, cache=tmp_path / "vectors")
    assert not (tmp_path / "vectors").exists()


def test_images_are_read_in_rgb_and_broken_ones_told(tmp_path, small_batches):
    rows = [png(tmp_path / f"{i}.png", (i, 2 * i, 200)) for i in range(5)]
    rows += [tmp_path / "missing.png", tmp_path / "text.png", tmp_path / "twin.png"]
    rows[6].write_text("no image")
    rows[7].write_bytes(rows[1].read_bytes())
    encoder, done = Letters(), []
    encoded = encode_rows(encoder, rows, cache=tmp_path / "vectors", advance=done.append)
    expected = [[i, 2 * i, 200] for i in range(5)] + [[0] * 3] * 2 + [[1, 2, 200]]
    np.testing.assert_array_equal(encoded.matrix, expected)
    assert encoded.failed.tolist() == [5, 6]
    assert messages(encoded) == [
        f"2 images cannot be read, the first is '{rows[5]}': no such file or directory; their "
        f"features are zeros"
    ]
    assert sum(done) == len(rows)
    assert [len(batch) for batch in encoder.batches] == [2, 2, 1]
    idle = Letters()
    again = encode_rows(idle, rows, cache=tmp_path / "vectors")
    np.testing.assert_array_equal(again.matrix, encoded.matrix)
    assert idle.seen == 0
    with pytest.raises(InputError, match=r"1 image cannot be read \('.*missing.png': no such file"):
        encode_rows(Letters(), rows, strict=True)
    with pytest.raises(InputError, match=r"1 image cannot be read \('.*text.png': "):
        encode_rows(Letters(), [*rows[:3], rows[6]], strict=True)
    with pytest.raises(InputError, match="nothing can be encoded: 1 image cannot be read"):
        encode_rows(Letters(), [rows[6]])


def test_an_image_that_claims_too_many_pixels(tmp_path, monkeypatch):
    rows = [png(tmp_path / "a.png", size=(5, 5)), png(tmp_path / "b.png", size=(30, 30))]
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 500)
    encoded = encode_rows(Letters(), rows)
    assert messages(encoded)[0].startswith("1 image cannot be read ('")
    assert "b.png': 30 x 30 pixels are more than is safe to unpack" in messages(encoded)[0]


def test_a_model_file_names_an_encoder_and_notes_another_version(tmp_path, monkeypatch):
    (tmp_path / "kept_encoder.py").write_text(
        "def encode(texts):\n    return [[1.0]] * len(texts)\n"
    )
    monkeypatch.chdir(tmp_path)
    facts, arrays = encoder_to_state(encoder_of("kept_encoder:encode"))
    with pytest.raises(
        InputError, match="'kept_encoder:encode', which is run only where it is named"
    ):
        encoder_from_state(facts, arrays)
    encoder, notes = encoder_from_state(facts, arrays, spec="kept_encoder:encode")
    assert (encoder.spec, notes) == ("kept_encoder:encode", ())
    _, notes = encoder_from_state(
        {**facts, "identity": "older"}, arrays, spec="kept_encoder:encode"
    )
    assert "is not the version that the model was fitted with" in notes[0].message


def test_columns_are_joined():
    assert join_columns([["a", None, " "], ["b", "c", ""]]) == ["a\nb", "c", ""]
