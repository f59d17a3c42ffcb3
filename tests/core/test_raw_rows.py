"""Texts and images are labelled from the raw rows, and a model file remembers how."""

import json
import os
import sys

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from diffresnet import DiffusionClassifier, label_file
from diffresnet.cli.app import run
from diffresnet.errors import InputError

TOPICS = {
    "card": "my card was lost stolen blocked declined pin number arrived",
    "loan": "interest rate mortgage borrow repay monthly instalment house",
    "trip": "flight hotel ticket luggage airport beach passport delayed",
}


def made(rng, topic):
    words = rng.choice(TOPICS[topic].split(), 6)
    return "please help " + " ".join(words)


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    truth = np.repeat(list(TOPICS), 40)
    texts = [made(rng, topic) for topic in truth]
    topic = np.where(np.arange(120) % 40 < 4, truth, None)
    frame = pd.DataFrame({"id": range(120), "review": texts, "topic": topic, "stars": 3.5})
    frame.to_csv("reviews.csv", index=False)
    frame.assign(topic=truth).to_csv("truth.csv", index=False)


def accuracy(result):
    return (result.labels == pd.read_csv("truth.csv")["topic"]).mean()


def test_texts_by_the_default_encoder():
    result = label_file("reviews.csv", "out.csv", text="review", label_column="topic")
    assert accuracy(result) > 0.95
    assert result.encoder == "tfidf"
    assert result.feature_names[0] == "review[0]"
    reasons = {role.name: role.reason for role in result.column_roles}
    assert reasons["review"].startswith("is encoded by tfidf as ")
    assert reasons["stars"] == "is not named"
    written = pd.read_csv("out.csv")
    own = ["label", "confidence", "flag", "novelty"]
    assert list(written) == ["id", "review", "topic", "stars", *own]
    assert not os.path.exists("out.csv.embeddings")  # tfidf is cheap, and depends on all rows


def test_the_command(capfd):
    args = ["label", "reviews.csv", "--text", "review", "--label-column", "topic"]
    assert run([*args, "--out", "out.parquet", "--model", "m.npz", "--explain-columns"]) == 0
    out, err = capfd.readouterr()
    assert "encoder   tfidf" in err
    assert "left out  2 columns (id, stars)" in err
    assert "review  feature  is encoded by tfidf" in out
    pd.read_csv("reviews.csv").drop(columns="topic").to_csv("new.csv", index=False)
    assert run(["label", "new.csv", "--with", "m.npz", "--out", "new.csv"]) == 0
    again = pd.read_csv("new.csv")["label"]
    assert (again == pd.read_parquet("out.parquet")["label"]).all()


def test_a_model_file_remembers_its_encoder():
    first = label_file("reviews.csv", text="review", label_column="topic", model="m.npz")
    second = label_file("truth.csv", with_="m.npz", label_column="topic", relabel=True)
    assert (first.labels == second.labels).all()
    other = pd.read_csv("reviews.csv").rename(columns={"review": "body"})
    other.to_csv("other.csv", index=False)
    with pytest.raises(InputError, match="has no column 'review'; it has"):
        label_file("other.csv", with_="m.npz", label_column="topic")
    third = label_file("other.csv", with_="m.npz", label_column="topic", text="body", relabel=True)
    assert (third.labels == first.labels).all()
    assert DiffusionClassifier.load("m.npz").n_features_in_ == len(first.feature_names)


def test_several_columns_and_blank_texts():
    frame = pd.read_csv("reviews.csv")
    frame["title"] = [review.split()[-1] for review in frame["review"]]
    frame["body"] = frame["review"].where(frame.index % 2 == 0)
    frame.loc[[7, 9], ["title", "body"]] = None
    frame.to_parquet("two.parquet")
    result = label_file("two.parquet", text=["title", "body"], label_column="topic")
    assert accuracy(result) > 0.8
    assert np.flatnonzero(result.flags == "unreached").tolist() == [7, 9]
    assert any("2 texts are blank, the first in data row 8" in n.message for n in result.notes)
    with pytest.raises(InputError, match=r"blank.*data row 8"):
        label_file("two.parquet", text=["title", "body"], label_column="topic", strict=True)


