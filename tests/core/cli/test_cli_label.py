import json
import os
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

import diffresnet
from diffresnet.cli.app import run
from diffresnet.files.npz import load_npz

NAMES = np.array(["cat", "dog", "eel"])


@pytest.fixture
def data(tmp_path):
    """Three far groups of 20 rows in four formats of file, two labelled rows in each."""
    rng = np.random.default_rng(0)
    truth = np.repeat(np.arange(3), 20)
    x = (10 * np.eye(3)[truth] + rng.normal(size=(60, 3))).astype(np.float32)
    known = np.arange(60) % 20 < 2
    np.savez(tmp_path / "a.npz", features=x, labels=np.where(known, truth, -1), class_names=NAMES)
    frame = pd.DataFrame(x, columns=["e0", "e1", "e2"])
    frame.insert(0, "code", [f"{i:03}" for i in range(60)])
    frame.insert(2, "label", np.where(known, NAMES[truth], None))
    frame.to_csv(tmp_path / "a.csv", index=False)
    frame.to_parquet(tmp_path / "a.parquet")
    frame = frame.rename(columns={"label": "intent"})
    frame["intent"] = pd.array(np.where(known, truth + 7, None), dtype="Int16")
    frame.to_parquet(tmp_path / "int.parquet")
    return tmp_path


def call(folder, *args):
    os.chdir(folder)
    return run(["label", *args])


@pytest.fixture(autouse=True)
def _stay(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)


def fails(capfd, folder, message, *args):
    before = {p.name: p.read_bytes() for p in folder.iterdir() if p.is_file()}
    assert call(folder, *args) == 2
    out, err = capfd.readouterr()
    assert message in err
    assert err.count("\n") == 1
    assert out == ""
    assert before == {p.name: p.read_bytes() for p in folder.iterdir() if p.is_file()}


def test_csv(data, capfd):
    args = ["--features", "e", "--out", "out.csv", "--json", "a.json", "--seed", "3"]
    assert call(data, "a.csv", *args) == 0
    out, err = capfd.readouterr()
    assert out == ""
    for text in (
        "rows      60, with 3 features (e0, e1, e2)",
        "labelled  6 in 3 classes (cat: 2, dog: 2, eel: 2)",
        "reach     54 of 54 unlabelled rows are connected to a label",
        "predicted 54, mean confidence ",
        "seconds",
        "out.csv",
    ):
        assert text in err
    before = pd.read_csv(data / "a.csv", dtype=str)
    after = pd.read_csv(data / "out.csv", dtype=str)
    assert list(after) == ["code", "e0", "label", "e1", "e2", "confidence", "flag", "novelty"]
    others = ["code", "e0", "e1", "e2"]
    pd.testing.assert_frame_equal(after[others], before[others])
    assert after["label"].tolist() == np.repeat(NAMES, 20).tolist()
    given = before["label"].notna()
    assert after["flag"].tolist() == np.where(given, "given", "predicted").tolist()
    assert after["confidence"].str.fullmatch(r"[01]\.\d{4}").all()
    result = json.loads((data / "a.json").read_text())
    assert result["experiment"] == "label"
    assert result["settings"]["seed"] == 3
    row = result["results"][0]
    mean = row.pop("mean_confidence")
    assert mean == pytest.approx(after["confidence"][~given].astype(float).mean(), abs=1e-4)
    assert row.pop("expected_error") == pytest.approx(1 - mean)
    none = dict.fromkeys(("novel", "unreached", "overruled", "abstained"), 0)
    assert row == {"rows": 60, "labelled": 6, "classes": 3, "predicted": 54, "recall": 1.0, **none}


def test_npz_keeps_its_arrays_and_integers(data):
    assert call(data, "a.npz", "--out", "a.npz", "--quiet") == 0
    arrays = load_npz(data / "a.npz")
    assert arrays["label"].tolist() == np.repeat(np.arange(3), 20).tolist()
    assert (arrays["flag"] == "given").sum() == 6
    assert arrays["confidence"].dtype == np.float32
    own = {"label", "confidence", "flag", "novelty"}
    assert set(arrays) == {"features", "labels", "class_names", *own}


def test_class_names_are_said(data, capfd):
    assert call(data, "a.npz", "--out", "b.npz") == 0
    assert "(cat: 2, dog: 2, eel: 2)" in capfd.readouterr().err


def test_quiet_says_nothing(data, capfd):
    assert call(data, "a.csv", "--out", "out.csv", "-q", "--features", "e0,e1,e2") == 0
    assert capfd.readouterr() == ("", "")


