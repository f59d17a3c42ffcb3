"""The main job in one call."""

import numpy as np
import pandas as pd
import pytest

import diffresnet
from diffresnet import DiffusionClassifier, label_file
from diffresnet.errors import InputError
from diffresnet.files.npz import load_npz


@pytest.fixture
def table(tmp_path):
    """Three far groups of 20 rows, two labelled rows in each."""
    rng = np.random.default_rng(0)
    truth = np.repeat(np.array(["cat", "dog", "eel"]), 20)
    frame = pd.DataFrame(10 * np.eye(3).repeat(20, 0) + rng.normal(size=(60, 3)), columns=[*"abc"])
    frame["label"] = np.where(np.arange(60) % 20 < 2, truth, None)
    frame.to_csv(tmp_path / "a.csv", index=False)
    return tmp_path / "a.csv", frame, truth


def test_a_result_has_a_label_for_every_row(table):
    path, frame, truth = table
    before = path.read_bytes()
    result = label_file(path)
    assert path.read_bytes() == before
    assert result.labels.tolist() == truth.tolist()
    assert len(result) == 60
    given = frame["label"].notna().to_numpy()
    assert result.flags.tolist() == np.where(given, "given", "predicted").tolist()
    assert (result.confidence[given] == 1.0).all()
    assert result.feature_names == ("a", "b", "c")
    counts = result.counts()
    assert counts.pop("mean_confidence") == pytest.approx(result.confidence[~given].mean())
    assert counts.pop("expected_error") == pytest.approx(1 - result.confidence[~given].mean())
    none = dict.fromkeys(("novel", "unreached", "overruled", "abstained"), 0)
    assert counts == {
        "rows": 60,
        "labelled": 6,
        "classes": 3,
        "predicted": 54,
        "recall": 1.0,
        **none,
    }
    assert isinstance(result.model, DiffusionClassifier)
    assert result.model.feature_names_in_.tolist() == ["a", "b", "c"]


def test_it_does_what_the_classifier_does(table):
    path, frame, _ = table
    model = DiffusionClassifier(random_state=0)
    model.fit(frame[["a", "b", "c"]].to_numpy(np.float32), frame["label"].to_numpy())
    result = label_file(path)
    assert np.array_equal(result.labels, model.transduction_)
    assert np.allclose(result.confidence, model.confidence_)


def test_stages_are_told(table, tmp_path):
    import contextlib

    seen = []

    @contextlib.contextmanager
    def stage(message, total):
        seen.append(message)
        yield lambda steps=1: None

    label_file(table[0], tmp_path / "o.csv", progress=stage)
    words = [text.split()[0] for text in seen]
    assert words == ["reading", "labelling", "training", "weighing", "propagating", "writing"]
    assert seen[2:5] == ["training heads", "weighing the prior", "propagating labels"]


