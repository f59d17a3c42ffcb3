"""The column that names the given labels behind each label."""

import re

import numpy as np
import pandas as pd
import polars as pl
import pytest

from diffresnet import DiffusionClassifier, label_file, label_frame
from diffresnet.cli.app import run
from diffresnet.errors import InputError
from diffresnet.tables.formats import read_content

TRUTH = np.repeat(["cat", "dog", "eel"], 20)
X = np.random.default_rng(0).normal(size=(60, 3)) + 8.0 * np.eye(3).repeat(20, 0)
GIVEN = np.arange(60) % 20 < 4
FRAME = pd.DataFrame(X, columns=list("abc")).assign(
    code=[f"k{i:02}" for i in range(60)], label=np.where(GIVEN, TRUTH, None)
)


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    FRAME.to_csv("in.csv", index=False)


def named(cell):
    """Rows, from 0, and percents that a cell names."""
    found = re.fullmatch(r"row (\d+) (\d+)%(?:; row (\d+) (\d+)%)*", cell)
    assert found, cell
    return [int(row) - 1 for row in re.findall(r"row (\d+)", cell)], [
        int(percent) for percent in re.findall(r"(\d+)%", cell)
    ]


def test_a_cell_names_labels_of_the_same_class_the_strongest_first():
    result = label_file("in.csv", explain=True)
    model = DiffusionClassifier(random_state=0).fit(X.astype(np.float32), FRAME["label"].to_numpy())
    assert [cell is None for cell in result.because] == GIVEN.tolist()
    for row in np.flatnonzero(~GIVEN):
        rows, percents = named(result.because[row])
        assert 1 <= len(rows) <= 3
        assert GIVEN[rows].all()
        assert (TRUTH[rows] == result.labels[row]).all()
        assert percents == sorted(percents, reverse=True)
        assert sum(percents) <= 101
        why = model.explain(int(row))
        assert [each.row for each in why.contributions[: len(rows)]] == rows
    assert label_file("in.csv").because is None


@pytest.mark.parametrize("end", [".csv", ".jsonl", ".parquet", ".npz", ".h5ad"])
def test_an_output_with_the_column_is_labelled_again(end):
    assert run(["label", "in.csv", "--features", "a,b,c", "--explain", "--out", f"one{end}"]) == 0
    content = read_content(f"one{end}")
    cells = content.label_values("because", "why").tolist()
    first = label_file("in.csv", features="a,b,c", explain=True)
    assert [cell or None for cell in cells] == first.because.tolist()
    features = "features" if end == ".npz" else "a,b,c"
    again = label_file(f"one{end}", f"two{end}", features=features, explain=True)
    assert again.because.tolist() == first.because.tolist()
    assert read_content(f"two{end}").names == content.names
    # An explanation of before does not stand beside labels that are made anew.
    label_file(f"one{end}", f"three{end}", features=features)
    assert "because" not in read_content(f"three{end}").names


def test_rows_are_named_by_their_ids():
    FRAME.drop(columns="label").to_csv("rows.csv", index=False)
    FRAME.loc[GIVEN, ["code", "label"]].sample(frac=1, random_state=0).to_csv("l.csv", index=False)
    by_id = label_file("rows.csv", labels="l.csv", id_column="code", explain=True)
    by_number = label_file("in.csv", explain=True)
    for mine, other in zip(by_id.because[~GIVEN], by_number.because[~GIVEN], strict=True):
        assert mine == re.sub(r"row (\d+)", lambda m: f"k{int(m[1]) - 1:02}", other)
    alone = label_file("in.csv", explain=True, id_column="code")
    assert alone.because.tolist() == by_id.because.tolist()


@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame])
def test_a_frame(make):
    frame = make(FRAME.to_dict("list"))
    out = label_frame(frame, explain=True)
    assert list(out.columns) == [*FRAME.columns, "confidence", "flag", "novelty", "because"]
    result = label_file("in.csv", explain=True)
    assert [cell or None for cell in out["because"].to_list()] == result.because.tolist()


def test_a_column_of_the_user_is_not_replaced():
    FRAME.assign(because="I say so").to_csv("own.csv", index=False)
    with pytest.raises(InputError, match="already has 'because'"):
        label_file("own.csv", "out.csv", explain=True)
    with pytest.raises(InputError, match="already has 'because'"):
        label_frame(pd.read_csv("own.csv"), explain=True)
    label_file("own.csv", "out.csv")
    label_file("out.csv", "out.csv")
    assert (pd.read_csv("out.csv")["because"] == "I say so").all()


def test_rows_that_no_label_reaches_have_none():
    far = FRAME.copy()
    far.loc[40:, list("abc")] += 1e4
    far.loc[40:, "label"] = None
    far.to_csv("far.csv", index=False)
    result = label_file("far.csv", features="a,b,c", explain=True)
    lost = result.flags == "unreached"
    assert lost.any()
    assert [cell is None for cell in result.because] == (lost | (result.flags == "given")).tolist()


def test_what_has_no_explanation(capfd):
    label_file("in.csv", model="m.npz")
    with pytest.raises(InputError, match=r"no rows to explain .*\(explain=\)"):
        label_file("in.csv", with_="m.npz", explain=True)
    assert run(["label", "in.csv", "--with", "m.npz", "--explain", "--out", "o.csv"]) == 2
    assert "(--explain)" in capfd.readouterr().err
    pd.DataFrame({"a": ["k00"], "b": ["k01"]}).to_csv("edges.csv", index=False)
    with pytest.raises(InputError, match=r"no sum over labels.*\(explain=\)"):
        label_file("in.csv", graph="edges.csv", explain=True)