def test_a_column_that_numbers_the_rows_is_noted(data, capfd):
    assert call(data, "a.csv", "--out", "out.csv") == 0
    assert (
        "note: column 'code' numbers the rows: it is taken as no feature" in capfd.readouterr().err
    )


def test_parquet_keeps_the_type_of_labels(data):
    assert call(data, "int.parquet", "--label-column", "intent", "--out", "out.parquet") == 0
    frame = pd.read_parquet(data / "out.parquet")
    assert frame["label"].tolist() == np.repeat([7, 8, 9], 20).tolist()
    assert list(frame)[-5:] == ["e2", "label", "confidence", "flag", "novelty"]
    assert frame["intent"].isna().sum() == 54


@pytest.mark.parametrize(
    ("source", "target"), [("a.csv", "out.parquet"), ("a.parquet", "out.csv"), ("a.npz", "out.csv")]
)
def test_formats_may_differ(data, source, target):
    assert call(data, source, "--out", target) == 0
    read = pd.read_csv if target.endswith("csv") else pd.read_parquet
    assert read(data / target)["label"].nunique() == 3


def test_columns_are_explained(data, capfd):
    assert call(data, "a.csv", "--out", "out.csv", "--explain-columns") == 0
    lines = capfd.readouterr().out.splitlines()
    assert "code" in lines[0]
    assert "numbers the rows" in "".join(lines)
    assert sum("feature" in line for line in lines) == 3
    assert call(data, "a.csv", "--out", "out.csv", "--features", "e", "--explain-columns") == 0
    assert len(capfd.readouterr().out.splitlines()) == 3