def test_a_label_of_a_blank_text_says_nothing_of_others():
    frame = pd.read_csv("reviews.csv")
    frame.loc[[0, 7, 9, 50], "review"] = None  # the first has a label
    frame.to_csv("blank.csv", index=False)
    result = label_file("blank.csv", text="review", label_column="topic")
    assert result.flags[[0, 7, 9, 50]].tolist() == ["given", *["unreached"] * 3]
    assert any("1 labelled row has features of zeros alone" in n.message for n in result.notes)


def test_texts_that_are_left_out_are_noted():
    frame = pd.read_csv("reviews.csv").assign(x=np.random.default_rng(0).normal(size=120))
    frame.to_csv("x.csv", index=False)
    result = label_file("x.csv", label_column="topic", features=None)
    (note,) = [n for n in result.notes if n.parameter == "text"]
    assert "'review' holds texts, which can be encoded" in note.message
    frame.drop(columns=["x", "stars", "id"]).to_csv("x.csv", index=False)
    with pytest.raises(InputError, match="'review' holds texts, which can be encoded"):
        label_file("x.csv", label_column="topic")


def test_an_encoder_that_fails_is_named(tmp_path):
    (tmp_path / "broken.py").write_text("def encode(texts):\n    raise OSError('no way')\n")
    with pytest.raises(InputError, match="the encoder 'broken:encode' failed: no way"):
        label_file("reviews.csv", text="review", label_column="topic", encoder="broken:encode")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"text": "absent"}, "has no column 'absent'; it has 'id', 'review'"),
        ({"text": "review", "encoder": "nosuch"}, "there is no encoder 'nosuch'; choose tfidf"),
        ({"text": "review", "encoder": "no.module:name"}, "cannot find 'no.module:name'"),
        ({"text": "review", "image": "review"}, "are not encoded together"),
        ({"text": "review", "features": "stars"}, "features by themselves"),
        ({"image": "review"}, "images need an encoder, such as timm:MODEL"),
        ({"image": "review", "encoder": "tfidf"}, "'tfidf' encodes no images"),
        ({"encoder": "tfidf"}, "an encoder is for a column of texts or images; name it"),
    ],
)
def test_what_cannot_be_encoded_is_one_line(options, message):
    with pytest.raises(InputError, match=message) as caught:
        label_file("reviews.csv", label_column="topic", **options)
    assert "\n" not in str(caught.value)


def test_numbers_are_no_texts():
    pd.read_csv("reviews.csv").to_parquet("a.parquet")
    with pytest.raises(InputError, match=r"'stars' .* of type double, and holds no texts"):
        label_file("a.parquet", text="stars", label_column="topic")


def test_a_model_of_numbers_needs_no_encoder():
    frame = pd.read_csv("truth.csv")
    frame["x"] = np.random.default_rng(0).normal(size=120) + 9 * np.arange(120) // 40
    frame.to_csv("truth.csv", index=False)
    label_file("truth.csv", features="x", label_column="topic", model="m.npz")
    with pytest.raises(InputError, match="fitted on columns of numbers"):
        label_file("truth.csv", with_="m.npz", text="review", label_column="topic")


COLOURS = """
import numpy as np

calls = 0

def mean(images):
    global calls
    calls += 1
    return np.array([np.asarray(image, float).mean((0, 1)) / 255 for image in images])
"""


@pytest.fixture
def photos(tmp_path):
    rng = np.random.default_rng(0)
    (tmp_path / "colours.py").write_text(COLOURS)
    truth = {}
    for name, base in (("red", (200, 40, 40)), ("blue", (40, 40, 200))):
        for i in range(12):
            known = name if i < 3 else "unlabelled"
            path = tmp_path / "photos" / known / f"{name}{i}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            pixels = np.clip(rng.normal(base, 30, (8, 8, 3)), 0, 255).astype(np.uint8)
            Image.fromarray(pixels).save(path)
            truth[f"{known}/{name}{i}.png"] = name
    yield truth
    sys.modules.pop("colours", None)


