"""`audit_file` and `diffresnet audit`: wrong labels of a file are named."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from diffresnet import audit_file, label_file
from diffresnet.cli.app import run
from diffresnet.errors import InputError

NAMES = np.array(["cat", "dog", "eel"])
WRONG = [6, 66, 126]
GIVEN, RIGHT = ["eel", "cat", "dog"], ["cat", "dog", "eel"]


@pytest.fixture
def data(tmp_path, monkeypatch):
    """Three groups of 60 rows, 40 labelled in each, one of them wrongly."""
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    truth = np.repeat(np.arange(3), 60)
    x = (8 * np.eye(3)[truth] + rng.normal(size=(180, 3))).astype(np.float32)
    labels = np.where(np.arange(180) % 3 < 2, NAMES[truth], None)
    labels[WRONG] = GIVEN
    frame = pd.DataFrame(x, columns=["e0", "e1", "e2"])
    frame.insert(0, "code", [f"c{i:03}" for i in range(180)])
    frame.insert(1, "label", labels)
    frame.to_csv("a.csv", index=False)
    frame.to_parquet("a.parquet")
    codes = np.where(labels == None, -1, np.searchsorted(NAMES, labels.astype(str)) % 3)  # noqa: E711
    np.savez("a.npz", features=x, labels=codes)
    return tmp_path


def test_the_command_names_wrong_labels(data, capsys):
    assert run(["audit", "a.csv", "--features", "e", "--json", "a.json"]) == 0
    out, err = capsys.readouterr()
    lines = out.splitlines()
    assert lines[0].split() == ["data", "row", "given", "suggested", "wrong"]
    assert sorted(line.split()[:3] for line in lines[1:]) == [
        ["127", "dog", "eel"],
        ["67", "cat", "dog"],
        ["7", "eel", "cat"],
    ]
    assert "3 of 120 labels are suspicious" in err
    payload = json.loads((data / "a.json").read_text())
    assert payload["experiment"] == "audit"
    assert sorted(row["row"] for row in payload["results"]) == [7, 67, 127]
    assert {row["given"] for row in payload["results"]} == set(GIVEN)
    assert payload["labels"] == 120


@pytest.mark.parametrize("file", ["a.csv", "a.parquet", "a.npz"])
@pytest.mark.parametrize("out", ["out.csv", "out.parquet"])
def test_all_labelled_rows_are_written(data, file, out):
    features = None if file == "a.npz" else "e"
    found = audit_file(file, out, features=features)
    assert sorted(found.audit.suspects) == WRONG
    read = pd.read_csv(out) if out == "out.csv" else pd.read_parquet(out)
    assert list(read.columns[:5]) == ["row", "given", "suggested", "probability", "suspicious"]
    assert len(read) == 120
    assert sorted(read["row"][:3]) == [7, 67, 127]
    assert (read["suspicious"] == "yes").sum() == 3
    if file != "a.npz":
        assert (read["given"] == read["label"]).all()
        assert sorted(read["code"][:3]) == ["c006", "c066", "c126"]


def test_what_an_audit_said_is_no_feature_of_a_next_label(data):
    frame = pd.read_csv("a.csv")
    frame["label"] = frame["label"].astype("category").cat.codes.where(frame["label"].notna())
    frame.to_csv("numbers.csv", index=False)
    features = label_file("numbers.csv", "out.csv").feature_names
    audit_file("numbers.csv", "audited.csv")
    result = label_file("audited.csv", "again.csv")
    assert result.feature_names == features
    assert list(pd.read_csv("again.csv").columns[:5]) == list(
        pd.read_csv("audited.csv").columns[:5]
    )
    # A column that is merely called like one of them may be a feature.
    frame.assign(probability=np.random.default_rng(0).random(len(frame))).to_csv("p.csv")
    assert "probability" in label_file("p.csv", "again.csv").feature_names


def test_rows_are_named_by_their_ids(data, capsys):
    pd.read_csv("a.csv")[["code", "label"]].dropna().to_csv("l.csv", index=False)
    pd.read_csv("a.csv").drop(columns="label").to_csv("b.csv", index=False)
    args = ["b.csv", "--features", "e", "--labels", "l.csv", "--id-column", "code"]
    assert run(["audit", *args]) == 0
    assert sorted(line.split()[0] for line in capsys.readouterr().out.splitlines()[1:]) == [
        "c006",
        "c066",
        "c126",
    ]


def test_relabel_overrules_what_audit_names_and_keeps_the_rest(data):
    label_file("a.csv", "out.csv", features="e", relabel=True)
    before, after = pd.read_csv("a.csv"), pd.read_csv("out.csv")
    assert after["label"][WRONG].tolist() == RIGHT
    assert after["flag"][WRONG].tolist() == ["predicted"] * 3
    kept = before["label"].notna() & ~before.index.isin(WRONG)
    assert (after["label"][kept] == before["label"][kept]).all()
    assert (after["flag"][kept] == "given").all()
    assert (after["confidence"][kept] == 1).all()
    assert label_file("a.csv", features="e").overruled() == []
    # Read again, the overruled labels are no given ones any more.
    found = audit_file("out.csv", features="e")
    assert len(found.audit) == 117
    assert len(found.audit.suspects) == 0


def test_one_label_a_class_cannot_be_audited(data, capsys):
    frame = pd.read_csv("a.csv")
    frame.loc[~frame.index.isin([0, 61, 121]), "label"] = None
    frame.to_csv("one.csv", index=False)
    with pytest.raises(InputError, match="no label can be held out to be audited"):
        audit_file("one.csv", "out.csv", features="e")
    assert run(["audit", "one.csv", "--features", "e"]) == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert not (data / "out.csv").exists()
    frame.assign(label=None).to_csv("none.csv", index=False)
    assert run(["audit", "none.csv", "--features", "e"]) == 2


@pytest.mark.parametrize("out", ["out.csv", "out.parquet"])
def test_labels_that_cannot_be_judged_are_written_last(data, out, capsys):
    """Of rows of zeros, whose direction is none."""
    rng = np.random.default_rng(0)
    truth = np.repeat(np.arange(3), 60)
    x = (rng.normal(size=(3, 64))[truth] + 0.3 * rng.normal(size=(180, 64))).astype(np.float32)
    x[[9, 70]] = 0
    labels = pd.read_csv("a.csv")["label"].fillna("").to_numpy(str)
    np.savez("zeros.npz", features=x, labels=labels)
    assert run(["audit", "zeros.npz", "--out", out, "--json", "a.json"]) == 0
    text = " ".join(capsys.readouterr().err.split())
    assert "2 labels are of rows whose features are zeros alone, and not judged" in text
    assert "of 118 labels are suspicious" in text
    payload = json.loads((data / "a.json").read_text())
    assert (payload["labels"], payload["not_judged"]) == (118, 2)
    read = pd.read_csv(out) if out == "out.csv" else pd.read_parquet(out)
    assert len(read) == 120
    last = read.iloc[-2:]
    assert last["row"].tolist() == [10, 71]
    assert last["given"].tolist() == ["cat", "dog"]
    assert last[["suggested", "probability"]].isna().all(axis=None)
    assert last["suspicious"].tolist() == ["no", "no"]
    assert read["probability"][:-2].notna().all()


def test_blank_texts_are_not_judged(data):
    words = {"cat": "purr meow whisker litter", "dog": "bark leash bone fetch"}
    rng, frame = np.random.default_rng(0), pd.DataFrame({"label": ["cat", "dog"] * 20})
    frame["text"] = [" ".join(rng.choice(words[c].split(), 6)) for c in frame["label"]]
    frame.loc[3, "text"] = None
    frame.to_csv("texts.csv", index=False)
    found = audit_file("texts.csv", "out.csv", text="text")
    assert found.unjudged.tolist() == [3]
    assert any("1 label is of rows" in note.message for note in found.notes)
    assert pd.read_csv("out.csv")["row"].tolist()[-1] == 4


def test_classes_of_arrays_are_called_by_their_names(data, capsys):
    arrays = dict(np.load("a.npz"))
    np.savez("named.npz", **arrays, class_names=np.array(["ant", "bee", "cow"]))
    args = ["audit", "named.npz", "--out", "out.csv", "--json", "a.json"]
    assert run(args) == 0
    lines = capsys.readouterr().out.splitlines()[1:]
    assert {tuple(line.split()[1:3]) for line in lines} == {
        ("cow", "ant"),
        ("ant", "bee"),
        ("bee", "cow"),
    }
    rows = json.loads((data / "a.json").read_text())["results"]
    assert {row["given"] for row in rows} == {"ant", "bee", "cow"}
    read = pd.read_csv("out.csv")
    assert set(read["given"]) == set(read["suggested"]) == {"ant", "bee", "cow"}
    assert (read["given"] == np.array(["ant", "bee", "cow"])[read["labels"]]).all()


def test_labels_that_differ_by_spaces_or_far_inside_are_told_apart(data, capsys):
    frame = pd.read_csv("a.csv")
    long = "a label of more letters than a column of a table has"
    names = {"cat": "eel ", "dog": f"{long}: dog", "eel": f"{long}: eel"}
    frame.assign(label=frame["label"].map(names)).to_csv("spaces.csv", index=False)
    assert run(["audit", "spaces.csv", "--features", "e"]) == 0
    out = capsys.readouterr().out
    assert "'eel '" in out
    assert {end for end in ("dog", "eel") if f"s: {end}" in out} == {"dog", "eel"}
    frame.assign(label=frame["label"].replace("cat", "eel ")).to_csv("spaces.csv", index=False)
    assert run(["label", "spaces.csv", "--features", "e", "--out", "out.csv"]) == 0
    assert "'eel ': 40" in capsys.readouterr().err


def test_overruled_labels_are_counted_and_not_lost(data, capsys):
    args = ["label", "a.csv", "--features", "e", "--out", "out.csv", "--json", "a.json"]
    assert run([*args, "--relabel", "--id-column", "code"]) == 0
    lines = capsys.readouterr().err.splitlines()
    assert "overruled 3 given labels, of rows c006, c066, c126" in lines
    payload = json.loads((data / "a.json").read_text())
    assert payload["results"][0]["overruled"] == 3
    rows = [(6, "eel", "cat"), (66, "cat", "dog"), (126, "dog", "eel")]
    assert payload["overruled"] == [
        {"row": row + 1, "id": f"c{row:03}", "given": given, "label": label}
        for row, given, label in rows
    ]
    assert run(args) == 0
    assert "overruled" not in capsys.readouterr().err
    assert "overruled" not in json.loads((data / "a.json").read_text())
    # A saved model is asked of every row, and says the same of most.
    label_file("a.csv", features="e", relabel=True, model="m.npz")
    assert run([*args, "--relabel", "--with", "m.npz"]) == 0
    assert "overruled 3 given labels, of rows 7, 67, 127" in capsys.readouterr().err.splitlines()
    pd.read_csv("out.csv").assign(flag="given").to_csv("right.csv", index=False)
    assert run(["label", "right.csv", *args[2:], "--relabel"]) == 0
    assert "overruled no given label" in capsys.readouterr().err.splitlines()