def test_the_command_itself(data):
    command = [sys.executable, "-m", "diffresnet", "label"]
    done = subprocess.run(
        [*command, "a.csv", "--out", "out.csv"],
        cwd=data,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    assert "Warning" not in done.stderr
    assert len(pd.read_csv(data / "out.csv")) == 60


def test_all_rows_labelled(data):
    frame = pd.read_csv(data / "a.csv", dtype=str)
    frame["label"] = np.repeat(NAMES, 20)
    frame.to_csv(data / "full.csv", index=False)
    args = ["full.csv", "--features", "e", "--out", "out.csv", "--json", "a.json"]
    assert call(data, *args) == 0
    assert (pd.read_csv(data / "out.csv")["flag"] == "given").all()
    result = json.loads((data / "a.json").read_text())["results"][0]
    assert result["mean_confidence"] is None
    assert result["predicted"] == 0


def test_relabel_overrules_a_wrong_label(data):
    frame = pd.read_csv(data / "a.csv", dtype=str)
    frame["label"] = np.repeat(NAMES, 20)
    frame.loc[5, "label"] = "eel"
    frame.to_csv(data / "wrong.csv", index=False)
    for flag, label in ([], "eel"), (["--relabel"], "cat"):
        assert call(data, "wrong.csv", "--features", "e", "--out", "out.csv", *flag) == 0
        after = pd.read_csv(data / "out.csv")
        assert after["label"][5] == label
        assert after["flag"][5] == ("predicted" if flag else "given")


def test_a_saved_model_labels_another_file(data):
    assert call(data, "a.csv", "--features", "e", "--out", "out.csv", "--model", "m.model") == 0
    frame = pd.read_csv(data / "a.csv", dtype=str)
    frame.drop(columns="label").to_csv(data / "new.csv", index=False)
    args = ["--features", "e", "--with", "m.model", "--json", "a.json"]
    assert call(data, "new.csv", "--out", "out.csv", *args) == 0
    after = pd.read_csv(data / "out.csv", dtype=str)
    assert after["label"].tolist() == np.repeat(NAMES, 20).tolist()
    assert set(after["flag"]) == {"predicted"}
    result = json.loads((data / "a.json").read_text())["results"][0]
    assert (result["labelled"], result["classes"], result["predicted"]) == (0, 3, 60)

    # Given labels are kept, of classes that the model does not know too.
    frame["label"] = None
    frame.loc[0, "label"], frame.loc[1, "label"] = "yak", "cat"
    frame.to_csv(data / "some.csv", index=False)
    assert call(data, "some.csv", "--out", "out.csv", *args) == 0
    after = pd.read_csv(data / "out.csv", dtype=str)
    assert after["label"][:3].tolist() == ["yak", "cat", "cat"]
    assert after["flag"][:3].tolist() == ["given", "given", "predicted"]
    assert after["confidence"][:2].tolist() == ["1.0000"] * 2
    assert call(data, "some.csv", "--out", "out.csv", "--relabel", *args) == 0
    after = pd.read_csv(data / "out.csv", dtype=str)
    assert after["label"][:3].tolist() == ["cat"] * 3
    assert set(after["flag"]) == {"predicted"}


def test_a_model_of_names_and_a_file_of_integers(data, capfd):
    assert call(data, "a.csv", "--features", "e", "--out", "out.csv", "--model", "m") == 0
    capfd.readouterr()
    fails(capfd, data, "are integers, but the classes", "a.npz", "--out", "b.npz", "--with", "m")
    assert call(data, "a.npz", "--out", "b.npz", "--with", "m", "--relabel") == 0
    assert "overruled no given label" in capfd.readouterr().err
    assert load_npz(data / "b.npz")["label"].tolist() == np.repeat(NAMES, 20).tolist()


def test_a_model_of_integers_and_a_file_of_text(data):
    assert call(data, "a.npz", "--out", "b.npz", "--model", "m") == 0
    frame = pd.read_csv(data / "a.csv", dtype=str)
    frame["label"] = None
    frame.loc[0, "label"] = "0"
    frame.to_csv(data / "text.csv", index=False)
    args = ["text.csv", "--features", "e", "--out", "out.csv", "--with", "m"]
    assert call(data, *args) == 0
    labels = pd.read_csv(data / "out.csv", dtype=str)["label"]
    assert labels.tolist() == np.repeat(["0", "1", "2"], 20).tolist()


def test_a_model_that_does_not_fit(data, capfd):
    assert call(data, "a.csv", "--features", "e", "--out", "out.csv", "--model", "m") == 0
    capfd.readouterr()
    args = ["a.csv", "--out", "o.csv"]
    fails(capfd, data, "the features lack 'e2'", *args, "--features", "e0,e1", "--with", "m")
    fails(capfd, data, "no such file", *args, "--with", "missing")
    fails(
        capfd, data, "no labels 'b'", *args, "--label-column", "b", "--with", "m", "--features", "e"
    )
    fails(
        capfd,
        data,
        "number 1 was 'e0', and is 'e1'",
        *args,
        "--features",
        "e1,e0,e2",
        "--with",
        "m",
    )
    (data / "junk").write_bytes(b"junk")
    fails(capfd, data, "junk", *args, "--features", "e", "--with", "junk")
    fails(capfd, data, "leave one out", *args, "--with", "m", "--model", "n")


def test_bad_input_is_one_line(data, capfd):
    frame = pd.read_csv(data / "a.csv")
    frame.assign(label=None).to_csv(data / "none.csv")
    frame.assign(label="cat").to_csv(data / "one.csv")
    frame.assign(flag=1).to_csv(data / "taken.csv")
    frame.assign(e1=frame["e1"].where(frame.index != 6)).to_csv(data / "nan.csv")
    whole = (data / "a.npz").read_bytes()
    (data / "cut.npz").write_bytes(whole[: len(whole) // 2])
    np.savez(data / "pickled.npz", features=np.eye(2), labels=np.array([None, 1], dtype=object))
    (data / "ragged.csv").write_text("x,label\n1,a\n2\n")
    (data / "folder.csv").mkdir()
    (data / "empty.csv").touch()
    out = ["--out", "o.csv"]
    for message, *args in [
        ("at least one labelled row", "none.csv", *out),
        ("are of one class ('cat')", "one.csv", *out),
        ("already has 'flag'", "taken.csv", *out),
        ("column 'e1' of 'nan.csv' has 1 cell", "nan.csv", *out),
        ("is damaged", "cut.npz", *out),
        ("pickled Python objects", "pickled.npz", *out),
        ("Row #3", "ragged.csv", *out),
        ("no images in", "folder.csv", *out),
        ("is empty", "empty.csv", *out),
        ("no such file", "missing.csv", *out),
        ("--label-column", "a.csv", *out, "--label-column", "intent"),
        ("no column", "a.csv", *out, "--features", "zzz"),
        ("must end in", "a.csv", "--out", "o.txt"),
        ("does not exist", "a.csv", "--out", "missing/o.csv"),
        ("is a folder", "a.csv", "--out", "folder.csv"),
        ("does not exist", "a.csv", *out, "--json", "missing/a.json"),
        ("does not exist", "a.csv", *out, "--model", "missing/m"),
        ("would replace another file", "a.csv", *out, "--json", "o.csv"),
        ("would replace another file", "a.csv", *out, "--model", "a.csv"),
        ("'nonsense'", "a.csv", *out, "--features", "e", "--device", "nonsense"),
    ]:
        fails(capfd, data, message, *args)


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (OSError(28, "No space left on device"), 1, "error: No space left on device: "),
        (KeyboardInterrupt(), 130, "stopped"),
    ],
)
def test_a_failed_write_leaves_the_input(data, capfd, monkeypatch, error, code, message):
    def fail(*_):
        raise error

    monkeypatch.setattr("diffresnet.tables.formats.csv._lines", fail)
    before = (data / "a.csv").read_bytes()
    files = sorted(os.listdir(data))
    assert call(data, "a.csv", "--features", "e", "--out", "a.csv") == code
    err = capfd.readouterr().err
    assert message in err
    assert err.count("\n") == 1
    assert (data / "a.csv").read_bytes() == before
    assert sorted(os.listdir(data)) == files


def test_rows_that_no_label_reaches(data, capfd):
    """A far group of rows, none of them labelled, is no neighbour of the others."""
    arrays = dict(np.load(data / "a.npz"))
    arrays["features"] = np.concatenate([arrays["features"], arrays["features"][:20] + 1e4])
    arrays["labels"] = np.concatenate([arrays["labels"], np.full(20, -1)])
    np.savez(data / "far.npz", **arrays)
    assert call(data, "far.npz", "--out", "out.npz", "--json", "a.json") == 0
    assert "54 of 74 unlabelled rows are connected" in capfd.readouterr().err
    flags = load_npz(data / "out.npz")["flag"]
    assert set(flags[60:]) == {"unreached"}
    assert set(flags[:60]) == {"given", "predicted"}
    row = json.loads((data / "a.json").read_text())["results"][0]
    assert (row["predicted"], row["unreached"]) == (54, 20)


def test_many_classes_are_summed_up(data, capfd):
    labels = np.arange(60) % 30
    labels[40:] = -1
    np.savez(data / "many.npz", features=np.eye(60), labels=labels)
    assert call(data, "many.npz", "--out", "out.npz") == 0
    assert "40 in 30 classes, 1 to 2 in each" in capfd.readouterr().err


def test_a_class_called_na_is_a_class_unless_it_is_named(data, capfd):
    frame = pd.read_csv(data / "a.csv", dtype=str)
    marked = frame.assign(label=frame["label"].fillna("NA"))
    marked.to_csv(data / "na.csv", index=False)
    args = ["na.csv", "--features", "e", "--out", "out.csv"]
    assert call(data, *args) == 0
    err = capfd.readouterr().err
    assert "note: 'NA' stands on 54 of 60 rows and is taken as a class" in err
    assert "name it (--unlabelled)" in err
    assert call(data, *args, "--unlabelled", "NA", "--json", "a.json") == 0
    after = pd.read_csv(data / "out.csv", dtype=str)
    assert after["label"].tolist() == np.repeat(NAMES, 20).tolist()
    assert json.loads((data / "a.json").read_text())["settings"]["unlabelled"] == ["NA"]
    # A class that is called so keeps its rows where other rows are blank.
    few = frame["label"].replace({"eel": "NA"}).fillna("")
    frame.assign(label=few).to_csv(data / "eel.csv", index=False)
    assert call(data, "eel.csv", "--features", "e", "--out", "out.csv") == 0
    after = pd.read_csv(data / "out.csv", dtype=str, keep_default_na=False)
    assert after["label"].tolist() == np.repeat(["cat", "dog", "NA"], 20).tolist()


def test_python_and_the_command_agree(data):
    """One law of labels: of marks too, and of text that is numbers."""
    frame = pd.read_csv(data / "a.csv", dtype=str)
    codes = frame["label"].map({"cat": "1", "dog": "2", "eel": "3.0"})
    for labels, marks in ((codes.fillna("-1"), []), (codes.fillna("NA"), ["NA"])):
        frame.assign(label=labels).to_csv(data / "marks.csv", index=False)
        named = [part for mark in marks for part in ("--unlabelled", mark)]
        args = ["marks.csv", "--features", "e", "--out", "out.csv", *named]
        assert call(data, *args, "-q") == 0
        x = frame[["e0", "e1", "e2"]].astype(float).to_numpy(np.float32)
        model = diffresnet.DiffusionClassifier(unlabelled=marks or None, random_state=0)
        model.fit(x, labels.to_numpy())
        after = pd.read_csv(data / "out.csv", dtype=str)["label"]
        assert after.tolist() == model.transduction_.tolist()
        result = diffresnet.label_file(data / "marks.csv", features="e", unlabelled=marks or None)
        assert result.labels.tolist() == after.tolist()
