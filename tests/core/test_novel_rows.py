"""Outputs that tell rows of no class, and labels that are left out."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from diffresnet import DiffusionClassifier, label_file, label_frame
from diffresnet.cli.app import run
from diffresnet.errors import InputError
from diffresnet.labelling.abstain import Abstention

RNG = np.random.default_rng(0)
TRUTH = np.repeat(np.arange(6), 40)  # the classes 4 and 5 have no label
X = (5.0 * np.eye(6)[TRUTH] + RNG.normal(size=(240, 6))).astype(np.float32)
NAMES = np.array(["ant", "bee", "cat", "dog"])
KNOWN = (TRUTH < 4) & (np.arange(240) % 40 < 12)
NEW = TRUTH >= 4
ENDS = [".csv", ".parquet", ".npz"]


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    frame = pd.DataFrame(X, columns=list("uvwxyz"))
    frame.insert(0, "label", np.where(KNOWN, NAMES[TRUTH % 4], None))
    frame.to_csv("in.csv", index=False)


def read(path):
    if path.suffix == ".npz":
        arrays = np.load(path)
        return pd.DataFrame({name: arrays[name] for name in ("label", "flag", "novelty")})
    return pd.read_csv(path) if path.suffix == ".csv" else pd.read_parquet(path)


@pytest.mark.parametrize("end", ENDS)
def test_rows_of_no_class_are_flagged_and_fed_back(end, tmp_path):
    first = label_file("in.csv", f"one{end}")
    assert first.novel[NEW].mean() > 0.8
    assert first.novel[~NEW].mean() < 0.05
    assert (first.flags[first.novel & first.reached] == "novel").all()
    assert first.novelty[NEW].min() > first.novelty[~NEW].mean()
    assert (first.novelty[KNOWN] == 0).all()
    written = read(tmp_path / f"one{end}")
    assert (written["flag"] == first.flags).all()
    np.testing.assert_allclose(written["novelty"], first.novelty, atol=1e-4)
    second = label_file(f"one{end}", f"two{end}")
    np.testing.assert_array_equal(second.flags, first.flags)
    assert "novelty" not in second.feature_names
    assert len(second.feature_names) == 6


def test_a_saved_model_tells_new_rows_of_no_class(tmp_path):
    label_file("in.csv", "out.csv", model="m.npz")
    pd.read_csv("in.csv").drop(columns="label").iloc[20:].to_csv("new.csv", index=False)
    result = label_file("new.csv", "new.parquet", with_="m.npz")
    assert result.novel[NEW[20:]].mean() > 0.5
    assert (result.flags == "novel").any()
    written = pd.read_parquet("new.parquet")
    assert (written["flag"] == result.flags).all()
    assert written["novelty"].between(0, 1).all()


def test_a_column_novelty_of_the_user_is_not_replaced():
    pd.read_csv("in.csv").assign(novelty=0.5).to_csv("own.csv", index=False)
    with pytest.raises(InputError, match="already has 'novelty'"):
        label_file("own.csv", "out.csv")


def test_the_command_counts_new_kinds(capsys, tmp_path):
    assert run(["label", "in.csv", "--out", "out.csv", "--json", "a.json"]) == 0
    line = next(x for x in capsys.readouterr().err.splitlines() if x.startswith("novel"))
    assert "look like none of the classes: about 2 new kinds; typical rows" in line
    typical = [int(word) - 1 for word in line.split("typical rows")[1].split(",")]
    assert sorted(TRUTH[typical]) == [4, 5]
    result = json.loads((tmp_path / "a.json").read_text())["results"][0]
    assert result["novel"] > 60
    assert result["predicted"] + result["unreached"] == 240 - KNOWN.sum()


def test_groups_of_novel_rows_are_proposed_as_classes(tmp_path):
    few = np.where(KNOWN, TRUTH, -1)
    model = DiffusionClassifier(random_state=0).fit(X, few)
    groups = model.propose_classes()
    assert len(groups) == 2
    for group in groups:
        assert model.novel_[group.rows].all()
        assert len(np.unique(TRUTH[group.rows])) == 1
        assert np.isin(group.typical, group.rows).all()
        assert len(group) == len(group.rows) > 20
    every = DiffusionClassifier(random_state=0).fit(X, np.where(NEW | KNOWN, TRUTH, -1))
    assert len(every.propose_classes()) == 0
    model.save(tmp_path / "m.npz")
    with pytest.raises(InputError, match="a model from a file has no rows to group"):
        DiffusionClassifier.load(tmp_path / "m.npz").propose_classes()


@pytest.mark.parametrize("end", ENDS)
def test_a_share_of_rows_is_left(end, tmp_path):
    every = label_file("in.csv")
    some = label_file("in.csv", f"out{end}", abstain=0.25, explain=True)
    left = some.flags == "abstained"
    assert left.sum() == round(0.25 * (~KNOWN).sum())
    assert all(label is None for label in some.labels[left])
    assert (some.labels[~left] == every.labels[~left]).all()
    assert NEW[left].mean() > 0.9
    assert some.expected_error() < every.expected_error()
    assert all(text is None for text in some.because[left])
    written = read(tmp_path / f"out{end}")
    assert written["label"].replace("", None).isna().tolist() == left.tolist()
    again = label_file(f"out{end}", "again.csv")  # left rows are labelled again
    assert (again.flags == every.flags).all()
    assert (label_file("in.csv", abstain=0).labels == every.labels).all()


def test_as_many_rows_are_left_as_an_error_takes():
    result = label_file("in.csv", abstain="error=0.02")
    kept = ~np.isin(result.flags, ["given", "abstained"])
    assert 0 < result.expected_error() <= 0.02
    assert (result.labels[kept] == NAMES[TRUTH[kept] % 4]).mean() > 0.97
    assert NEW[kept].mean() < 0.02
    every = label_file("in.csv", abstain="error=0.99")
    assert (every.flags != "abstained").all()


def test_a_frame_and_the_command_abstain(capsys):
    frame = pd.read_csv("in.csv")
    out = label_frame(frame, abstain=0.5)
    assert out["label"].isna().sum() == (out["flag"] == "abstained").sum() == 96
    assert run(["label", "in.csv", "--out", "out.csv", "--abstain", "0.5"]) == 0
    line = next(x for x in capsys.readouterr().err.splitlines() if x.startswith("left "))
    assert "96 rows have no label, as the likeliest to be wrong; of the others" in line
    assert pd.read_csv("out.csv")["label"].isna().sum() == 96
    for share in ("error=0.99", "0"):
        assert run(["label", "in.csv", "--out", "out.csv", "--abstain", share]) == 0
        line = next(x for x in capsys.readouterr().err.splitlines() if x.startswith("left "))
        assert line.startswith("left      no row is left without a label; ")
        assert line.endswith("% are expected to be wrong")
    assert run(["label", "in.csv", "--out", "out.csv"]) == 0
    assert "\nleft " not in capsys.readouterr().err


@pytest.mark.parametrize("value", [1, -0.1, "x", "error=", "error=2", True, "5%", [0.1]])
def test_what_is_no_share_is_one_line(value):
    with pytest.raises(InputError, match=r"a share of rows to leave .*\(abstain=\)"):
        Abstention.parse(value)
    with pytest.raises(InputError):
        label_file("in.csv", "out.csv", abstain=value)


def test_bad_shares_of_the_command_exit_with_2(capsys):
    assert run(["label", "in.csv", "--out", "out.csv", "--abstain", "2"]) == 2
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert "(--abstain)" in err