def test_a_folder_of_photos(photos, capfd):
    args = ["label", "photos", "--encoder", "colours:mean", "--out", "labels.csv"]
    assert run([*args, "--model", "m.npz"]) == 0
    table = pd.read_csv("labels.csv")
    assert dict(zip(table["file"], table["label"], strict=True)) == photos
    assert (table["flag"] == "given").sum() == 6
    calls = sys.modules["colours"].calls
    assert run(args) == 0
    assert sys.modules["colours"].calls == calls  # all embeddings are kept
    assert run(["label", "photos", "--with", "m.npz", "--out", "again.csv"]) == 2
    assert "run only where it is named" in capfd.readouterr().err
    assert run([*args[:-1], "again.csv", "--with", "m.npz"]) == 0
    assert pd.read_csv("again.csv")["label"].tolist() == table["label"].tolist()


def test_a_column_of_paths_and_broken_images(photos, tmp_path):
    files = [*photos, "unlabelled/broken.png", "unlabelled/absent.png"]
    (tmp_path / "photos" / "unlabelled" / "broken.png").write_bytes(b"no image")
    given = [name if "unlabelled" not in file else None for file, name in photos.items()]
    table = pd.DataFrame({"path": files, "label": [*given, None, None]})
    table.to_csv("photos/list.csv", index=False)  # paths are relative to the file
    options = {"image": "path", "encoder": "colours:mean"}
    result = label_file("photos/list.csv", "out.csv", **options)
    assert result.labels[:24].tolist() == list(photos.values())
    assert result.flags[24:].tolist() == ["unreached", "unreached"]
    assert any("2 images cannot be read" in note.message for note in result.notes)
    with pytest.raises(InputError, match=r"cannot be read \(.*absent\.png"):
        label_file("photos/list.csv", **options, strict=True)


def test_labels_of_photos_in_a_second_file(photos):
    few = [(file, name) for file, name in photos.items() if file.startswith(name)]
    pd.DataFrame(few, columns=["file", "colour"]).to_csv("few.csv", index=False)
    result = label_file("photos", labels="few.csv", encoder="colours:mean", label_column="colour")
    assert dict(zip(sorted(photos), result.labels, strict=True)) == photos


def test_a_damaged_encoder_of_a_model_is_one_line():
    label_file("reviews.csv", text="review", label_column="topic", model="m.npz")
    with np.load("m.npz") as file:
        arrays = dict(file)
    header = json.loads(arrays["header"].tobytes())
    for change in ({"columns": 3}, {"kind": "sound"}, {"spec": None}):
        broken = {**header, "encoder": {**header["encoder"], **change}}
        arrays["header"] = np.frombuffer(json.dumps(broken).encode(), np.uint8)
        np.savez("b.npz", **arrays)
        with pytest.raises(InputError) as caught:
            label_file("reviews.csv", with_="b.npz", label_column="topic")
        assert "\n" not in str(caught.value)


def test_features_of_texts_are_written_once_and_labelled_later(capfd):
    args = ["embed", "reviews.csv", "--text", "review", "--out", "features.npz"]
    assert run(args) == 0
    assert "120 rows" in capfd.readouterr().err
    direct = label_file("reviews.csv", text="review", label_column="topic")
    with np.load("features.npz") as file:
        assert file["review"].tolist() == pd.read_csv("reviews.csv")["review"].tolist()
    result = label_file("features.npz", label_column="topic")
    assert (result.labels == direct.labels).mean() > 0.97
    for extra, message in [
        (["--size", "8"], "--size is for --backbone"),
        (["--backbone", "x"], "--backbone has no use beside"),
    ]:
        assert run([*args, *extra]) == 2
        assert message in capfd.readouterr().err
    assert run(["embed", "reviews.csv", "--out", "features.npz"]) == 2
    assert "name --backbone, or --text" in capfd.readouterr().err


def test_features_of_photos(photos):
    args = ["embed", "photos", "--encoder", "colours:mean", "--out", "features.npz"]
    assert run(args) == 0
    result = label_file("features.npz")
    assert dict(zip(sorted(photos), result.labels, strict=True)) == photos