def test_a_model_is_kept_and_used_again(table, tmp_path):
    path, frame, truth = table
    label_file(path, tmp_path / "o.csv", model=tmp_path / "m.npz")
    new = frame.drop(columns="label").assign(id=np.arange(60.0) ** 2)[["id", "c", "b", "a"]]
    new.to_csv(tmp_path / "new.csv", index=False)
    # Features are the columns that the model was fitted on, in its order.
    result = label_file(tmp_path / "new.csv", with_=tmp_path / "m.npz")
    assert result.labels.tolist() == truth.tolist()
    assert result.feature_names == ("a", "b", "c")
    new.drop(columns="b").to_csv(tmp_path / "less.csv", index=False)
    with pytest.raises(InputError, match=r"lack 'b', .*\(features=\)"):
        label_file(tmp_path / "less.csv", with_=tmp_path / "m.npz")
    with pytest.raises(InputError, match=r"no labels 'topic'; leave the name out"):
        label_file(tmp_path / "new.csv", with_=tmp_path / "m.npz", label_column="topic")
    # Arrays have no names of columns: their number has to do.
    np.savez(tmp_path / "new.npz", features=frame[["a", "b", "c"]].to_numpy())
    again = label_file(tmp_path / "new.npz", with_=tmp_path / "m.npz")
    assert again.labels.tolist() == truth.tolist()
    np.savez(tmp_path / "few.npz", features=frame[["a", "b"]].to_numpy())
    with pytest.raises(InputError, match=r"fitted on 3 features, but .* has 2"):
        label_file(tmp_path / "few.npz", with_=tmp_path / "m.npz")


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"label_column": "topic"}, r"no column 'topic'.*\(label_column=\)"),
        ({"features": "z"}, r"no column .* is called 'z'.*\(features=\)"),
        ({"graph": "absent.csv"}, "no such file"),
        ({"id_column": "id"}, r"no column 'id' of ids; there are 'a'.*\(id_column=\)"),
        ({"with_": "absent.npz"}, "no such file"),
        ({"with_": "m", "model": "n"}, "leave one out"),
        ({"unlabelled": ["cat", "dog"]}, "one class"),
        ({"unlabelled": ["cat", "dog", "eel"]}, "no row .* has a label"),
        ({"device": "abacus"}, "abacus"),
        ({"out": "o.txt"}, "must end in"),
    ],
)
def test_python_is_told_parameters_and_never_flags(table, tmp_path, monkeypatch, options, says):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=says) as caught:
        label_file(table[0], **options)
    assert "--" not in str(caught.value)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.csv"]


def test_nothing_that_is_read_is_replaced(table, tmp_path):
    path, _, _ = table
    other = tmp_path / "m.npz"
    label_file(path, model=other)
    kept = path.read_bytes(), other.read_bytes()
    same = tmp_path / "link.npz"
    same.symlink_to(other)
    for options in (
        {"model": path},
        {"out": other, "with_": other},
        {"out": same, "with_": other},
        {"out": tmp_path / "o.csv", "model": tmp_path / "o.csv"},
    ):
        with pytest.raises(InputError, match="would replace another file"):
            label_file(path, **options)
    assert (path.read_bytes(), other.read_bytes()) == kept
    label_file(path, path)


def test_a_model_of_other_classes(tmp_path):
    frame = pd.DataFrame({"a": np.arange(40) // 20 * 9.0 + np.arange(40) % 20 / 20})
    names = np.repeat(["007", "8"], 20)
    frame.assign(label=names).to_csv(tmp_path / "named.csv", index=False)
    label_file(tmp_path / "named.csv", model=tmp_path / "m.npz")
    numbers = frame.assign(label=pd.array([7, *[None] * 39], dtype="Int64"))
    numbers.to_parquet(tmp_path / "numbers.parquet")
    with pytest.raises(InputError, match=r"names such as '007'.*\(relabel=\)"):
        label_file(tmp_path / "numbers.parquet", with_=tmp_path / "m.npz")
    frame.assign(label=["cat", *[""] * 39]).to_csv(tmp_path / "cat.csv", index=False)
    result = label_file(tmp_path / "cat.csv", with_=tmp_path / "m.npz")
    assert result.labels[0] == "cat"
    assert any("'cat' are no classes of the model" in str(note) for note in result.notes)


def test_many_classes_of_few_labels_give_no_warning(tmp_path):
    rng = np.random.default_rng(0)
    y = np.arange(40).repeat(6)
    x = rng.normal(size=(40, 16))[y] + 0.1 * rng.normal(size=(240, 16))
    few = np.where(np.arange(240) % 6 < 1 + y % 3, y, -1)
    np.savez(tmp_path / "a.npz", features=x, labels=few)
    result = label_file(tmp_path / "a.npz", tmp_path / "o.npz")
    assert (result.labels == y).mean() > 0.9
    assert load_npz(tmp_path / "o.npz")["label"].dtype == np.int64


def test_the_public_names_are_there():
    for name in diffresnet.__all__:
        assert getattr(diffresnet, name).__doc__
